import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import type { Charge } from '../../src/core/charge.ts';
import type { Outcome, OutcomeStatus } from '../../src/core/record.ts';
import type { FoundCost } from '../../src/core/settlement.ts';
import type { ListedBudget } from '../../src/state/budget-list.ts';
import { sweepBudgets } from '../../src/state/budgets.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import type { Store } from '../../src/state/store.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { run } from '../../src/state/work.ts';
import { aHold, anOutcome, aRecord } from './records.ts';
import { aConnection, aMovedClock, type AnyPlace, anyPlace, argumentsOf, aStore, DURABILITIES } from './support.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('./spender.ts', import.meta.url));
/** In the window of `aHold`. */
const THEN = Date.UTC(2100, 5);

describe.each(DURABILITIES)('durability %s', (durability) => {
  test('a cost is held until the call is over, then what it really cost is used', async () => {
    const place = anyPlace();
    const store = await aStore({ ...place, durability });
    const record = await held(store, aHold({ cost: 4 }));
    expect(await counts(place)).toEqual([{ used: 0, reserved: 4, limit: 10 }]);
    const outcome = await over(store, place, { id: record, cost: 1.5 });
    expect(outcome.settled).toEqual([
      { counter: 'workflow/weekly', unit: 'points', state: 'settled', reserved: 4, cost: 1.5, estimated: false },
    ]);
    expect(await counts(place)).toEqual([{ used: 1.5, reserved: 0, limit: 10 }]);
  });

  test('a call may cost more than was held and than there is room for; the next one is refused', async () => {
    const place = anyPlace();
    const store = await aStore({ ...place, durability });
    await over(store, place, { id: await held(store, aHold()), cost: 25 });
    expect(await counts(place)).toEqual([{ used: 25, reserved: 0, limit: 10 }]);
    expect(await store.log.commit(aRecord(), '{}', [{ kind: 'take', charge: aHold({ cost: 0.001 }) }])).toEqual({
      refused: [0],
    });
  });

  test('what is held counts against the limit', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    const costs = [6, 5, 4].map((cost) =>
      store.log.commit(aRecord(), '{}', [{ kind: 'take', charge: aHold({ cost }) }]),
    );
    expect(await Promise.all(costs)).toEqual([{ remaining: [4] }, { refused: [0] }, { remaining: [0] }]);
  });

  test('several gateways together get exactly what a counter has room for', async () => {
    const place = anyPlace();
    await (await aStore({ ...place, durability })).close();
    const spenders = [1, 2, 3].map(() => text(spend(place, { durability, attempts: 120, how: 'held' }).stdout));
    const granted = await Promise.all(spenders);
    expect(granted.reduce((sum, count) => sum + Number(count), 0)).toBe(200);
    expect(await counts(place)).toEqual([{ used: 200, reserved: 0, limit: 200 }]);
    expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 400 });
  });

  test('what a killed gateway held is used, once, and on record', async () => {
    const place = anyPlace();
    const store = await aStore({ ...place, durability });
    const child = spend(place, { durability, attempts: 7, how: 'hang' });
    await once(child.stdout, 'data');
    expect(await counts(place)).toEqual([{ used: 0, reserved: 7, limit: 200 }]);
    await store.beat();
    expect(await counts(place)).toEqual([{ used: 0, reserved: 7, limit: 200 }]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await store.beat();
    await store.beat();
    expect(await counts(place)).toEqual([{ used: 7, reserved: 0, limit: 200 }]);
    const outcomes = (await records(place)).map(({ outcome }) => [outcome?.status, outcome?.settled]);
    const expired = {
      counter: 'workflow/weekly',
      unit: 'points',
      state: 'expired',
      reserved: 1,
      cost: 1,
      estimated: true,
    };
    expect(outcomes).toEqual(Array.from({ length: 7 }, () => ['unknown', [expired]]));
  });
});

interface Ending {
  readonly status: OutcomeStatus;
  readonly terms?: Parameters<typeof aHold>[1];
  readonly cost?: number;
  readonly settled: readonly [state: string, cost: number, estimated: boolean];
}

