import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StorePlace } from '../src/state/open-connection.ts';
import { makeMany } from './many.ts';
import { ROOT } from './place.ts';

const DAYS = 150;

/** A store with so many decisions; made once, and measured as often as it is asked for. */
export interface ManyDecisions {
  readonly place: StorePlace;
  readonly home: string;
}

/**
 * `where`: the address of an empty PostgreSQL database, or `sqlite`. The home folder with the store's key stays below
 * `.mcp-gateway/` of this checkout.
 */
export async function prepareDecisions(where: string, decisions: number): Promise<ManyDecisions> {
  const name = where === 'sqlite' ? `sqlite-${String(decisions)}` : `postgres-${String(decisions)}`;
  const home = join(ROOT, '.mcp-gateway', 'decisions', name, 'home');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const place: StorePlace = where === 'sqlite' ? { path: join(home, 'decisions.db') } : { url: where };
  const begun = performance.now();
  const onProgress = (made: number): void => {
    const perSecond = made / ((performance.now() - begun) / 1000);
    process.stderr.write(`${String(made)} of ${String(decisions)} decisions, ${perSecond.toFixed(0)} a second\n`);
  };
  await makeMany({ place, home, decisions, days: DAYS, onProgress });
  return { place, home };
}
