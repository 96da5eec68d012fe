import { writeSync } from 'node:fs';
import { isRefusal } from '../../src/core/change.ts';
import { Store } from '../../src/state/store.ts';
import { anApprovalUse, aRecord, realClock, silent } from './records.ts';

/** A gateway process of its own: tries to make the approved call many times, several at once, and says how often it could. */
const [path = '', home = ''] = process.argv.slice(2);
const store = await Store.open({ path, home, durability: 'normal', clock: realClock, logger: silent });
const tries = Array.from({ length: 40 }, async () => {
  const record = aRecord();
  const use = anApprovalUse({ decision: record.id });
  return isRefusal(await store.log.commit(record, '{}', [{ kind: 'use_approval', use }])) ? 0 : 1;
});
const ran = (await Promise.all(tries)).reduce<number>((sum, one) => sum + one, 0);
await store.close();
writeSync(1, String(ran));