const ENDINGS: readonly Ending[] = [
  { status: 'ok', cost: 7, settled: ['settled', 7, false] },
  { status: 'ok', settled: ['settled', 2, true] },
  { status: 'ok', terms: { unknownCost: 9 }, settled: ['settled', 9, true] },
  { status: 'ok', terms: { unknownCost: 9 }, cost: 0, settled: ['settled', 0, false] },
  { status: 'ok', terms: { settleFrom: '' }, settled: ['settled', 2, false] },
  { status: 'ok', terms: { settleFrom: '', onExpire: 'refund' }, settled: ['settled', 2, false] },
  { status: 'not_forwarded', terms: { settleFrom: '' }, settled: ['refunded', 0, false] },
  { status: 'tool_error', terms: { settleFrom: '', onUpstreamError: 'refund' }, settled: ['refunded', 0, false] },
  { status: 'timeout', terms: { settleFrom: '' }, settled: ['settled', 2, false] },
  { status: 'tool_error', cost: 1, settled: ['settled', 1, false] },
  { status: 'tool_error', settled: ['settled', 2, true] },
  { status: 'tool_error', terms: { onUpstreamError: 'refund' }, cost: 1, settled: ['refunded', 0, false] },
  { status: 'protocol_error', terms: { onUpstreamError: 'refund' }, settled: ['refunded', 0, false] },
  { status: 'not_forwarded', settled: ['refunded', 0, false] },
  { status: 'cancelled', terms: { unknownCost: 9 }, settled: ['settled', 2, true] },
  { status: 'timeout', terms: { onUpstreamError: 'refund' }, settled: ['settled', 2, true] },
  { status: 'unknown', settled: ['settled', 2, true] },
];

test('what a call used that is over follows from how it ended, what it cost, and the terms', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  for (const [index, { status, terms, cost, settled }] of ENDINGS.entries()) {
    const counter = `workflow/ending-${index}`;
    const bucket = aHold().bucket.replace('workflow/weekly', counter);
    const id = await held(store, aHold({ cost: 2, bucket }, terms));
    const outcome = await over(store, place, { id, status, cost });
    const ended = outcome.settled.map((one) => [one.state, one.cost, one.estimated]);
    expect({ status, terms, cost, settled: ended }).toEqual({ status, terms, cost, settled: [settled] });
    expect(await counts(place, counter)).toEqual([{ used: settled[1], reserved: 0, limit: 10 }]);
  }
});

test('a cost that is known is used at once', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  await held(store, aHold({ cost: 3 }, { settleFrom: '' }));
  expect(await counts(place)).toEqual([{ used: 3, reserved: 0, limit: 10 }]);
});

test('a gateway that ends settles what its open calls hold', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  await held(store, aHold({ cost: 3 }));
  await store.close();
  expect(await counts(place)).toEqual([{ used: 3, reserved: 0, limit: 10 }]);
});

test('what is refunded when it expires is free again, and what has time left is held until then', async () => {
  const place = anyPlace();
  const clock = await aMovedClock(place, THEN);
  const first = await aStore({ ...place, clock });
  const second = await aStore({ ...place, clock });
  const bucket = (name: string): string => aHold().bucket.replace('weekly', name);
  const record = aRecord({ time: new Date(THEN).toISOString() });
  await first.log.commit(record, '{}', [
    { kind: 'take', charge: aHold({ cost: 2, bucket: bucket('refunding') }, { onExpire: 'refund' }) },
    { kind: 'take', charge: aHold({ cost: 3, bucket: bucket('waiting') }, { ttlMs: 3_600_000 }) },
  ]);
  await isElsewhere(place);
  await clock.pass(31_000);
  await second.beat();
  expect(await counts(place)).toEqual([
    { used: 0, reserved: 0, limit: 10 },
    { used: 0, reserved: 3, limit: 10 },
  ]);
  await clock.pass(3_600_000);
  await second.beat();
  expect(await counts(place)).toEqual([
    { used: 0, reserved: 0, limit: 10 },
    { used: 3, reserved: 0, limit: 10 },
  ]);
  const [found] = await records(place);
  expect(found?.outcome?.settled).toMatchObject([{ counter: 'workflow/waiting', state: 'expired', cost: 3 }]);
  // The first one was only slow, and says what became of its call: nothing is charged twice.
  first.log.settle(anOutcome(record.id), [], new Map([['workflow/weekly', { cost: 5, estimated: false }]]));
  await first.log.flush();
  expect(await counts(place)).toMatchObject([{ used: 0 }, { used: 3 }]);
});

