/**
 * A server as a client's file names it, whatever the file calls its members. Texts are written as `mcp-gateway.yaml` writes
 * them: `${NAME}` for a variable of the environment, `${secret:NAME}` for what the client asks its user for or keeps by
 * itself, and `$$` for a dollar sign.
 */
export type ClientServer = LocalServer | RemoteServer;

export interface LocalServer {
  readonly kind: 'local';
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absent where the file says nothing. */
  readonly cwd?: string;
}

export interface RemoteServer {
  readonly kind: 'remote';
  readonly name: string;
  readonly transport: 'http' | 'sse';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `local` is Claude Code's own: for one folder, and in the file of the user. */
export type ClientScope = 'user' | 'local' | 'project';

/** A place where a client keeps its servers, and what stands there. */
export interface FoundClient {
  /** Such as `claude-desktop`; its other facts are those of `clientOf(id)` in `table.ts`. */
  readonly id: string;
  /** Such as `Claude Desktop`. */
  readonly name: string;
  readonly scope: ClientScope;
  /** Absolute; the file need not be there. */
  readonly path: string;
  readonly state: ClientState;
}

/** An entry that cannot be taken over. */
export interface RefusedEntry {
  readonly name: string;
  /** Ends the sentence `NAME …`, such as `is switched off`. */
  readonly why: string;
  /** Whether the client does not start it either, so that it bypasses nothing. */
  readonly isOff: boolean;
}

export type ClientState =
  /** Neither a file nor the program was found. */
  | { readonly kind: 'absent' }
  /** Installed, and without a file of servers. */
  | { readonly kind: 'empty' }
  | ReadState
  /** What is wrong with the file, with line and column. */
  | { readonly kind: 'broken'; readonly problem: string };

export interface ReadState {
  readonly kind: 'read';
  /** Without the gateway itself, in the order of the file. */
  readonly servers: readonly ClientServer[];
  /** Entries that cannot be taken over, and why. */
  readonly refused: readonly RefusedEntry[];
  /** Whether the gateway is one of them. */
  readonly isConnected: boolean;
  /** What the entries of the gateway are called. */
  readonly ownNames: readonly string[];
}
