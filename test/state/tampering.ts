import type { Database, SqlRow } from '../../src/state/driver.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { insert, type Work } from '../../src/state/work.ts';

/** As somebody does who can write the file but has no key. */
export function tamper({ path }: { readonly path: string }, change: (database: Database) => void): void {
  const database = chooseDriver().open(path, 'write');
  database.exec('drop trigger log_kept; drop trigger log_held;');
  change(database);
  database.close();
}

/** Puts a row into the log of a store of either kind, whatever stands in it. */
export function* insertRow(row: SqlRow): Work<void> {
  const names = Object.keys(row).map((name) => `"${name}"`);
  yield* insert(`log (${names.join(', ')})`, [Object.values(row)]);
}

/** One of them, the first being 1. */
export function nth<T>(rows: readonly T[], row: number): T {
  const found = rows[row - 1];
  if (found === undefined) throw new Error(`there is no row ${row}`);
  return found;
}

export function sql(text: string): (database: Database) => void {
  return (database) => database.exec(text);
}
