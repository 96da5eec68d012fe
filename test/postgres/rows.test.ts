import { rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { Store } from '../../src/state/store.ts';
import { LocalReads } from '../../src/state/store-reads.ts';
import { realClock, silent } from '../state/records.ts';
import { aFolder, aReader, changeByHand } from '../state/support.ts';
import { aStore, call, type Host } from './hosts.ts';
import { freshDatabase } from './shared.ts';

const CALLS = 8;

/** Each row in a transaction of its own, so that its number is thousands behind the one before. */
async function aLog(): Promise<Host & { readonly seqs: readonly number[] }> {
  const host = { url: await freshDatabase(), home: aFolder() };
  const store = await aStore(host);
  for (let made = 0; made < CALLS; made += 1) await call(store);
  await store.close();
  const records = await aReader(host).list({ limit: CALLS });
  const seqs = records.flatMap(({ seq, outcome }) => [seq, outcome?.seq ?? 0]).toSorted((one, other) => one - other);
  return { ...host, seqs };
}

test('the newest rows are counted, though their numbers are far apart', async () => {
  const { seqs, ...host } = await aLog();
  expect((seqs.at(-1) ?? 0) - (seqs[0] ?? 0)).toBeGreaterThan(4_096 * CALLS);
  const reader = aReader(host);
  expect([await reader.seqBefore(3), await reader.seqBefore(2 * CALLS)]).toEqual([seqs.at(-4), 0]);
  const reads = new LocalReads({ place: host, home: aFolder(), driver: chooseDriver(), clock: realClock });
  onTestFinished(() => reads.close());
  await expect.poll(async () => (await reads.list({ limit: 50, effect: 'allow' })).records.length).toBe(CALLS);
  expect(await reads.indexState()).toMatchObject({ decisions: CALLS, behind: undefined });
});

test('a gateway that starts looks at the last rows of its chain, not at the last few numbers', async () => {
  const { seqs, ...host } = await aLog();
  rmSync(checkpointPath(host.home));
  await changeByHand(host, `update log set body = replace(body, 'claude', 'eve') where seq = ?`, seqs[2] ?? 0);
  const again = Store.open({ ...host, durability: 'full', clock: realClock, logger: silent });
  await expect(again).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(new RegExp(`the end of the log in .* is not what was written: row ${seqs[2]}`)),
  });
});
