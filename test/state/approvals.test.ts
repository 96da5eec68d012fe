import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { type ApprovalUse, isRefusal, type Change } from '../../src/core/change.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import type { Store } from '../../src/state/store.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aCharge, aHold, aNewApproval, anAct, anOutcome, anApprovalUse, aRecord, aVote } from './records.ts';
import { anyPlace, argumentsOf, aStore } from './support.ts';

const REF = { id: 'd-1', by: 'user' };

/** Whether the change was made. */
async function make({ log }: Store, change: Change): Promise<boolean> {
  return !isRefusal(await log.act(anAct(), [change]));
}

const open = (part: Partial<ReturnType<typeof aNewApproval>> = {}): Change => ({
  kind: 'open_approval',
  approval: aNewApproval(part),
});
const approve = (part: Partial<ReturnType<typeof aVote>> = {}): Change => ({
  kind: 'answer_approval',
  ref: REF,
  vote: aVote(part),
});
const use = (part: Parameters<typeof anApprovalUse>[0] = {}): Change => ({
  kind: 'use_approval',
  use: anApprovalUse(part),
});

test('of one call there is at most one approval that is open, given or refused', async () => {
  const store = await aStore(anyPlace());
  expect(await make(store, open())).toBe(true);
  expect(await make(store, open({ id: 'd-2' }))).toBe(false);
  expect(await make(store, open({ id: 'd-2', by: 'group:leads' }))).toBe(true);
  await make(store, approve());
  expect(await make(store, open({ id: 'd-3' }))).toBe(false);
  expect(await make(store, open({ id: 'd-3', createdMs: 1_000, expiresMs: 2_000 }))).toBe(true);
});

test('a call that did not go out gives its approval back, and one that did does not', async () => {
  const store = await aStore(anyPlace());
  await make(store, open());
  await make(store, approve());
  for (const [status, left] of [
    ['not_forwarded', 'approved'],
    ['unknown', 'used'],
  ] as const) {
    const record = aRecord();
    expect(isRefusal(await store.log.commit(record, '{}', [use({ decision: record.id })]))).toBe(false);
    store.log.settle({ ...anOutcome(record.id), status });
    await store.log.flush();
    expect(await store.approvals.read(REF, 0)).toMatchObject({ status: left });
  }
});

test.for([true, false])(
  'a call that did not go out leaves nothing of what it took (charged: %s)',
  async (isCharged) => {
    const store = await aStore(anyPlace());
    await make(store, open());
    await make(store, approve());
    const charges = [aCharge(), aHold({ bucket: 'held' }), aHold({ bucket: 'used' }, { settleFrom: '' })];
    const takes = isCharged ? charges.map((charge) => ({ kind: 'take', charge }) as const) : [];
    const left = async (): Promise<readonly number[]> => {
      const counts = await store.readCounts(charges);
      return counts.map((count) => (count?.used ?? 0) + (count?.reserved ?? 0));
    };
    const given = await store.approvals.read(REF, 0);
    for (const times of [1, 2]) {
      const record = aRecord();
      await store.log.commit(record, '{}', [...takes, use({ decision: record.id })]);
      for (let said = 0; said < times; said += 1)
        store.log.settle({ ...anOutcome(record.id), status: 'not_forwarded' });
      await store.log.flush();
      expect(await store.approvals.read(REF, 0)).toEqual(given);
      expect(await left()).toEqual([0, 0, 0]);
    }
  },
);

