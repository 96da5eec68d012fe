/** Why what policies deny is let through, all but integrity and scope: not at all, for a time, or for the life of a process. */
export type Bypass = '' | 'pause' | 'shadow';

/** A time in which the gateways of a store let everything through but integrity and scope. Times are milliseconds since the epoch. */
export interface Pause {
  readonly sinceMs: number;
  /** The first millisecond at which it no longer holds. */
  readonly untilMs: number;
  /** Who began it, as in the act: `user:maria`. */
  readonly actor: string;
  /** Empty where none was given. */
  readonly reason: string;
}

/** No pause lasts longer: what is forgotten ends by itself within the day. */
export const LONGEST_PAUSE_MS = 24 * 60 * 60 * 1000;

/** How far the clock may have been behind when it began. */
const SKEW_MS = 1_000;

/**
 * Whether it holds at a time. A clock that was set back makes no pause longer: before its beginning it does not hold. One
 * that would last longer than any may was not begun by us, and holds never.
 */
export function holdsAt(pause: Pause | undefined, now: number): pause is Pause {
  if (pause === undefined || pause.untilMs - pause.sinceMs > LONGEST_PAUSE_MS) return false;
  return pause.sinceMs - SKEW_MS <= now && now < pause.untilMs;
}
