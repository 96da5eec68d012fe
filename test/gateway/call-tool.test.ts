import { expect, test } from 'vitest';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { type CallSteps, callTool, type ToolCall } from '../../src/gateway/call-tool.ts';
import { aCaller, aDecision, aDenial, anExchange, aRoute, aRuling } from './makers.ts';

const CALL: ToolCall = { request: { name: 'read', args: {}, meta: {} }, caller: aCaller(), exchange: anExchange() };

test('an allowed call is recorded, then forwarded, then settled, then answered', async () => {
  const { told, steps } = steadySteps();
  expect(await callTool(CALL, steps)).toEqual(answer('the result'));
  expect(told).toEqual(['resolve', 'decide', 'record', 'forward', 'settle', 'answer']);
});

test('the record is committed before anything is forwarded', async () => {
  const { told, steps } = steadySteps();
  let commit: (us: number) => void = () => undefined;
  const called = callTool(CALL, { ...steps, record: () => new Promise((committed) => (commit = committed)) });
  await new Promise((turn) => setTimeout(turn, 10));
  expect(told).not.toContain('forward');
  commit(5);
  await called;
  expect(told).toContain('forward');
});

test.for([
  { name: 'a denied call', decision: aDenial() },
  { name: 'a pending call', decision: aDecision({ effect: 'pending' }) },
])('$name is recorded and never forwarded', async ({ decision }) => {
  const { told, steps } = steadySteps();
  const refused = await callTool(CALL, { ...steps, decide: () => aRuling(decision) });
  expect(refused).toEqual(answer('refused'));
  expect(told).toEqual(['resolve', 'record', 'refuse']);
});

test('a call that cannot be recorded is not made', async () => {
  const { told, steps } = steadySteps();
  const refused = await callTool(CALL, { ...steps, record: () => Promise.reject(new Error('disk full')) });
  expect(refused).toEqual(answer('unrecorded'));
  expect(told).not.toContain('forward');
});

test('a target that was not found is never forwarded, whatever the decision', async () => {
  const { told, steps } = steadySteps();
  await callTool(CALL, { ...steps, resolve: async () => ({ kind: 'unknown', name: 'nope' }) });
  expect(told).not.toContain('forward');
});

function steadySteps(): { readonly told: string[]; readonly steps: CallSteps } {
  const told: string[] = [];
  const tell = <T>(step: string, value: T): T => {
    told.push(step);
    return value;
  };
  return {
    told,
    steps: {
      resolve: async () => tell('resolve', { kind: 'found', route: aRoute(), isSchemaChecked: true }),
      decide: () => tell('decide', aRuling()),
      record: async () => tell('record', 5),
      forward: async () => tell('forward', { kind: 'answered', status: 'ok', ms: 1, answer: answer('the result') }),
      settle: () => tell('settle', undefined),
      answer: (_call, _ruling, forwarded) =>
        tell('answer', forwarded.kind === 'answered' ? forwarded.answer : answer('failed')),
      refuse: () => tell('refuse', answer('refused')),
      refuseUnrecorded: () => tell('refuse', answer('unrecorded')),
    },
  };
}

function answer(text: string): RpcAnswer {
  return { kind: 'result', result: { content: [{ type: 'text', text }] } };
}
