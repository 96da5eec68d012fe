import { describe, expect, it } from 'vitest';
import type { ObligationElement } from '../../src/core/opinion.ts';
import type { DecisionRecord } from '../../src/core/record.ts';
import { Agents } from '../../src/gateway/agents.ts';
import type { ToolCallRequest } from '../../src/gateway/port.ts';
import { type Trial, type Tried, tryCalls } from '../../src/gateway/trial.ts';
import type { Circumstances } from '../../src/gateway/trial-ports.ts';
import { aVerdict } from '../policy/decision-makers.ts';
import { silent } from '../state/records.ts';
import { aDirectory, aGateway, type Rules, Scripted } from './a-gateway.ts';
import { aCaller, ENVIRONMENT, LABELS, NOW, RESULTS } from './makers.ts';
import { aScriptedServer } from './scripted-server.ts';

const SCRIPT = { tools: [{ name: 'read', inputSchema: { type: 'object' } }] };
const ANSWER = { content: [{ type: 'text', text: 'done' }] };
const FIRST: Circumstances = { nowMs: NOW, context: {}, labels: [], budgets: {}, approvals: [] };
const CALL: ToolCallRequest = {
  method: 'tools/call',
  name: 'files__read',
  args: { path: 'a' },
  meta: { model: 'm' },
  answers: undefined,
  task: undefined,
};

async function tried(
  rules: Rules,
  circumstances: Partial<Circumstances> = {},
  more: Partial<Trial> = {},
): Promise<Tried> {
  const server = aScriptedServer(SCRIPT);
  const options = { servers: { files: SCRIPT }, toolNames: 'prefixed' } as const;
  const tryCall = tryCalls({
    policy: new Scripted(rules),
    directory: await aDirectory(['files'], () => server, options),
    agents: new Agents(new Map()),
    check: () => ({ kind: 'valid' }),
    results: RESULTS,
    labels: LABELS,
    approvalTimeoutMs: 60_000,
    logger: silent,
  });
  const { args, meta } = CALL;
  const call = {
    caller: aCaller(),
    server: 'files',
    tool: 'read',
    args,
    meta,
    environment: ENVIRONMENT,
    answer: ANSWER,
  };
  return tryCall({ ...call, circumstances: { ...FIRST, ...circumstances }, ...more });
}

async function governed(rules: Rules): Promise<readonly DecisionRecord[]> {
  const answers = { 'tools/call': () => ({ kind: 'result', result: ANSWER }) as const };
  const world = await aGateway({ servers: { files: { ...SCRIPT, answers } }, rules, toolNames: 'prefixed' });
  await world.ask(CALL);
  return world.records;
}

/** What the decision itself is made of, less when and under which name it was made. */
function substance(record: DecisionRecord | undefined): object | undefined {
  if (record === undefined) return undefined;
  const { action, server, tool, effect, reasons, reason_internal, matched_rules, lifted } = record;
  const { layers, obligations, input, budgets } = record;
  const { own, carries } = record.combine;
  const decided = { action, server, tool, effect, reasons, reason_internal, matched_rules, lifted };
  return { ...decided, layers, obligations, input, budgets, own, carries };
}

function obliging(obligation: Readonly<Record<string, unknown>>): Rules {
  return { obliges: [{ id: 'CO-9', mode: 'enforce', advice: false, ...obligation } as ObligationElement] };
}

const RATE = obliging({ type: 'rate_limit', key: ['agent.id'], limit: 3, window_s: 60 });
const APPROVAL = obliging({ type: 'require_approval', by: 'group:owners', quorum: 2, ttl_s: 0, remember: 'never' });

describe('a call that is tried', () => {
  it.each<[string, Rules]>([
    ['allowed', {}],
    ['denied', { denies: () => true }],
    ['hidden', { hides: () => true }],
    ['out of scope', { grants: ['other'] }],
    ['in doubt', { isInDoubt: true }],
    ['labelled', { labels: () => ['seen'] }],
    ['limited', RATE],
    ['waiting', APPROVAL],
    ['judged by its result', { ofResults: () => ({ deny: [] }) }],
  ])('is decided as the gateway decides it when it is %s', async (_, rules) => {
    const [call, result] = await governed(rules);
    const { record, resultRecord } = await tried(rules);
    expect(substance(record)).toEqual(substance(call));
    expect(substance(resultRecord)).toEqual(substance(result));
  });

  it('of a tool that is not there is denied', async () => {
    const { record } = await tried({}, {}, { tool: 'write' });
    expect(record).toMatchObject({ effect: 'deny', reasons: ['gateway.unknown_tool'], reason_internal: '' });
  });

  it.each([
    [2, 'allow', []],
    [3, 'deny', ['gateway.counter.agent.id/60s']],
  ] as const)('with %i of 3 calls used is decided %s', async (used, effect, reasons) => {
    const { record } = await tried(RATE, { budgets: { 'compliance/CO-9': used } });
    expect(record).toMatchObject({ effect, reasons });
  });

  it.each([
    ['nobody', [], 'pending'],
    ['one of two people', [{ by: 'group:owners', people: ['ana'], verdict: 'approve' }], 'pending'],
    ['two people', [{ by: 'group:owners', people: ['ana', 'ben'], verdict: 'approve' }], 'allow'],
    ['two others', [{ by: 'user', people: ['ana', 'ben'], verdict: 'approve' }], 'pending'],
    ['one who refuses', [{ by: 'group:owners', people: ['ana'], verdict: 'deny' }], 'deny'],
  ] as const)('that %s has answered is decided so', async (_, approvals, effect) => {
    expect((await tried(APPROVAL, { approvals })).record.effect).toBe(effect);
  });

  it('reads the conversation as it is stated, and the rest as at a first call', async () => {
    const { record } = await tried(
      {},
      {
        context: { calls_in_a_row: 7, agent: { turn_count: 9 } },
        labels: [{ label: 'seen', source: 'a/B-1', ageMs: 5_000 }],
      },
    );
    expect(record.input).toMatchObject({
      context: {
        calls_in_a_row: 7,
        turn_count: 1,
        labels: [{ label: 'seen', source: 'a/B-1', age_seconds: 5 }],
        agent: { calls_in_a_row: 7, turn_count: 9 },
      },
      claims: { model: 'm', present: ['model'] },
      environment: { time_ms: NOW },
    });
  });

  it('gets the answer that is stated, less what policy takes out', async () => {
    const withheld: Rules = { ofResults: () => ({ deny: [aVerdict('CO-4', { reason: 'not_this' })] }) };
    const { answer, resultRecord } = await tried(withheld);
    expect(resultRecord?.reasons).toEqual(['not_this']);
    expect(JSON.stringify(answer)).toContain('its result is kept back');
    expect(JSON.stringify((await tried({})).answer)).toContain('done');
  });

  it('leaves nothing behind for the next one', async () => {
    const first = await tried({ denies: () => true });
    const again = await tried({ denies: () => true });
    expect(substance(again.record)).toEqual(substance(first.record));
  });
});
