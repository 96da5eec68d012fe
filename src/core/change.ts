import type { ApprovalRef, NewApproval, Vote } from './approval.ts';
import type { Charge } from './charge.ts';
import type { NewKey } from './key.ts';
import type { Remember } from './opinion.ts';
import type { Pause } from './pause.ts';
import type { PolicyPin } from './policy-pin.ts';

/** What a row of the log changes in the store when it is committed, in the same transaction. */
export type Change =
  /** Refused where the limit has no room. What is only held is held in the name of the row's decision. */
  | { readonly kind: 'take'; readonly charge: Charge }
  | { readonly kind: 'give_back'; readonly charge: Charge }
  /** Ends all holds of the row's decision, or those that are named, and uses these costs instead. Nothing is done twice. */
  | { readonly kind: 'end_holds'; readonly which: 'all' | 'named'; readonly costs: readonly EndedHold[] }
  /** Refused where what is used has changed since it was read. */
  | ({ readonly kind: 'adjust' } & Adjustment)
  /** Refused where the conversation has as many labels as it may. */
  | { readonly kind: 'attach_label'; readonly label: AttachedLabel }
  /** Refused where the conversation has not exactly this label, of these sources. */
  | { readonly kind: 'clear_label'; readonly label: ClearedLabel }
  | { readonly kind: 'keep_audit'; readonly material: AuditMaterial }
  /** Refused where this call has an approval that is open, given or refused. */
  | { readonly kind: 'open_approval'; readonly approval: NewApproval }
  /** Refused where the approval is not open any more, or has the votes that are needed. */
  | { readonly kind: 'join_approval'; readonly join: ApprovalJoin }
  /** Refused where it is not given, or used already: an approval is used once. */
  | { readonly kind: 'use_approval'; readonly use: ApprovalUse }
  /** The call did not go out: what it used may be used again. */
  | { readonly kind: 'return_approval'; readonly use: ApprovalUse }
  /** Refused where the approval is not open any more, the person has answered it, or the key is revoked. */
  | { readonly kind: 'answer_approval'; readonly ref: ApprovalRef; readonly vote: Vote }
  | { readonly kind: 'add_key'; readonly key: NewKey }
  /** Refused where there is no such key, or it is revoked. `atMs`: milliseconds since the epoch. */
  | { readonly kind: 'revoke_key'; readonly id: string; readonly atMs: number }
  /** Everything up to `last` may be removed from the log; `line` is what was signed of it. */
  | { readonly kind: 'seal_log'; readonly last: number; readonly line: string }
  /** `revision`: of the bundle as it is pinned. */
  | { readonly kind: 'pin_bundle'; readonly pin: PolicyPin; readonly revision: string }
  /** Refused where the bundle is not pinned. */
  | { readonly kind: 'release_bundle'; readonly bundle: string }
  | { readonly kind: 'begin_pause'; readonly pause: Pause }
  /** Refused where there is none. */
  | { readonly kind: 'end_pause' }
  | { readonly kind: 'add_link'; readonly link: SignInLink }
  /** Refused where there is no such link, it was used, or its time is over: a link is used once. */
  | { readonly kind: 'use_link'; readonly hash: string; readonly nowMs: number };

/** A link to the dashboard that signs somebody in once. Times are milliseconds since the epoch. */
export interface SignInLink {
  /** SHA-256 of its token, hex. */
  readonly hash: string;
  readonly person: string;
  readonly groups: readonly string[];
  /** Id of the approver's key with which it was made; empty where there was none. */
  readonly key: string;
  /** Whether who made it may only look. */
  readonly readsOnly: boolean;
  readonly createdMs: number;
  /** The first millisecond at which it no longer holds. */
  readonly expiresMs: number;
}

/** A further decision waits for an approval that is open. What it asks makes the approval stricter, never milder. */
export interface ApprovalJoin {
  readonly ref: ApprovalRef;
  /** Id of the decision that waits, too. */
  readonly decision: string;
  readonly quorum: number;
  readonly remember: Remember;
  /** Times are milliseconds since the epoch. */
  readonly expiresMs: number;
  readonly nowMs: number;
}

export interface ApprovalUse {
  readonly ref: ApprovalRef;
  /** Id of the decision that allows the call. */
  readonly decision: string;
  /** Votes that are needed as of now. */
  readonly quorum: number;
  /**
   * `once` uses it up; `remembered` relies on one that is remembered; `round` goes on with the call that has used it, each
   * round of questions once.
   */
  readonly how:
    | { readonly kind: 'once' }
    | { readonly kind: 'remembered' }
    | { readonly kind: 'round'; readonly round: number };
  readonly nowMs: number;
}

/** What a rule demands to be kept whole, as it lies in the store. */
export interface AuditMaterial {
  /** Of the record that it belongs to. */
  readonly id: string;
  readonly part: 'input' | 'result';
  /** Names the key that it is sealed with; empty where it is masked text in UTF-8. */
  readonly key: string;
  readonly body: Uint8Array;
  /** SHA-256 of the body, hex. */
  readonly hash: string;
}

/** The hold on one bucket is over. */
export interface EndedHold {
  readonly bucket: string;
  /** What is used in its place. */
  readonly cost: number;
}

/** Another number in place of what is used of a limit. */
export interface Adjustment {
  readonly bucket: string;
  /** Milliseconds since the epoch; 0 where nothing begins anew. */
  readonly startsMs: number;
  /** As it was read from the store, in thousandths. */
  readonly fromParts: number;
  readonly to: number;
}

/** A label that stays with a conversation for a time. Times are milliseconds since the epoch. */
export interface AttachedLabel {
  /** Or the agent, where the label stays with all of its conversations. */
  readonly conversation: string;
  readonly label: string;
  /** Who says so: the full name of a rule, or what the gateway itself found. */
  readonly source: string;
  readonly attachedMs: number;
  /** The first millisecond at which it no longer holds. */
  readonly expiresMs: number;
}

/** A label that a person takes from a conversation, as that person saw it. */
export interface ClearedLabel {
  readonly conversation: string;
  readonly label: string;
  readonly sources: readonly Pick<AttachedLabel, 'source' | 'attachedMs'>[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Some change was refused, so none was made and the row was not written. */
export interface Refusal {
  /** The changes that were refused, by their place in the list; at least one. */
  readonly refused: readonly number[];
  /** When a sliding window would have room for each of them, in milliseconds since the epoch; absent where none slides. */
  readonly fitsAtMs?: readonly (number | undefined)[];
}

/** All changes were made. */
export interface Made {
  /** What is left of the limit of each `take`, in their order. */
  readonly remaining: readonly number[];
}

export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}
