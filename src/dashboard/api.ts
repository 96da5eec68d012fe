/**
 * What the pages and the server of the dashboard say to each other: JSON over HTTP, each answer one of these values.
 * Times are RFC 3339 in UTC, durations carry their unit in their name. A failure is a `Failure` with a status of 4xx or 5xx.
 */

import type { Effect } from '../core/decision.ts';
import type { Json } from '../core/json.ts';
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
