import type { ClientScope } from './entry.ts';
import type { Platform } from './machine.ts';

/** What there is to know about a client. */
export interface ClientDescription {
  readonly id: string;
  readonly name: string;
  readonly syntax: 'jsonc' | 'toml' | 'yaml';
  readonly places: readonly PlaceDescription[];
  /** Folders and files that are there where it is installed. Default: the folders of its files for the user. */
  readonly signs?: readonly string[];
  /** The name under which it is called in a terminal. */
  readonly program?: string;
  readonly dialect: Dialect;
  readonly variables: VariableStyle;
  /** Whether it is started from a desk, so that it does not have the PATH of a terminal. */
  readonly isDesktopApp: boolean;
  /** Whether it overwrites its file while it runs, and how it looks in the list of processes. */
  readonly closeFirst?: Readonly<Record<Platform, RegExp>>;
  /** The command with which it adds a server of the user by itself. */
  readonly native?: NativeCommand;
  readonly limits?: ClientLimits;
}

/** Beyond these a client leaves tools out, mostly without a word. */
export interface ClientLimits {
  /** Characters of the server's and the tool's name together. */
  readonly nameLength?: number;
  /** Tools of all servers together. */
  readonly tools?: number;
}

export interface PlaceDescription {
  readonly scope: ClientScope;
  /** Templates as `pathOn` reads them; absent where the client does not run. */
  readonly path: Readonly<Partial<Record<Platform, string>>>;
  /** Members on the way to the servers; `.` is the folder of the project. */
  readonly at: readonly string[];
}

/** How a client calls the members of one server. */
export interface Dialect {
  /** `map`: the name is the key. `list`: it is a member `name`. */
  readonly shape: 'map' | 'list';
  readonly command: string;
  /** Whether the command and its arguments stand in one list. */
  readonly isCommandList?: true;
  readonly args: string;
  readonly env: string;
  readonly headers: string;
  /** The members that hold an address, and what speaks there unless `type` says otherwise. */
  readonly urls: Readonly<Record<string, 'http' | 'sse'>>;
  /** A list of variables that are passed on, or that the client keeps by itself. */
  readonly passed?: { readonly key: string; readonly as: 'variable' | 'secret' };
  /** Members of our own entry beside its command and arguments. */
  readonly own: Readonly<Record<string, string | number | boolean>>;
  /** Values of `type` that belong to the client itself and are no servers of the user. */
  readonly builtIn?: readonly string[];
}

/** How a client writes what it puts in by itself. */
export interface VariableStyle {
  /** `${NAME}`. */
  readonly braces: boolean;
  /** `${env:NAME}`. */
  readonly env: boolean;
  /** `$NAME`. */
  readonly plain: boolean;
  /** `${input:ID}`, which the user is asked for. */
  readonly input: boolean;
}

/** `$NAME` stands for the name, `$JSON` for our entry with its name, `$COMMAND` for the command and its arguments. */
export interface NativeCommand {
  readonly add: readonly string[];
}
