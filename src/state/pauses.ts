import type { Pause } from '../core/pause.ts';
import type { Database } from './driver.ts';

/** The last pause, whether it still holds or not; undefined where there was none, or a person has ended it. */
export function readPause(database: Database): Pause | undefined {
  const row = database.prepare('select since, until, actor, reason from pauses').get();
  if (row === undefined) return undefined;
  const { since, until, actor, reason } = row;
  return { sinceMs: Number(since), untilMs: Number(until), actor: String(actor), reason: String(reason) };
}

/** Takes the place of the one that was there. */
export function beginPause(database: Database, { sinceMs, untilMs, actor, reason }: Pause): void {
  endPause(database);
  database
    .prepare('insert into pauses (only, since, until, actor, reason) values (1, ?, ?, ?, ?)')
    .run(sinceMs, untilMs, actor, reason);
}

/** Whether there was one. */
export function endPause(database: Database): boolean {
  return database.prepare('delete from pauses').run() > 0;
}
