import { writeSync } from 'node:fs';
import { isRefusal } from '../../src/core/change.ts';
import type { Durability } from '../../src/state/connection.ts';
import { Store } from '../../src/state/store.ts';
import { aCharge, aRecord, realClock, silent } from './records.ts';

/** A gateway process of its own: tries to take a limit of 200 so many times, several at once, and says how often it could. */
const [path = '', home = '', durability = 'normal', attempts = '0'] = process.argv.slice(2);
const store = await Store.open({ path, home, durability: durability as Durability, clock: realClock, logger: silent });

let left = Number(attempts);
let granted = 0;
async function lane(): Promise<void> {
  while (left > 0) {
    left -= 1;
    const answer = await store.log.commit(aRecord(), '{}', [{ kind: 'take', charge: aCharge({ limit: 200 }) }]);
    if (!isRefusal(answer)) granted += 1;
  }
}
await Promise.all(Array.from({ length: 8 }, lane));
await store.close();
writeSync(1, String(granted));
