/**
 * What the pages and the server of the dashboard say to each other: JSON over HTTP, each answer one of these values.
 * Times are RFC 3339 in UTC, durations carry their unit in their name. A failure is a `Failure` with a status of 4xx or 5xx.
 */

import type { Approval } from '../core/approval.ts';
import type { Effect } from '../core/decision.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Layer, Mode } from '../core/opinion.ts';
import type { OutcomeStatus, SealedRecord } from '../core/record.ts';
import type { Explanation } from '../review/explain.ts';

export interface Failure {
  readonly code: string;
  /** What happened, to which thing. */
  readonly message: string;
  /** What to do about it; empty where nothing can be done. */
  readonly mend: string;
}

/**
 * `POST /api/login` with `{token}` signs in by the token of a link (`/login#<token>`), once; `POST /api/logout` ends the
 * session; `GET /api/oidc` begins a sign-in at the provider. Without a session everything else is a `Failure` of 401.
 * `GET /api/session`: who looks, and what every change has to carry.
 */
export interface SessionView {
  /** `user:<name>` */
  readonly person: string;
  /** Goes into the header `X-CSRF-Token` of everything that is not a GET. */
  readonly csrf: string;
  readonly version: string;
  /** Short hash of what is in force. */
  readonly generation: string;
  /** What the person may do; the pages hide the rest, the server refuses it. */
  readonly may: readonly Right[];
  /** Approvals that wait; the number beside the name of their page. */
  readonly waiting: number;
}

export type Right = 'read' | 'approve' | 'change';

