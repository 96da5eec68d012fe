import { afterAll, expect, test } from 'vitest';
import { type Change, isRefusal } from '../../src/core/change.ts';
import type { Charge } from '../../src/core/charge.ts';
import { createApprovalBook } from '../../src/state/approval-book.ts';
import { listBudgets } from '../../src/state/budget-list.ts';
import { sweepBudgets } from '../../src/state/budgets.ts';
import { makeChanges, type RowChanges } from '../../src/state/changes.ts';
import { createConversationStore } from '../../src/state/conversation-store.ts';
import { createGenerationStore } from '../../src/state/generation-store.ts';
import { MOST_LABELS, readLabels } from '../../src/state/labels.ts';
import { decisionRow } from '../../src/state/log-rows.ts';
import { PostgresConnection } from '../../src/state/postgres-connection.ts';
import type { Work } from '../../src/state/work.ts';
import { aCharge, aNewApproval, aRecord, aVote } from '../state/records.ts';
import { asSuperuser, freshDatabase } from './shared.ts';
import { until } from './waiting.ts';

/** Three replicas on one database. */
const url = await freshDatabase();
const replicas = [1, 2, 3].map(() => new PostgresConnection({ url, access: 'write', poolSize: 4 }));
afterAll(() => Promise.all(replicas.map((replica) => replica.close())));
const [first, second] = replicas as [PostgresConnection, PostgresConnection];

const NOW = Date.UTC(2026, 10, 22);
const HOUR_MS = 3_600_000;

/** Each change in a row of its own; answers how many rows were not refused. */
async function commit(replica: PostgresConnection, changes: readonly (readonly Change[])[]): Promise<number> {
  const rows = changes.map(() => decisionRow(aRecord({ time: new Date(NOW).toISOString() }), '{}', 'i'));
  const groups: readonly RowChanges[] = changes.map((of, row) => ({ row, changes: of }));
  const answers = await replica.change(() => makeChanges(rows, groups));
  return [...answers.values()].filter((answer) => !isRefusal(answer)).length;
}

function bucketOf(name: string): string {
  return JSON.stringify(['pace', name, 'claude']);
}

function takes(charge: Charge): readonly Change[] {
  return [{ kind: 'take', charge }];
}

/** By all replicas at once; answers the sum. */
async function raced(
  times: number,
  one: (replica: PostgresConnection, time: number) => Promise<number>,
): Promise<number> {
  let next = 0;
  let sum = 0;
  const runner = async (replica: PostgresConnection): Promise<void> => {
    while (next < times) {
      next += 1;
      const made = await one(replica, next);
      sum += made;
    }
  };
  await Promise.all(replicas.map(runner));
  return sum;
}

async function deadlocks(): Promise<number> {
  await asSuperuser('select pg_stat_clear_snapshot()');
  const name = new URL(url).pathname.slice(1);
  const [row] = await asSuperuser(`select deadlocks::int as count from pg_stat_database where datname = '${name}'`);
  return Number(row?.['count']);
}

test('of 10,000 attempts by three replicas on one budget exactly as many succeed as the limit lets', async () => {
  const group = Array.from({ length: 20 }, () => takes(aCharge({ bucket: bucketOf('raced'), limit: 3_333 })));
  expect(await raced(500, (replica) => commit(replica, group))).toBe(3_333);
  const [budget] = await listBudgets(first, Date.UTC(2100, 6));
  expect(budget).toMatchObject({ used: 3_333, limit: 3_333 });
});

test('groups that take from the same budgets in other orders never stop each other', async () => {
  const buckets = Array.from({ length: 12 }, (_, place) => bucketOf(`crossed ${place}`));
  const made = await raced(150, (replica, time) => {
    const inOrder = time % 2 === 0 ? buckets : buckets.toReversed();
    return commit(
      replica,
      inOrder.map((bucket) => takes(aCharge({ bucket, limit: 100 }))),
    );
  });
  expect(made).toBe(12 * 100);
  expect(await deadlocks()).toBe(0);
});

test('of two that open the same approval one does', async () => {
  const opened = await raced(60, (replica, time) => {
    const call = `call ${Math.floor(time / 6)}`;
    const approval = aNewApproval({ id: `d-${time}`, createdMs: NOW, expiresMs: NOW + 1 });
    const binding = { ...approval.binding, call };
    return commit(replica, [[{ kind: 'open_approval', approval: { ...approval, binding } }]]);
  });
  expect(opened).toBe(11);
});

