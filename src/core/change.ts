import type { Charge } from './charge.ts';

/** What a row of the log changes in the store when it is committed, in the same transaction. */
export type Change =
  /** Refused where the limit has no room. What is only held is held in the name of the row's decision. */
  | { readonly kind: 'take'; readonly charge: Charge }
  | { readonly kind: 'give_back'; readonly charge: Charge }
  /** Ends all holds of the row's decision, or those that are named, and uses these costs instead. Nothing is done twice. */
  | { readonly kind: 'end_holds'; readonly which: 'all' | 'named'; readonly costs: readonly EndedHold[] }
  /** Refused where what is used has changed since it was read. */
  | ({ readonly kind: 'adjust' } & Adjustment)
  | { readonly kind: 'attach_label'; readonly label: AttachedLabel };

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
  readonly conversation: string;
  readonly label: string;
  /** Who says so: the full name of a rule, or what the gateway itself found. */
  readonly source: string;
  readonly attachedMs: number;
  /** The first millisecond at which it no longer holds. */
  readonly expiresMs: number;
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
  /** What is left of the limit of each `take`, by its place in the list; undefined for any other change. */
  readonly remaining: readonly (number | undefined)[];
}

export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}
