import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SealedRecord } from '../../src/core/record.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { LocalReads } from '../../src/state/store-reads.ts';
import type { Store } from '../../src/state/store.ts';
import { aRecord, realClock } from '../state/records.ts';
import { folderOfFile } from './both-stores.ts';
import { besides, openStore, type Host } from './hosts.ts';
import { asSuperuser, freshDatabase } from './shared.ts';

/** Commits take different times, so that rows often come in behind others with higher numbers. */
const SLOW = `create function mcp_gateway.slow() returns trigger language plpgsql as $$
    begin perform pg_sleep(random() * 0.02); return new; end $$;
  create trigger slow before insert on mcp_gateway.log for each row execute function mcp_gateway.slow()`;

/** What each reader reads is shadowed and permitted, so that all of them read everything. */
const SHADOW = { effect: 'deny', reasons: [], matched_rules: [] } as const;

const folders = [folderOfFile(), folderOfFile(), folderOfFile()] as const;
let host: Host;
let stores: readonly Store[];
let reader: DecisionReader;
let reads: LocalReads;
/** Ids of what was committed, in the order in which that was heard. */
const committed: string[] = [];
const ending = new AbortController();
let writing: Promise<unknown>;

beforeAll(async () => {
  host = { url: await freshDatabase(), home: folders[0] };
  const first = await openStore(host);
  stores = [first, await openStore(besides(host, folders[1]))];
  await asSuperuser(SLOW, host.url);
  reader = new DecisionReader(host);
  reads = new LocalReads({ place: { url: host.url }, home: folders[2], driver: chooseDriver(), clock: realClock });
  writing = Promise.all(stores.map((store) => write(store)));
});

afterAll(async () => {
  ending.abort();
  await writing;
  await reads.close();
  await reader.close();
  for (const store of stores) await store.close();
});

async function write({ log }: Store): Promise<void> {
  while (!ending.signal.aborted) {
    const record = aRecord({ effect: 'deny', reasons: ['x'], shadow: SHADOW, input: { permit: [{}] } });
    await log.append(record);
    committed.push(record.id);
  }
}

type NextPage = (behind: number | undefined) => Promise<readonly SealedRecord[]>;

interface Read {
  readonly seqs: readonly number[];
  /** As they should be: in order, and none twice. */
  readonly inOrder: readonly number[];
  /** What was committed before the first page and is in none. */
  readonly missing: readonly string[];
}

async function readAll(nextPage: NextPage, order: 'rising' | 'falling'): Promise<Read> {
  const before = committed.slice();
  const seen: SealedRecord[] = [];
  for (;;) {
    const page = await nextPage(seen.at(-1)?.seq);
    seen.push(...page);
    if (page.length === 0) break;
    // Who writes faster than is read here would never let it end.
    if (order === 'rising' && before.every((id) => seen.some((record) => record.id === id))) break;
  }
  const seqs = seen.map(({ seq }) => seq);
  const inOrder = [...new Set(seqs)].toSorted((one, other) => (order === 'rising' ? one - other : other - one));
  const ids = new Set(seen.map(({ id }) => id));
  return { seqs, inOrder, missing: before.filter((id) => !ids.has(id)) };
}

const READERS: Readonly<Record<string, (limit: number) => readonly [NextPage, 'rising' | 'falling']>> = {
  'decision ls': (limit) => [(before) => reader.list({ limit, before }), 'falling'],
  since: () => [async (afterSeq = 0) => (await reader.since({ since: 0, afterSeq })).records, 'rising'],
  shadowed: () => [async (afterSeq = 0) => (await reader.shadowed({ since: 0, afterSeq })).records, 'rising'],
  permitted: () => [async (afterSeq = 0) => (await reader.permitted({ since: 0, afterSeq })).records, 'rising'],
};

test.for(Object.keys(READERS))(
  'pages of `%s` skip nothing and repeat nothing while two gateways write',
  async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (limit) => {
        const [nextPage, order] = READERS[name]?.(limit) ?? [async () => [], 'rising'];
        const { seqs, inOrder, missing } = await readAll(nextPage, order);
        expect(seqs).toEqual(inOrder);
        expect(missing).toEqual([]);
      }),
      { numRuns: 4 },
    );
  },
);

test('pages of the dashboard, and of its index, neither', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (limit) => {
      const seen: SealedRecord[] = [];
      // What is not settled yet is shown a moment later.
      const before = committed.slice();
      await expect.poll(async () => (await reads.indexState()).lastSeq).toBeGreaterThanOrEqual(await lastOf(before));
      for (let next: number | undefined; ;) {
        const page = await reads.list({ limit, before: next, effect: 'deny' });
        seen.push(...page.records);
        next = page.next;
        if (next === undefined) break;
      }
      const ids = seen.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(before.filter((id) => !ids.includes(id))).toEqual([]);
    }),
    { numRuns: 4 },
  );
});

async function lastOf(ids: readonly string[]): Promise<number> {
  const wanted = new Set(ids);
  const found = await reader.list({ limit: 10_000 });
  return Math.max(0, ...found.filter(({ id }) => wanted.has(id)).map(({ seq }) => seq));
}

test('who follows the log is told everything once, though rows come in behind others', async () => {
  const followed: string[] = [];
  let after = 0;
  const follow = async (): Promise<number> => {
    const { records, lastSeq } = await reader.tail(after);
    after = lastSeq;
    followed.push(...records.map(({ id }) => id));
    return records.length;
  };
  for (let round = 0; round < 30; round += 1) await follow();
  ending.abort();
  await writing;
  await expect.poll(async () => (await follow(), followed.length)).toBe(committed.length);
  expect(followed.toSorted()).toEqual(committed.toSorted());
});