test('an approval that needs two people has both votes however close they come, and each counts once', async () => {
  const book = createApprovalBook(first);
  for (const id of ['v-1', 'v-2', 'v-3', 'v-4', 'v-5']) {
    const approval = aNewApproval({ id, createdMs: NOW, expiresMs: NOW + HOUR_MS, quorum: 2 });
    const binding = { ...approval.binding, call: id };
    await commit(first, [[{ kind: 'open_approval', approval: { ...approval, binding } }]]);
    const answers = ['ana', 'Ana', 'bob'].map((person, place): Promise<number> => {
      const vote = aVote({ person, atMs: NOW });
      return commit(replicas[place] ?? first, [[{ kind: 'answer_approval', ref: { id, by: 'user' }, vote }]]);
    });
    expect((await Promise.all(answers)).reduce((sum, made) => sum + made, 0)).toBe(2);
    expect(await book.read({ id, by: 'user' }, NOW)).toMatchObject({ status: 'approved' });
  }
});

test('three replicas give a conversation no more labels than it may have', async () => {
  const attached = await raced(120, (replica, time) =>
    commit(replica, [
      [
        {
          kind: 'attach_label',
          label: { conversation: 'c', label: `l-${time}`, source: 's', attachedMs: NOW, expiresMs: NOW + HOUR_MS },
        },
      ],
    ]),
  );
  expect(attached).toBe(MOST_LABELS);
  expect(await readLabels(first, { conversation: 'c', agent: 'a' }, NOW)).toHaveLength(MOST_LABELS);
});

test('what three replicas count of one conversation is added up', async () => {
  const whose = { id: 'c', agent: 'claude', user: 'ana', client: 'test' };
  const agent = { ...whose, id: 'agent' };
  await raced(60, async (replica, time) => {
    const counted = [{ kind: 'call' as const, atMs: NOW, bytes: 1, tool: 'a/b', hash: String(time) }];
    const both = [
      { whose, counted },
      { whose: agent, counted },
    ];
    const inOrder = time % 2 === 0 ? both : both.toReversed();
    // Who counts waits briefly only, and tries again.
    for (;;) {
      const sums = await createConversationStore(replica)
        .add(inOrder)
        .catch(() => undefined);
      if (sums !== undefined) return 1;
    }
  });
  for (const id of ['c', 'agent']) {
    expect((await createConversationStore(first).read(id))?.tools).toEqual(new Map([['a/b', 60]]));
  }
});

test('replicas that put the same generation in force say so once', async () => {
  const facts = { bundles: [], required: [], evaluationFuel: 1, library: 'l', toolchain: 't' };
  const activate = (replica: PostgresConnection): Promise<void> =>
    createGenerationStore(replica).activate({ generation: 'g1', at: NOW, instance: 'i', why: 'start', facts });
  await Promise.all(replicas.flatMap((replica) => [activate(replica), activate(replica)]));
  expect(await createGenerationStore(first).activations(9)).toHaveLength(1);
});

test('a pause takes the place of another that begins at the same time', async () => {
  const pause = { sinceMs: NOW, untilMs: NOW + 1, actor: 'user:ana', reason: '' };
  expect(await raced(30, (replica) => commit(replica, [[{ kind: 'begin_pause', pause }]]))).toBe(30);
});

test('a budget that is charged again while what is over is removed keeps the charge', async () => {
  const window = { kind: 'sliding' as const, startsMs: NOW - HOUR_MS, endsMs: NOW };
  const charge = aCharge({ bucket: bucketOf('swept'), limit: 1, window });
  await commit(first, [takes(charge)]);
  const later = NOW + 100 * HOUR_MS;
  const again = aCharge({
    bucket: bucketOf('swept'),
    limit: 1,
    window: { ...window, startsMs: later - HOUR_MS, endsMs: later },
  });
  let isWaiting = false;
  const charging = second.change(function* (): Work<void> {
    yield* makeChanges([decisionRow(aRecord(), '{}', 'i')], [{ row: 0, changes: takes(again) }]);
    yield* until(() => isWaiting);
  });
  await locked();
  const sweeping = sweepBudgets(first, later);
  await waiting();
  isWaiting = true;
  await charging;
  await sweeping;
  expect(await commit(first, [takes(again)])).toBe(0);
});

async function locked(): Promise<void> {
  await eventually(`select 1 from pg_stat_activity where state = 'idle in transaction' or query like '%until%'`);
}

async function waiting(): Promise<void> {
  await eventually(`select 1 from pg_stat_activity where wait_event_type = 'Lock'`);
}

async function eventually(sql: string): Promise<void> {
  while ((await asSuperuser(sql)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}