test('a limit that changes in mid-window holds from the next call on', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  await held(store, aHold({ cost: 8 }));
  const take = (limit: number) =>
    store.log.commit(aRecord(), '{}', [{ kind: 'take', charge: aHold({ cost: 1, limit }) }]);
  expect(await take(5)).toEqual({ refused: [0] });
  expect(await take(20)).toEqual({ remaining: [11] });
  expect(await counts(place)).toEqual([{ used: 0, reserved: 9, limit: 20 }]);
});

test('what never begins anew is kept while it is used, what slides until it has drained', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const take = async (at: number, charges: readonly Charge[]): Promise<void> => {
    const changes = charges.map((charge): Change => ({ kind: 'take', charge: { ...charge, terms: undefined } }));
    await store.log.commit(aRecord({ time: new Date(at).toISOString() }), '{}', changes);
  };
  const day = 86_400_000;
  const session = aHold({
    bucket: '{"counter":"session"}',
    window: { startsMs: 0, endsMs: THEN + 30 * day, kind: 'lasting' },
  });
  const sliding = aHold({
    bucket: '{"counter":"sliding"}',
    window: { startsMs: THEN - day, endsMs: THEN, kind: 'sliding' },
  });
  await take(THEN, [session, sliding]);
  await take(THEN + 20 * day, [session]);
  const connection = aConnection(place);
  const swept: number[] = [];
  for (const days of [1, 3, 31, 49, 51]) swept.push(await sweepBudgets(connection, THEN + days * day));
  expect(swept).toEqual([0, 1, 0, 0, 1]);
});

/** Id of the decision that holds it. */
async function held(store: Store, charge: Charge): Promise<string> {
  const record = aRecord();
  expect(await store.log.commit(record, '{}', [{ kind: 'take', charge }])).toHaveProperty('remaining');
  return record.id;
}

interface Over {
  readonly id: string;
  readonly status?: OutcomeStatus;
  readonly cost?: number | undefined;
}

async function over(store: Store, place: AnyPlace, { id, status = 'ok', cost }: Over): Promise<Outcome> {
  const found: readonly (readonly [string, FoundCost])[] =
    cost === undefined ? [] : [['workflow/weekly', { cost, estimated: false }]];
  store.log.settle(anOutcome(id, { status }), [], new Map(found));
  await store.log.flush();
  const [record] = (await records(place)).filter((one) => one.id === id);
  if (record?.outcome === undefined || record.outcome === null) throw new Error('there is no outcome');
  return record.outcome;
}

async function records(place: AnyPlace): ReturnType<DecisionReader['list']> {
  const reader = new DecisionReader(place);
  const found = await reader.list({ limit: 1_000 });
  await reader.close();
  return found;
}

/** Of a process beside us it would be known that it lives. */
async function isElsewhere(place: AnyPlace): Promise<void> {
  await aConnection(place).ask(() => run("update instances set host = 'elsewhere'"));
}

async function counts(
  place: AnyPlace,
  only?: string,
): Promise<readonly Pick<ListedBudget, 'used' | 'reserved' | 'limit'>[]> {
  const reader = new DecisionReader(place);
  const budgets = await reader.budgets(THEN);
  await reader.close();
  const wanted = budgets.filter(({ counter }) => counter === (only ?? counter));
  return wanted.map(({ used, reserved, limit }) => ({ used, reserved, limit }));
}

interface Spending {
  readonly durability: string;
  readonly attempts: number;
  readonly how: 'held' | 'hang';
}

function spend(
  place: AnyPlace,
  { durability, attempts, how }: Spending,
): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const args = ['--import', loader, program, ...argumentsOf(place), durability, String(attempts), how];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}
