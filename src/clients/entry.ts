/** A server as a client's file names it, whatever the file calls its members. */
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

/** A place where a client keeps its servers, and what stands there. */
export interface FoundClient {
  /** Such as `claude-desktop`. */
  readonly id: string;
  /** Such as `Claude Desktop`. */
  readonly name: string;
  readonly scope: 'user' | 'project';
  /** Absolute; the file need not be there. */
  readonly path: string;
  readonly state: ClientState;
}

export type ClientState =
  /** Neither a file nor the program was found. */
  | { readonly kind: 'absent' }
  /** Installed, and without a file of servers. */
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'read';
      /** Without the gateway itself, in the order of the file. */
      readonly servers: readonly ClientServer[];
      /** Entries that cannot be taken over, and why. */
      readonly refused: readonly { readonly name: string; readonly why: string }[];
      /** Whether the gateway is one of them. */
      readonly isConnected: boolean;
    }
  /** What is wrong with the file, with line and column. */
  | { readonly kind: 'broken'; readonly problem: string };
