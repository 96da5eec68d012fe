import { GatewayError, messageOf } from '../core/errors.ts';
import { betterSqlite3 } from './better-sqlite3-driver.ts';
import type { Driver } from './driver.ts';
import { nodeSqlite } from './node-sqlite-driver.ts';

/** In the order in which they are tried; reasons in `docs/decisions/005-sqlite-drivers.md`. */
export const DRIVERS: readonly Driver[] = [betterSqlite3, nodeSqlite];

/** The first driver that this installation can use. */
export function chooseDriver(drivers: readonly Driver[] = DRIVERS): Driver {
  const problems: string[] = [];
  for (const driver of drivers) {
    const problem = problemOf(driver);
    if (problem === undefined) return driver;
    problems.push(`${driver.name}: ${problem}`);
  }
  throw new GatewayError('STORE_UNAVAILABLE', `no SQLite driver can be loaded (${problems.join('; ')})`, {
    mend: 'Use Node 22.13 or later, which has SQLite built in, or run `npm rebuild better-sqlite3` with install scripts allowed.',
  });
}

/** Those that this Node can use; at least one on every supported installation. */
export function availableDrivers(): readonly Driver[] {
  return DRIVERS.filter((driver) => problemOf(driver) === undefined);
}

function problemOf(driver: Driver): string | undefined {
  try {
    driver.load();
    return undefined;
  } catch (thrown) {
    return messageOf(thrown).split('\n')[0] ?? 'unknown';
  }
}
