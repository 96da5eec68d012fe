import type { ActionType } from './action.ts';
import type { Effect, JoinedObligations, Lifted } from './decision.ts';
import type { JsonObject } from './json.ts';
import type { Layer, Mode, Opinion } from './opinion.ts';
import type { Bypass } from './pause.ts';
import type { PolicyInput } from './policy-input.ts';
import type { Agent, Delegator, User } from './principal.ts';
import type { Settlement } from './settlement.ts';

/** A decision as the log keeps it. The names are a contract: users, scripts and auditors read them. */
export interface DecisionRecord {
  /** UUID version 7. */
  readonly id: string;
  /** RFC 3339 in UTC, milliseconds. */
  readonly time: string;
  readonly generation: string;
  readonly principal: { readonly agent: Agent; readonly user: User };
  readonly client: { readonly name: string; readonly version: string; readonly protocol: string };
  readonly session: string;
  /** Id of the record of the request that this belongs to (its result, what its server asks, its task), else empty. */
  readonly call: string;
  readonly server: string;
  /** Unprefixed name of the tool; empty where the action has none. */
  readonly tool: string;
  readonly action: ActionType | 'method';
  readonly effect: Effect;
  readonly reasons: readonly string[];
  /** The true reason where the agent is told a vaguer one, else empty. */
  readonly reason_internal: string;
  readonly remediation: string;
  readonly matched_rules: readonly string[];
  readonly layers: readonly Opinion[];
  readonly combine: CombineFacts;
  readonly lifted: readonly Lifted[];
  readonly obligations: JoinedObligations;
  /** The snapshot that policies read, of all counters by their full names; each bundle reads its own view of it. */
  readonly budgets: PolicyInput['budgets'];
  /** The policy input as it was evaluated, masked; `{}` where no policy was asked. */
  readonly input: PolicyInput | JsonObject;
  /** SHA-256 of the canonical input before masking, hex; empty where no policy was asked. */
  readonly input_hash: string;
  /** JSON pointers of request parameters that no policy saw and that were not forwarded. */
  readonly dropped: readonly string[];
  readonly replayable: Replayable;
  /** What would have been decided with the shadowed opinions taking part, or null where nothing is shadowed. */
  readonly shadow: ShadowDecision | null;
  readonly trace_id: string;
  readonly latency_us: { readonly decide: number };
  /** SHA-256 of the audit material of the input as it lies in the store, hex; absent where none is kept. */
  readonly audit_hash?: string;
}

/** What `combine` needs beside the opinions, so that anyone can run it again on a record. */
export interface CombineFacts {
  readonly version: 1;
  /** Layers whose absence is a denial. */
  readonly required: readonly Layer[];
  /** Types of obligation that this version of the gateway carries out. */
  readonly carries: readonly string[];
  /** Modes from the configuration other than `enforce`, by bundle or full rule name. */
  readonly modes: Readonly<Record<string, Mode>>;
  /** The gateway's own denials, found before any layer was asked; they end the decision. */
  readonly own: readonly OwnDenial[];
  /** `pause` and `shadow` let everything through but integrity and the gateway's own denials. */
  readonly bypass: Bypass;
  /** Milliseconds since the epoch: the one time of this decision. */
  readonly now: number;
  readonly approvals: readonly ApprovalFact[];
  readonly reservations: readonly ReservationFact[];
  /** On whose behalf the agent asks, nearest first, as identity was asked about each of them; absent where on nobody’s. */
  readonly delegators?: readonly Delegator[];
}

export interface OwnDenial {
  /** A code that starts with `gateway.`. */
  readonly reason: string;
  /** What the agent is not told, e.g. `hidden`; empty where there is nothing to keep back. */
  readonly internal: string;
  /** Full names of rules behind it, such as those that hide a tool. */
  readonly rules: readonly string[];
  readonly params: Readonly<Record<string, string | number>>;
}

export interface ApprovalFact {
  readonly by: string;
  readonly status: 'met' | 'open' | 'denied' | 'expired';
  /** Id of the approval, which is that of the decision that first asked; absent where none was opened. */
  readonly id?: string;
  /** Who has approved so far; absent where nobody has. */
  readonly approved_by?: readonly string[];
}

export interface ReservationFact {
  /** `<bundle>/<name>`, or the text of a rate limit's key. */
  readonly counter: string;
  readonly status: 'reserved' | 'refused';
  /** RFC 3339, or empty where the window never ends. */
  readonly resets_at: string;
  readonly cost: number;
  /** Of the window, as it was at this decision. */
  readonly limit: number;
}

/** `partly` names the masked pointers that some rule reads. */
export type Replayable =
  | { readonly kind: 'fully' }
  | { readonly kind: 'partly'; readonly pointers: readonly string[] }
  | { readonly kind: 'not'; readonly why: string };

export interface ShadowDecision {
  readonly effect: Effect;
  readonly reasons: readonly string[];
  readonly matched_rules: readonly string[];
}

/** What the log adds when it commits a record. */
export interface Seal {
  readonly seq: number;
  readonly chain: string;
  readonly instance: string;
  /** HMAC-SHA-256 over the previous hash and this record, hex. */
  readonly hash: string;
}

export const OUTCOME_STATUSES = [
  'not_forwarded',
  'ok',
  'tool_error',
  'protocol_error',
  'cancelled',
  'timeout',
  'unknown',
] as const;
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

/** What happened after the decision; a second row in the same chain. */
export interface Outcome {
  /** Id of the decision. */
  readonly id: string;
  readonly status: OutcomeStatus;
  /** The result came, but was kept from the agent. */
  readonly withheld: boolean;
  /** Milliseconds from forwarding to the end. */
  readonly ms: number;
  /** Microseconds from handing the record over to its commit. */
  readonly record_us: number;
  /** How the holds of the call ended; of what was used at once nothing stands here. */
  readonly settled: readonly Settlement[];
  /** SHA-256 of the audit material of the result as it lies in the store, hex; absent where none is kept. */
  readonly audit_hash?: string;
}

/** A record as `decision show --json` prints it: the decision, its seal, and the outcome with its own. */
export interface SealedRecord extends DecisionRecord, Seal {
  readonly outcome: (Outcome & { readonly seq: number; readonly hash: string }) | null;
}
