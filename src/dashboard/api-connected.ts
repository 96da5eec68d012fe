import type { ApprovalFacts } from '../core/approval.ts';

/** `GET /api/approvals?status`; `POST /api/approvals/:id/{approve|deny}` with `{reason}` answers `{approvals}`. */
export interface ApprovalsView {
  readonly approvals: readonly ApprovalView[];
  readonly answering: readonly {
    readonly person: string;
    readonly count: number;
    readonly medianSeconds: number;
    readonly approvedShare: number;
  }[];
}

export interface ApprovalView extends ApprovalFacts {
  readonly votes: readonly {
    readonly person: string;
    readonly verdict: 'approve' | 'deny';
    readonly time: string;
    readonly reason: string;
  }[];
  readonly mayAnswer: boolean;
}

/** `GET /api/servers`; `POST /api/servers/:id/approve` with `{tools: string[] | 'all', reason}` answers the `ServerView`. */
export interface ServersView {
  readonly servers: readonly ServerView[];
}

export interface ServerView {
  readonly id: string;
  readonly transport: string;
  readonly at: string;
  readonly package: string;
  readonly policy: string;
  readonly signIn: string;
  readonly lastCall: { readonly time: string; readonly status: string } | null;
  /** The last line that it wrote to stderr, or its last error; empty where there is none. */
  readonly lastError: string;
  readonly tools: readonly ToolView[];
}

export interface ToolView {
  readonly name: string;
  readonly exposedName: string;
  readonly state: 'accepted' | 'new' | 'changed' | 'gone' | 'unpinned';
  readonly effect: 'read' | 'write' | 'destroy' | 'unknown';
  /** What its annotations say where that differs from `effect`; empty where it does not. */
  readonly annotated: string;
  readonly tokens: number;
  readonly calls: number;
  readonly changes: readonly { readonly pointer: string; readonly before: string; readonly after: string }[];
}

/** `GET /api/clients` */
export interface ClientsView {
  readonly clients: readonly {
    readonly id: string;
    readonly name: string;
    readonly file: string;
    readonly state: 'connected' | 'bypasses' | 'not_connected' | 'broken' | 'not_found';
    /** Servers that it starts directly, past the gateway. */
    readonly direct: readonly string[];
    readonly lastSeen: string;
    /** The command that connects it. */
    readonly recipe: string;
  }[];
}

/** `GET /api/agents` */
export interface AgentsView {
  readonly agents: readonly {
    readonly id: string;
    readonly scope: string;
    readonly owner: string;
    readonly parent: string;
    readonly servers: readonly string[];
    readonly tools: readonly string[];
    readonly calls: number;
    readonly denied: number;
    readonly lastSeen: string;
  }[];
}