/** `GET /api/overview?since=<RFC 3339>` */
export interface OverviewView {
  readonly since: string;
  readonly until: string;
  readonly total: number;
  readonly effects: Readonly<Record<Effect, number>>;
  /** 0 to 1. */
  readonly denialRate: number;
  readonly decideUs: Percentiles;
  /** From handing the record over to its commit. */
  readonly recordUs: Percentiles;
  /** Equal steps over the whole span, oldest first. */
  readonly series: readonly Step[];
  /** Most frequent first; a decision with two reasons counts for both. */
  readonly reasons: readonly Count[];
  readonly servers: readonly Count[];
  readonly tools: readonly Count[];
  /** Reasons, tools, users and agents that were never seen before the last 24 hours. */
  readonly fresh: readonly {
    readonly kind: 'reason' | 'tool' | 'user' | 'agent';
    readonly name: string;
    readonly count: number;
  }[];
  readonly health: readonly HealthLine[];
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

export interface Step {
  readonly time: string;
  readonly allow: number;
  readonly deny: number;
  readonly pending: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

export interface HealthLine {
  /** Such as `store`, `bundle payments`, `server crm`, `client cursor`. */
  readonly what: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly words: string;
  /** The command that mends it; empty where nothing has to be. */
  readonly mend: string;
}

/**
 * `GET /api/decisions?since&until&effect&server&tool&reason&agent&user&before&limit`: newest first. `tool` and `reason` may
 * end in `*`. `GET /api/decisions/stream?…` tells the same rows as server-sent events as they are made, and
 * `GET /api/decisions/export?format=jsonl|csv|opa&…` gives them as a file.
 */
export interface DecisionsView {
  readonly rows: readonly DecisionRow[];
  /** `before` of the next page; absent on the last. */
  readonly next?: number;
}

export interface DecisionRow {
  readonly id: string;
  readonly seq: number;
  readonly time: string;
  readonly effect: Effect;
  readonly agent: string;
  readonly user: string;
  readonly client: string;
  readonly server: string;
  readonly tool: string;
  readonly action: string;
  readonly reasons: readonly string[];
  readonly decideUs: number;
  readonly outcome: OutcomeStatus | '';
}

/** `GET /api/decisions/:id` */
export interface DecisionView {
  readonly record: SealedRecord;
  /** The sentence first, then the layers, in words. */
  readonly explanation: Explanation;
  /** What the agent was told, as it was told; empty where it got the result. */
  readonly told: string;
  /** Where each rule that counts stands; text is empty where the bundle is not kept any more. */
  readonly sources: readonly RuleSource[];
  /** Input fields that the rules read, with their (masked) values. */
  readonly read: readonly { readonly path: string; readonly value: Json }[];
}

export interface RuleSource {
  /** `<bundle>/<id>` */
  readonly rule: string;
  readonly file: string;
  readonly row: number;
  /** Some lines around the row. */
  readonly text: string;
  readonly firstRow: number;
}

/** `POST /api/decisions/:id/again` with `{args?}`: the decision under what is in force now, with other arguments if given. */
export interface AgainView {
  readonly before: { readonly effect: Effect; readonly reasons: readonly string[] };
  readonly now: { readonly effect: Effect; readonly reasons: readonly string[] };
  readonly sentence: string;
  /** Why it cannot be made again; empty where it was. */
  readonly problem: string;
}

/** `GET /api/decisions/:id/case`: a decision case of `policy test`, as YAML. */
export interface CaseView {
  readonly file: string;
  readonly text: string;
}

/** `GET /api/policies` */
export interface PoliciesView {
  readonly generation: string;
  readonly bundles: readonly BundleRow[];
}

export interface BundleRow {
  readonly id: string;
  readonly layer: Layer;
  readonly mode: Mode;
  readonly source: string;
  readonly digest: string;
  readonly signer: string;
  /** When it came into force. */
  readonly since: string;
  readonly scope: string;
  /** Why its newest state is not in force; empty where it is. */
  readonly stale: string;
  readonly rules: readonly RuleRow[];
}

/** A rule in words, for people who do not read Rego. */
export interface RuleRow {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly remediation: string;
  readonly control: readonly string[];
  readonly owner: string;
  readonly mode: Mode;
}

/**
 * A change of one bundle, from candidate to enforced. `POST /api/changes` with `{bundle, source}` begins one (`source`: a
 * folder or a `.tar.gz` on the gateway's machine, relative to the configuration file). `POST /api/changes/:id/{test|replay|shadow|enforce|rollback|
 * drop}` takes its next step and answers the `ChangeView`; `rollback` and `enforce` need `{reason}`. Each step is recorded with who took it.
 */
export interface ChangesView {
  readonly changes: readonly ChangeView[];
  readonly generations: readonly GenerationRow[];
}

export interface ChangeView {
  readonly id: string;
  readonly bundle: string;
  readonly source: string;
  readonly digest: string;
  readonly state: 'candidate' | 'tested' | 'replayed' | 'shadowed' | 'enforced' | 'rolled_back' | 'dropped';
  /** A step that takes its time: its POST answers at once, and `GET /api/changes` tells how far it is. */
  readonly running?: { readonly step: string; readonly words: string };
  /** Why the last step came to no end; absent or empty where it did. */
  readonly problem?: string;
  readonly steps: readonly ChangeStep[];
  /** Rules that are new, gone or other, in words. */
  readonly rules: readonly {
    readonly change: 'new' | 'gone' | 'other';
    readonly rule: string;
    readonly title: string;
  }[];
  readonly tests?: { readonly passed: number; readonly failed: number; readonly problems: readonly string[] };
  readonly replay?: {
    readonly replayed: number;
    readonly classes: Readonly<Record<string, number>>;
    readonly groups: readonly {
      readonly class: string;
      readonly rules: readonly string[];
      readonly count: number;
      readonly example: string;
    }[];
  };
  readonly shadow?: { readonly seen: number; readonly wouldChange: number };
}

export interface ChangeStep {
  readonly step: string;
  readonly time: string;
  readonly person: string;
  readonly reason: string;
}

export interface GenerationRow {
  readonly generation: string;
  readonly time: string;
  readonly why: string;
  readonly inForce: boolean;
  readonly changes: readonly string[];
}

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

export interface ApprovalView {
  readonly id: string;
  readonly by: string;
  readonly status: Approval['status'];
  readonly quorum: number;
  readonly remember: Approval['remember'];
  readonly server: string;
  readonly tool: string;
  readonly about: string;
  readonly arguments: JsonObject;
  readonly why: readonly string[];
  readonly agent: string;
  readonly user: string;
  readonly client: string;
  readonly created: string;
  readonly expires: string;
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

/** `GET /api/report?from&until`; `GET /api/report.csv?…` gives the same as a file. */
export interface ReportView {
  readonly from: string;
  readonly until: string;
  readonly total: number;
  readonly effects: Readonly<Record<Effect, number>>;
  readonly controls: readonly ControlRow[];
  /** Permits that lifted a denial in that time. */
  readonly exceptions: readonly {
    readonly rule: string;
    readonly lifts: readonly string[];
    readonly requestedBy: string;
    readonly approvedBy: string;
    readonly justification: string;
    readonly used: number;
  }[];
  /** What was changed in that time, and by whom. */
  readonly acts: readonly {
    readonly time: string;
    readonly actor: string;
    readonly verb: string;
    readonly subject: string;
    readonly reason: string;
  }[];
  readonly approvals: { readonly approved: number; readonly denied: number; readonly expired: number };
  /** Whether the log is whole, in one sentence, with how far it was checked; while `isChecking`, nothing is known yet. */
  readonly evidence: { readonly ok: boolean; readonly isChecking?: boolean; readonly words: string };
}

export interface ControlRow {
  readonly control: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly title: string;
    readonly fired: number;
    readonly lifted: number;
  }[];
  readonly fired: number;
}