test('a round of questions that did not go out can be tried again, once', async () => {
  const store = await aStore(anyPlace());
  await make(store, open());
  await make(store, approve());
  const goes = async (status: 'ok' | 'not_forwarded', how: ApprovalUse['how']): Promise<boolean> => {
    const record = aRecord();
    if (isRefusal(await store.log.commit(record, '{}', [use({ decision: record.id, how })]))) return false;
    store.log.settle({ ...anOutcome(record.id), status });
    await store.log.flush();
    return true;
  };
  expect(await goes('ok', { kind: 'once' })).toBe(true);
  expect(await goes('not_forwarded', { kind: 'round', round: 1 })).toBe(true);
  expect(await goes('ok', { kind: 'round', round: 1 })).toBe(true);
  expect(await goes('ok', { kind: 'round', round: 1 })).toBe(false);
  expect(await goes('not_forwarded', { kind: 'round', round: 2 })).toBe(true);
  expect(await store.approvals.read(REF, 0)).toMatchObject({ status: 'used', uses: 1, round: 1 });
});

test('what is remembered and was used up all the same is given back by a call that did not go out', async () => {
  const store = await aStore(anyPlace());
  await make(store, open({ remember: 'session' }));
  await make(store, approve());
  const record = aRecord();
  await store.log.commit(record, '{}', [use({ decision: record.id })]);
  store.log.settle({ ...anOutcome(record.id), status: 'not_forwarded' });
  await store.log.flush();
  expect(await store.approvals.read(REF, 0)).toMatchObject({ status: 'approved', uses: 0 });
});

test('what stands in the way of another approval is found, also after a clock was put back', async () => {
  const store = await aStore(anyPlace());
  for (let used = 0; used < 9; used += 1) {
    const ref = { id: `later-${used}`, by: 'user' };
    await make(store, open({ ...ref, createdMs: 5_000 + used, expiresMs: 6_000 }));
    await make(store, { kind: 'answer_approval', ref, vote: aVote({ atMs: 5_000 }) });
    expect(await make(store, use({ ref, nowMs: 5_000 }))).toBe(true);
  }
  expect(await make(store, open())).toBe(true);
  const { call, tool, conversation } = aNewApproval().binding;
  const found = await store.approvals.find({ call, tool, conversation, by: 'user', nowMs: 0 });
  expect(found.map(({ id }) => id)).toContain('d-1');
});

test('a decision that uses two approvals uses both or none', async () => {
  const store = await aStore(anyPlace());
  await make(store, open());
  await make(store, open({ by: 'group:leads' }));
  await make(store, approve());
  const both = [use(), use({ ref: { ...REF, by: 'group:leads' } })];
  expect(isRefusal(await store.log.commit(aRecord(), '{}', both))).toBe(true);
  expect(await store.approvals.read(REF, 0)).toMatchObject({ status: 'approved' });
});

test('nobody counts twice towards a quorum by another spelling of the name', async () => {
  const store = await aStore(anyPlace());
  await make(store, open({ quorum: 2 }));
  expect(await make(store, approve({ person: 'ben' }))).toBe(true);
  for (const person of ['Ben', ' ben', 'ｂｅｎ']) expect(await make(store, approve({ person }))).toBe(false);
  expect(await make(store, approve({ person: 'BEN', verdict: 'deny' }))).toBe(true);
  expect(await store.approvals.read(REF, 0)).toMatchObject({ status: 'denied', votes: [{ person: 'ben' }] });
});

test('a key that is revoked before its answer is recorded answers nothing', async () => {
  const store = await aStore(anyPlace());
  const key = {
    id: 'k1',
    role: 'approver',
    hash: 'abc',
    user: 'ana',
    groups: [],
    agent: '',
    dataClasses: [],
    createdMs: 5,
  } as const;
  await make(store, { kind: 'add_key', key });
  await make(store, open({ quorum: 2 }));
  expect(await make(store, approve({ person: 'ben', key: 'k1' }))).toBe(true);
  await make(store, { kind: 'revoke_key', id: 'k1', atMs: 9 });
  expect(await make(store, approve({ key: 'k1' }))).toBe(false);
  expect(await store.approvals.read(REF, 0)).toMatchObject({ status: 'pending' });
});

