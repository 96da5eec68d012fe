import type { Database } from '../../src/state/driver.ts';
import { chooseDriver } from '../../src/state/drivers.ts';

/** As somebody does who can write the file but has no key. */
export function tamper({ path }: { readonly path: string }, change: (database: Database) => void): void {
  const database = chooseDriver().open(path, 'write');
  database.exec('drop trigger log_kept; drop trigger log_held;');
  change(database);
  database.close();
}

export function sql(text: string): (database: Database) => void {
  return (database) => database.exec(text);
}
