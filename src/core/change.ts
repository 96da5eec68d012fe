import type { Charge } from './charge.ts';

/** What a row of the log changes in the store when it is committed, in the same transaction. */
export type Change =
  /** Refused where the limit has no room. */
  | { readonly kind: 'take'; readonly charge: Charge }
  | { readonly kind: 'give_back'; readonly charge: Charge }
  /** Refused where the conversation has as many labels as it may. */
  | { readonly kind: 'attach_label'; readonly label: AttachedLabel }
  /** Refused where the conversation has not exactly this label, of these sources. */
  | { readonly kind: 'clear_label'; readonly label: ClearedLabel }
  | { readonly kind: 'keep_audit'; readonly material: AuditMaterial };

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
}

/** All changes were made. */
export interface Made {
  /** What is left of the limit of each `take`, by its place in the list; undefined for any other change. */
  readonly remaining: readonly (number | undefined)[];
}

export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}
