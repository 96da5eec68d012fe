import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Charge } from '../../src/core/charge.ts';
import { sweepBudgets } from '../../src/state/budgets.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import type { Store } from '../../src/state/store.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { run } from '../../src/state/work.ts';
import { aCharge, anOutcome, aRecord } from './records.ts';
import { aConnection, type AnyPlace, anyPlace, argumentsOf, aStore, DURABILITIES, refuseRecords } from './support.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('./spender.ts', import.meta.url));

describe.each(DURABILITIES)('durability %s', (durability) => {
  test('a limit has room for so many calls, also of those that come together, and says what is left', async () => {
    const place = anyPlace();
    const store = await aStore({ ...place, durability });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => reserve(store, [aCharge()])));
    expect(answers).toEqual([
      { remaining: [2] },
      { remaining: [1] },
      { remaining: [0] },
      { refused: [0] },
      { refused: [0] },
    ]);
    expect(await countOf(place)).toBe(3);
    await store.log.append(aRecord());
    await store.close();
    expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 8 });
  });

  test('of several charges all are taken or none', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    const [wide, narrow] = [aCharge({ bucket: 'wide', limit: 10 }), aCharge({ bucket: 'narrow', limit: 1 })];
    expect(await reserve(store, [wide, narrow])).toEqual({ remaining: [9, 0] });
    expect(await reserve(store, [narrow, wide])).toEqual({ refused: [0] });
    expect(await reserve(store, [wide, narrow, { ...narrow, limit: 0 }])).toEqual({ refused: [1, 2] });
    expect(await reserve(store, [wide])).toEqual({ remaining: [8] });
  });

  test('a call that was not forwarded gets back what it took, any other call does not', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    for (const status of ['not_forwarded', 'tool_error', 'unknown'] as const) {
      const record = aRecord();
      await store.log.commit(record, '{}', [{ kind: 'take', charge: aCharge() }]);
      store.log.settle(anOutcome(record.id, { status }));
      await store.log.flush();
    }
    expect(await reserve(store, [aCharge()])).toEqual({ remaining: [0] });
  });

  test('what cannot be recorded takes nothing', async () => {
    const place = anyPlace();
    const store = await aStore({ ...place, durability });
    await reserve(store, [aCharge()]);
    const letIn = await refuseRecords(place);
    await expect(reserve(store, [aCharge()])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await letIn();
    expect(await reserve(store, [aCharge()])).toEqual({ remaining: [1] });
  });

  test('what cannot be counted is not recorded', async () => {
    const place = anyPlace();
    const store = await aStore({ ...place, durability });
    await aConnection(place).ask(() => run('alter table budgets rename to elsewhere'));
    await expect(reserve(store, [aCharge()])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await countOf(place)).toBe(0);
  });
});

test('several gateways together get exactly what the limit has room for', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const [first = 'full', last = first] = DURABILITIES;
  const granted = await Promise.all([first, last, first].map((durability) => spend(place, durability, 150)));
  expect(granted.reduce((sum, count) => sum + count, 0)).toBe(200);
  expect(await countOf(place)).toBe(200);
  expect(await reserve(store, [aCharge({ limit: 200 })])).toEqual({ refused: [0] });
});

test('every window and every bucket counts for itself', async () => {
  const store = await aStore(anyPlace());
  const { window } = aCharge();
  const others = [
    { bucket: '["other","agent.id/60s","claude"]' },
    { window: { startsMs: window.endsMs, endsMs: window.endsMs + 60_000 } },
  ];
  for (const other of [{}, ...others]) {
    expect(await reserve(store, [aCharge({ limit: 1, ...other })])).toEqual({ remaining: [0] });
    expect(await reserve(store, [aCharge({ limit: 1, ...other })])).toEqual({ refused: [0] });
  }
});

test('a limit that is lowered holds at once, one that is raised too', async () => {
  const store = await aStore(anyPlace());
  for (const limit of [10, 10]) await reserve(store, [aCharge({ limit })]);
  expect(await reserve(store, [aCharge({ limit: 2 })])).toEqual({ refused: [0] });
  expect(await reserve(store, [aCharge({ limit: 4 })])).toEqual({ remaining: [1] });
});

test('thousandths add up exactly', async () => {
  const store = await aStore(anyPlace());
  const tenth = aCharge({ cost: 0.1, limit: 1 });
  for (let left = 9; left >= 0; left -= 1) expect(await reserve(store, [tenth])).toEqual({ remaining: [left / 10] });
  expect(await reserve(store, [aCharge({ cost: 0.001, limit: 1 })])).toEqual({ refused: [0] });
});

test('windows are swept an hour after their end, and not before', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const { window } = aCharge();
  await reserve(store, [aCharge()]);
  const connection = aConnection(place);
  expect(await sweepBudgets(connection, window.endsMs + 3_599_999)).toBe(0);
  expect(await sweepBudgets(connection, window.endsMs + 3_600_000)).toBe(1);
});

function reserve(store: Store, charges: readonly Charge[]): Promise<object> {
  return store.log.commit(
    aRecord(),
    '{}',
    charges.map((charge) => ({ kind: 'take', charge })),
  );
}

async function countOf(place: AnyPlace): Promise<number> {
  const reader = new DecisionReader(place);
  const records = await reader.list({ limit: 1_000 });
  await reader.close();
  return records.length;
}

/** How often a process of its own could take it. */
async function spend(place: AnyPlace, durability: string, attempts: number): Promise<number> {
  const args = ['--import', loader, program, ...argumentsOf(place), durability, String(attempts)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return Number(await text(child.stdout));
}