type Step = 'call' | 'approve' | 'deny' | 'open' | 'end';
const STEPS = fc.array(fc.constantFrom<Step>('call', 'approve', 'deny', 'open', 'end'), { maxLength: 14 });

test('whatever people and calls do in whatever order, no more calls run than were approved', async () => {
  const store = await aStore(anyPlace());
  let scene = 0;
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      scene += 1;
      const tally = { ran: 0, approved: 0, opened: 0 };
      let nowMs = 0;
      const current = (): { id: string; by: string } => ({ id: `s-${scene}-${tally.opened}`, by: 'user' });
      const does: Readonly<Record<Step, () => Promise<void>>> = {
        open: async () => {
          const id = `s-${scene}-${tally.opened + 1}`;
          const binding = { call: `call ${scene}`, tool: 'tool', conversation: 's1' };
          if (await make(store, open({ id, binding, createdMs: nowMs, expiresMs: nowMs + 100 }))) tally.opened += 1;
        },
        call: async () => {
          const tried = [1, 2, 3].map(() => make(store, use({ ref: current(), nowMs })));
          tally.ran += (await Promise.all(tried)).filter(Boolean).length;
        },
        approve: async () => {
          const change = { kind: 'answer_approval', ref: current(), vote: aVote({ atMs: nowMs }) } as const;
          if (await make(store, change)) tally.approved += 1;
        },
        deny: async () => {
          const vote = aVote({ verdict: 'deny', atMs: nowMs });
          await make(store, { kind: 'answer_approval', ref: current(), vote });
        },
        end: async () => void (nowMs += 100),
      };
      for (const step of steps) await does[step]();
      expect(tally.ran).toBeLessThanOrEqual(tally.approved);
    }),
    { numRuns: 30 },
  );
});

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('./approved-caller.ts', import.meta.url));

test('several processes that make the approved call run it once', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  await make(store, open());
  await make(store, approve());
  const callers = [1, 2, 3].map(() => {
    const args = ['--import', loader, program, ...argumentsOf(place)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    return once(child, 'close').then(() => Number(said));
  });
  expect((await Promise.all(callers)).reduce((sum, ran) => sum + ran, 0)).toBe(1);
  const reader = new DecisionReader(place);
  expect(await reader.list({ limit: 10 })).toHaveLength(1);
  await reader.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
});

test('it is seen how much a person answers, and how fast', async () => {
  const store = await aStore(anyPlace());
  const hourMs = 60 * 60 * 1000;
  const waits = [2_000, 4_000, 60_000];
  for (const [index, waitedMs] of waits.entries()) {
    const ref = { id: `f-${index}`, by: 'user' };
    const createdMs = hourMs * 2;
    const binding = { call: ref.id, tool: 'tool', conversation: 's1' };
    await make(store, open({ ...ref, binding, createdMs, expiresMs: createdMs + hourMs }));
    await make(store, { kind: 'answer_approval', ref, vote: aVote({ atMs: createdMs + waitedMs }) });
  }
  expect(await store.approvals.answering(hourMs * 2 + 120_000)).toEqual([
    { person: 'ana', answers: 3, medianSeconds: 4, approved: 3 },
  ]);
  expect(await store.approvals.answering(hourMs * 4)).toEqual([]);
});

test('a key is kept as a hash, is listed, and can be revoked once', async () => {
  const store = await aStore(anyPlace());
  const key = {
    id: 'k1',
    role: 'approver',
    hash: 'abc',
    user: 'dana',
    groups: ['leads'],
    agent: '',
    dataClasses: [],
    createdMs: 5,
  } as const;
  expect(await make(store, { kind: 'add_key', key })).toBe(true);
  expect(await make(store, { kind: 'revoke_key', id: 'k1', atMs: 9 })).toBe(true);
  expect(await make(store, { kind: 'revoke_key', id: 'k1', atMs: 9 })).toBe(false);
  expect(await store.keys()).toEqual([{ ...key, revokedMs: 9 }]);
});
