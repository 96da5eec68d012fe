import type { Pause } from '../core/pause.ts';
import { one, run, type Work } from './work.ts';

/** The last pause, whether it still holds or not; undefined where there was none, or a person has ended it. */
export function* readPause(): Work<Pause | undefined> {
  const row = yield* one('select since, until, actor, reason from pauses');
  if (row === undefined) return undefined;
  const { since, until, actor, reason } = row;
  return { sinceMs: Number(since), untilMs: Number(until), actor: String(actor), reason: String(reason) };
}

/** Takes the place of the one that was there. */
export function* beginPause({ sinceMs, untilMs, actor, reason }: Pause): Work<void> {
  yield* endPause();
  yield* run(
    'insert into pauses ("only", since, until, actor, reason) values (1, ?, ?, ?, ?)',
    sinceMs,
    untilMs,
    actor,
    reason,
  );
}

/** Whether there was one. */
export function* endPause(): Work<boolean> {
  return (yield* run('delete from pauses')) > 0;
}
