import { writeSync } from 'node:fs';
import { isRefusal } from '../../src/core/change.ts';
import type { Durability } from '../../src/state/connection.ts';
import type { StorePlace } from '../../src/state/open-connection.ts';
import { Store } from '../../src/state/store.ts';
import { aCharge, aHold, anOutcome, aRecord, realClock, silent } from './records.ts';

/**
 * A gateway process of its own: tries to take a limit of 200 so many times, several at once, and says how often it could.
 * What is `held` is settled at what was held; with `hang` the process never settles, and stays until it is killed.
 */
const [place = '{}', home = '', durability = 'normal', attempts = '0', how = 'used'] = process.argv.slice(2);
const charge = how === 'used' ? aCharge({ limit: 200 }) : aHold({ limit: 200 });
const store = await Store.open({
  ...(JSON.parse(place) as StorePlace),
  home,
  durability: durability as Durability,
  clock: realClock,
  logger: silent,
});

let left = Number(attempts);
let granted = 0;
async function lane(): Promise<void> {
  while (left > 0) {
    left -= 1;
    const record = aRecord();
    const answer = await store.log.commit(record, '{}', [{ kind: 'take', charge }]);
    if (isRefusal(answer)) continue;
    granted += 1;
    if (how === 'held') store.log.settle(anOutcome(record.id));
  }
}
await Promise.all(Array.from({ length: 8 }, lane));
if (how === 'hang') {
  writeSync(1, `${String(granted)}\n`);
  setInterval(() => undefined, 1_000);
} else {
  await store.close();
  writeSync(1, String(granted));
}
