import { holdsAt, type Pause } from '../core/pause.ts';

/** A pause that holds, as scripts get it; times are RFC 3339 in UTC. */
export interface ShownPause {
  readonly since: string;
  readonly until: string;
  readonly actor: string;
  readonly reason: string;
}

/** Null where none holds. */
export function shownPauseOf(found: Pause | undefined, now: number): ShownPause | null {
  if (!holdsAt(found, now)) return null;
  const { sinceMs, untilMs, actor, reason } = found;
  return { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString(), actor, reason };
}
