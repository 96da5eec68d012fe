import type { Database } from './driver.ts';

/** `BEGIN IMMEDIATE` … `COMMIT`; whatever is thrown in between rolls back and is thrown on. */
export function inTransaction<T>(database: Database, work: () => T): T {
  return between(database, 'begin immediate', work);
}

/** All that `work` reads is of one moment, whoever writes meanwhile. For handles that only read. */
export function inSnapshot<T>(database: Database, work: () => T): T {
  return between(database, 'begin', work);
}

function between<T>(database: Database, begin: string, work: () => T): T {
  database.prepare(begin).run();
  try {
    const result = work();
    database.prepare('commit').run();
    return result;
  } catch (thrown) {
    rollBack(database);
    throw thrown;
  }
}

function rollBack(database: Database): void {
  try {
    database.prepare('rollback').run();
  } catch {
    // After a full disk or an I/O error SQLite has rolled back by itself and there is nothing left to undo.
  }
}
