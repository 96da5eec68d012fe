import { writeSync } from 'node:fs';
import type { Durability } from '../../src/state/connection.ts';
import { decisionIds } from '../../src/state/decision-id.ts';
import type { StorePlace } from '../../src/state/open-connection.ts';
import { Store } from '../../src/state/store.ts';
import { anOutcome, aRecord, realClock, silent } from './records.ts';

/**
 * A gateway process of its own: appends `calls` decisions, several in flight, and says each id on its standard output
 * once it is sealed, as an upstream would have received the call then. Even calls get their outcome.
 */
const [place = '{}', home = '', durability = 'normal', calls = '0'] = process.argv.slice(2);
const store = await Store.open({
  ...(JSON.parse(place) as StorePlace),
  home,
  durability: durability as Durability,
  clock: realClock,
  logger: silent,
});
const nextId = decisionIds(realClock);
writeSync(1, `instance ${store.instance}\n`);

let left = Number(calls);
async function lane(): Promise<void> {
  while (left > 0) {
    const number = (left -= 1);
    const id = nextId();
    const { seq } = await store.log.append(aRecord({ id, remediation: 'x'.repeat(1000) }));
    writeSync(1, `${seq} ${id}\n`);
    if (number % 2 === 0) store.log.settle(anOutcome(id));
  }
}
await Promise.all([lane(), lane(), lane(), lane()]);
await store.close();
writeSync(1, 'closed\n');
