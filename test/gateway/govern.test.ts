import { expect, test } from 'vitest';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Resumed } from '../../src/gateway/dialogue.ts';
import { type Allowed, type Asked, govern, type Recorded, type Steps } from '../../src/gateway/govern.ts';
import { NOTHING_RECALLED } from '../../src/gateway/recall.ts';
import type { ToolRoute } from '../../src/gateway/tool-route.ts';
import { aCaller, aDecision, aDenial, anExchange, aRoute, aRuling } from './makers.ts';

const ASKED: Asked<string> = { request: 'read', caller: aCaller(), exchange: anExchange() };
const RESUMED: Resumed = { kind: 'parked', id: 'p', responses: {}, round: 1 };
const ARGS = { value: {}, bytes: 2, hash: 'x' };

type ToolSteps = Steps<string, ToolRoute>;

test('an allowed request is recorded, then forwarded, then settled, then answered', async () => {
  const { told, steps } = steadySteps();
  expect(await govern(ASKED, steps)).toEqual(answer('the result'));
  expect(told).toEqual(['resolve', 'open', 'recall', 'decide', 'record', 'forward', 'judge', 'settle', 'answer']);
});

test('the record is committed before anything is forwarded', async () => {
  const { told, steps } = steadySteps();
  let commit: (recorded: Recorded) => void = () => undefined;
  const asked = govern(ASKED, { ...steps, record: () => new Promise((committed) => (commit = committed)) });
  await new Promise((turn) => setTimeout(turn, 10));
  expect(told).not.toContain('forward');
  commit({ ruling: aRuling(), recordUs: 5 });
  await asked;
  expect(told).toContain('forward');
});

test.for([
  { name: 'a denied request', decision: aDenial(), steps: ['refuse'] },
  { name: 'a pending request', decision: aDecision({ effect: 'pending' }), steps: ['seek', 'refuse'] },
])('$name is recorded and never forwarded', async ({ decision, steps: last }) => {
  const { told, steps } = steadySteps();
  const refused = await govern(ASKED, { ...steps, decide: () => aRuling(decision) });
  expect(refused).toEqual(answer('refused'));
  expect(told).toEqual(['resolve', 'open', 'recall', 'record', ...last]);
});

test('a request that somebody has approved meanwhile is decided and recorded anew', async () => {
  const { told, steps } = steadySteps();
  const rulings = [aRuling(aDecision({ effect: 'pending' })), aRuling()];
  const waited: (readonly string[])[] = [];
  const answered = await govern(ASKED, {
    ...steps,
    decide: () => rulings.shift() ?? aRuling(aDenial()),
    record: async (ruling, { progress }) => {
      waited.push(progress.waitedFor);
      return { ruling, recordUs: 5 };
    },
    seekApproval: async (_ruling, { progress }) => {
      return { kind: 'answered', progress: { ...progress, waitedFor: ['approval'] } };
    },
  });
  expect(answered).toEqual(answer('the result'));
  expect(waited).toEqual([[], ['approval']]);
  expect(told.filter((step) => step === 'resolve')).toHaveLength(2);
});

test('a request that cannot be recorded goes nowhere', async () => {
  const { told, steps } = steadySteps();
  const refused = await govern(ASKED, { ...steps, record: () => Promise.reject(new Error('disk full')) });
  expect(refused).toEqual(answer('unrecorded'));
  expect(told).not.toContain('forward');
});

test('an allow that becomes a denial while it is recorded is never forwarded', async () => {
  const { told, steps } = steadySteps();
  const refused = await govern(ASKED, {
    ...steps,
    record: async () => ({ ruling: aRuling(aDenial('gateway.counter.agent.id/60s', '')), recordUs: 5 }),
    refuse: (_asked, { decision }) => answer(decision.reasons.join(' ')),
  });
  expect(refused).toEqual(answer('gateway.counter.agent.id/60s'));
  expect(told).not.toContain('forward');
});

test('a target that was not found is never forwarded, whatever the decision', async () => {
  const { told, steps } = steadySteps();
  const denial = { reason: 'gateway.unknown_tool', internal: '', rules: [], params: {} };
  await govern(ASKED, { ...steps, resolve: async () => ({ kind: 'unknown', denial }) });
  expect(told).not.toContain('forward');
});

test('a state that is none of ours is refused before anything is decided', async () => {
  const { told, steps } = steadySteps();
  const refused = await govern(ASKED, { ...steps, open: () => ({ kind: 'stale' }) });
  expect(refused).toMatchObject({ kind: 'failure', error: { code: -32602 } });
  expect(told).toEqual(['resolve']);
});

test('a request that goes on is decided and recorded anew', async () => {
  const { told, steps } = steadySteps();
  const from: (Resumed | undefined)[] = [];
  const forward = async (allowed: Allowed<string, ToolRoute>): ReturnType<ToolSteps['forward']> => {
    from.push(allowed.resumed);
    if (allowed.resumed === undefined) await allowed.again(RESUMED);
    return steps.forward(allowed);
  };
  await govern(ASKED, { ...steps, forward });
  expect(from).toEqual([undefined, RESUMED]);
  expect(told.filter((step) => step === 'decide' || step === 'record')).toEqual([
    'decide',
    'record',
    'decide',
    'record',
  ]);
});

function steadySteps(): { readonly told: string[]; readonly steps: ToolSteps } {
  const told: string[] = [];
  const tell = <T>(step: string, value: T): T => {
    told.push(step);
    return value;
  };
  return {
    told,
    steps: {
      resolve: async () => tell('resolve', { kind: 'found', route: aRoute(), args: ARGS, isSchemaChecked: true }),
      open: () => tell('open', { kind: 'anew' }),
      recall: async () => tell('recall', NOTHING_RECALLED),
      decide: () => tell('decide', aRuling()),
      confirm: async () => tell('confirm', undefined),
      record: async (ruling) => tell('record', { ruling, recordUs: 5 }),
      seekApproval: async () => tell('seek', { kind: 'waits' }),
      forward: async () => tell('forward', { kind: 'answered', status: 'ok', ms: 1, answer: answer('the result') }),
      judge: async (_allowed, forwarded) => tell('judge', forwarded),
      settle: () => tell('settle', undefined),
      answer: (_allowed, forwarded) =>
        tell('answer', forwarded.kind === 'answered' ? forwarded.answer : answer('failed')),
      refuse: () => tell('refuse', answer('refused')),
      refuseUnrecorded: () => tell('refuse', answer('unrecorded')),
    },
  };
}

function answer(text: string): RpcAnswer {
  return { kind: 'result', result: { content: [{ type: 'text', text }] } };
}
