import { writeSync } from 'node:fs';
import { isRefusal } from '../../src/core/change.ts';
import type { StorePlace } from '../../src/state/open-connection.ts';
import { Store } from '../../src/state/store.ts';
import { anApprovalUse, aRecord, realClock, silent } from './records.ts';

/** A gateway process of its own: tries to make the approved call many times, several at once, and says how often it could. */
const [place = '{}', home = ''] = process.argv.slice(2);
const store = await Store.open({
  ...(JSON.parse(place) as StorePlace),
  home,
  durability: 'normal',
  clock: realClock,
  logger: silent,
});
const tries = Array.from({ length: 40 }, async () => {
  const record = aRecord();
  const use = anApprovalUse({ decision: record.id });
  // Where the store cannot be asked in time, the call is refused as well.
  const answer = await store.log.commit(record, '{}', [{ kind: 'use_approval', use }]).catch(() => undefined);
  return answer === undefined || isRefusal(answer) ? 0 : 1;
});
const ran = (await Promise.all(tries)).reduce<number>((sum, one) => sum + one, 0);
await store.close();
writeSync(1, String(ran));
