import { describe, expect, test } from 'vitest';
import type { DecisionFilter } from '../../src/state/decision-query.ts';
import type { DecisionReader } from '../../src/state/decision-reader.ts';
import { anOpinion } from '../policy/decision-makers.ts';
import { anOutcome, aRecord } from './records.ts';
import { anyLogOf, anyPlace, aReader, aStore, isSettled } from './support.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const minute = (count: number): number => Date.parse(at(count));

const RECORDS = {
  allowed: aRecord({ time: at(1), server: 'github', tool: 'read', latency_us: { decide: 10 } }),
  denied: aRecord({
    time: at(2),
    effect: 'deny',
    reasons: ['protected_branch', 'quiet_hours'],
    latency_us: { decide: 20 },
  }),
  pending: aRecord({ time: at(3), effect: 'pending', tool: 'merge', latency_us: { decide: 30 } }),
  other: aRecord({
    time: at(4),
    server: 'mail',
    tool: 'send',
    effect: 'deny',
    reasons: ['quiet_hours'],
    principal: {
      agent: { ...aRecord().principal.agent, id: 'codex' },
      user: { id: 'bob', groups: [], data_classifications_authorized: [] },
    },
    latency_us: { decide: 1000 },
  }),
};

async function aFilledReader(): Promise<DecisionReader> {
  const place = anyPlace();
  const store = await aStore(place);
  for (const record of Object.values(RECORDS)) await store.log.append(record);
  store.log.settle(anOutcome(RECORDS.allowed.id, { record_us: 55 }));
  await store.log.flush();
  return aReader(place);
}

describe('a list', () => {
  const cases: readonly (readonly [Partial<DecisionFilter>, readonly (keyof typeof RECORDS)[]])[] = [
    [{}, ['other', 'pending', 'denied', 'allowed']],
    [{ limit: 2 }, ['other', 'pending']],
    [{ since: minute(2) }, ['other', 'pending', 'denied']],
    [{ until: minute(2) }, ['allowed']],
    [{ since: minute(2), until: minute(4) }, ['pending', 'denied']],
    [{ effect: 'deny' }, ['other', 'denied']],
    [{ effect: 'pending' }, ['pending']],
    [{ server: 'mail' }, ['other']],
    [{ tool: 'merge' }, ['pending']],
    [{ reason: 'quiet_hours' }, ['other', 'denied']],
    [{ reason: 'protected_branch' }, ['denied']],
    [{ reason: 'quiet' }, []],
    [{ agent: 'codex' }, ['other']],
    [{ user: 'ada', effect: 'deny' }, ['denied']],
    [{ user: `x' or 1 = 1 --` }, []],
  ];
  test('holds what fits, newest first', async () => {
    const reader = await aFilledReader();
    for (const [filter, names] of cases) {
      const found = await reader.list({ limit: 50, ...filter });
      expect([filter, found.map(({ id }) => id)]).toEqual([filter, names.map((name) => RECORDS[name].id)]);
    }
  });

  test('pages join without overlap', async () => {
    const place = await anyLogOf(7);
    const reader = aReader(place);
    const seen: string[] = [];
    let before: number | undefined;
    for (;;) {
      const page = await reader.list({ limit: 3, before });
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
      before = page.at(-1)?.seq;
    }
    expect(seen).toEqual(place.ids.toReversed());
  });
});

test('a decision is found by its id, by a beginning that fits one, and in capitals', async () => {
  const reader = await aFilledReader();
  const { id } = RECORDS.denied;
  expect(await reader.find(id)).toMatchObject({ ...RECORDS.denied, outcome: null });
  expect((await reader.find(id.slice(0, -2))).id).toBe(id);
  expect((await reader.find(id.toUpperCase())).id).toBe(id);
});

test('a beginning that fits several or none says so', async () => {
  const reader = await aFilledReader();
  await expect(reader.find('0')).rejects.toMatchObject({
    code: 'RECORD_NOT_FOUND',
    message: 'more than one decision begins with 0',
    mend: expect.stringContaining(RECORDS.allowed.id),
  });
  await expect(reader.find('ffff')).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
});

test('a tail goes on where it stopped and sees what another connection commits', async () => {
  const place = await anyLogOf(2);
  const store = await aStore(place);
  const reader = aReader(place);
  await isSettled(place);
  const first = await reader.tail(0);
  expect(first.records.map(({ id }) => id)).toEqual(place.ids);
  expect(await reader.tail(first.lastSeq)).toEqual({ records: [], lastSeq: first.lastSeq });
  const record = aRecord();
  const { seq } = await store.log.append(record);
  await isSettled(place);
  expect((await reader.tail(first.lastSeq)).records.map(({ id }) => id)).toEqual([record.id]);
  expect(await reader.lastSeq()).toBe(seq);
});

test('statistics count effects, each reason, servers, tools, outcomes, and take the nearest rank', async () => {
  const reader = await aFilledReader();
  expect(await reader.statistics(0)).toEqual({
    total: 4,
    effects: [
      { name: 'deny', count: 2 },
      { name: 'allow', count: 1 },
      { name: 'pending', count: 1 },
    ],
    reasons: [
      { name: 'quiet_hours', count: 2 },
      { name: 'protected_branch', count: 1 },
    ],
    servers: [
      { name: 'github', count: 3 },
      { name: 'mail', count: 1 },
    ],
    tools: [
      { name: 'github/create_issue', count: 1 },
      { name: 'github/merge', count: 1 },
      { name: 'github/read', count: 1 },
      { name: 'mail/send', count: 1 },
    ],
    outcomes: [{ name: 'ok', count: 1 }],
    decideUs: { p50: 20, p99: 1000 },
    recordUs: { p50: 55, p99: 55 },
  });
  expect(await reader.statistics(minute(4))).toMatchObject({ total: 1, effects: [{ name: 'deny', count: 1 }] });
  expect((await reader.statistics(Date.now() + 60_000)).decideUs).toEqual({ p50: 0, p99: 0 });
});

test('decisions for which a bundle said a permit come in pages, oldest first', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const permit = { id: 'OVR-1', lifts: ['pace/WD'], ...PEOPLE, mode: 'enforce' } as const;
  const permitted = (time: string) => aRecord({ time, layers: [{ ...SILENT, permit: [permit] }] });
  const records = [permitted(at(1)), aRecord({ time: at(2), layers: [SILENT] }), permitted(at(3)), permitted(at(4))];
  const seqs: number[] = [];
  for (const record of records) seqs.push((await store.log.append(record)).seq);
  const [, , third = 0, last = 0] = seqs;
  const reader = aReader(place);
  const times = async (since: number, afterSeq = 0) => {
    const page = await reader.permitted({ since, afterSeq });
    return [page.records.map(({ time }) => time), page.lastSeq];
  };
  expect(await times(0)).toEqual([[at(1), at(3), at(4)], last]);
  expect(await times(minute(3))).toEqual([[at(3), at(4)], last]);
  expect(await times(0, third)).toEqual([[at(4)], last]);
  expect(await times(0, last)).toEqual([[], last]);
});

const PEOPLE = {
  requested_by: 'ana',
  approved_by: 'ben',
  justification: 'an incident',
  not_before: at(0),
  expires_at: at(9),
};
const SILENT = anOpinion({ layer: 'override' });
