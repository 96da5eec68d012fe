import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { createClassifier } from '../../src/gateway/data-classes.ts';
import type { Caller } from '../../src/gateway/port.ts';
import { anObligation } from '../policy/decision-makers.ts';
import { aGateway, type Rules } from './a-gateway.ts';
import { answered, CALL, CARD, decisionIn, DENIES, resultOf, textOf } from './judged-calls.ts';
import { aCaller, NOW } from './makers.ts';

test('where nobody governs results, a call is one record and its result comes as it is', async () => {
  const { world, result } = await answered({});
  expect(result).toMatchObject(CARD);
  expect(world.records).toHaveLength(1);
});

test('a decision on a result is a record of its own, which names the call and reads what came back', async () => {
  const inputs: PolicyInput[] = [];
  const ofResults = (input: PolicyInput): Record<string, never> => {
    inputs.push(input);
    return {};
  };
  const { world, result } = await answered({ ofResults });
  expect(result).toMatchObject(CARD);
  const [call, ofResult] = world.records;
  expect(ofResult).toMatchObject({
    action: 'tool_result',
    call: call?.id,
    effect: 'allow',
    server: 'files',
    tool: 'read',
  });
  expect(inputs[0]?.action).toMatchObject({
    type: 'tool_result',
    args: { path: 'a' },
    result: {
      bytes: Buffer.byteLength(JSON.stringify(CARD)),
      content_types: ['text'],
      data_classes: { card_number: 2 },
      is_cut: false,
      is_error: false,
      structured: CARD.structuredContent,
      text: 'Card 4111 1111 1111 1111.',
    },
  });
});

test('the classes of data that its arguments hold are said of the result, too', async () => {
  const inputs: PolicyInput[] = [];
  const classifier = createClassifier([{ kind: 'pointer', class: 'path', pointer: '/path' }]);
  await answered({ ofResults: (input) => (inputs.push(input), {}) }, CARD, { results: { classifier } });
  expect(inputs.map(({ action }) => [action.type, action.data_classes_referenced])).toEqual([
    ['tool_result', ['path']],
  ]);
});

test('an error of the protocol is a result, too', async () => {
  const failure: RpcAnswer = {
    kind: 'failure',
    error: { code: -32000, message: 'no row', data: { iban: 'DE89370400440532013000' } },
  };
  const inputs: PolicyInput[] = [];
  const { result } = await answered({ ofResults: (input) => (inputs.push(input), DENIES) }, failure);
  expect(inputs[0]?.action.result).toMatchObject({ is_error: true, data_classes: { iban: 1 } });
  expect(JSON.stringify(result)).not.toContain('DE89');
});

test('what is too long for policy is cut, and said to be', async () => {
  const inputs: PolicyInput[] = [];
  const long = { content: [{ type: 'text', text: 'x'.repeat(70_000) }], structuredContent: { a: 'y'.repeat(70_000) } };
  await answered({ ofResults: (input) => (inputs.push(input), {}) }, long);
  const { is_cut, text, structured } = inputs[0]?.action.result ?? { is_cut: false, text: '', structured: {} };
  expect([is_cut, text.length, structured]).toEqual([true, 65_536, {}]);
});

const FOLLOWS_TASKS: Caller = {
  ...aCaller(),
  capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

test.for<JsonObject>([
  { resultType: 'task', ...CARD },
  { resultType: 'task', taskId: 't1', result: CARD, ...CARD },
  { task: {}, structuredContent: CARD.structuredContent },
  { task: { result: CARD } },
  { task: {}, result: CARD, error: CARD },
])('a server does not get a result past the rules by calling it something else: %o', async (said) => {
  const { result } = await answered({ ofResults: () => DENIES }, said, { caller: FOLLOWS_TASKS });
  expect(JSON.stringify(result)).not.toContain('4111');
});

test.for<JsonObject>([
  { content: 'Card 4111 1111 1111 1111.' },
  { content: ['Card 4111 1111 1111 1111.'] },
  { content: [{ type: 'text', text: ['Card 4111 1111 1111 1111.'] }] },
  { content: [{ type: 'resource', resource: { uri: 'file:///a', text: { card: '4111 1111 1111 1111' } } }] },
])('content in a form that nobody knows is said not to be read whole: %o', async (said) => {
  const inputs: PolicyInput[] = [];
  await answered({ ofResults: (input) => (inputs.push(input), {}) }, said);
  expect(inputs[0]?.action.result).toMatchObject({ is_cut: true, text: '' });
});

describe('a withheld result', () => {
  test('tells the agent that the call ran and must not be repeated, and nothing of what came', async () => {
    const { world, result } = await answered({ ofResults: () => DENIES });
    const [, ofResult] = world.records;
    expect(textOf(result)).toMatch(/^Withheld: the call of the tool read ran, but its result is kept back\./);
    expect(textOf(result)).toContain('Do not make the same call again: it has run');
    expect(textOf(result)).toContain(`Decision ${ofResult?.id ?? '?'}`);
    expect(result).toMatchObject({ isError: true, structuredContent: { allow: false, reasons: ['card_data'] } });
    expect(JSON.stringify(result)).not.toContain('4111');
    expect(world.outcomes).toMatchObject([{ id: world.records[0]?.id, status: 'ok', withheld: true }]);
  });

  test('of a tool with an output schema has no structured content: clients check it, even of errors', async () => {
    const { result } = await answered({ ofResults: () => DENIES }, CARD, {
      tool: { outputSchema: { type: 'object' } },
    });
    expect(result).not.toHaveProperty('structuredContent');
    expect(decisionIn(result)).toMatchObject({ reasons: ['card_data'] });
  });

  test.for([
    { name: 'the decision on it cannot be committed', rules: { ofResults: () => ({}) } },
    { name: 'the labels that its server claims cannot be', rules: {} },
  ])('is what the agent is told of where $name', async ({ rules }) => {
    const commit = ({ action }: { readonly action: string }): void => {
      if (action === 'tool_result') throw new Error('disk full');
    };
    const { world, result } = await answered(rules, { ...CARD, _meta: { 'mcp-gateway/labels': ['pii'] } }, { commit });
    expect(decisionIn(result)).toMatchObject({ reasons: ['gateway.audit_unavailable'] });
    expect(JSON.stringify(result)).not.toContain('4111');
    expect(world.changes).toEqual([]);
    expect(world.outcomes).toMatchObject([{ status: 'ok', withheld: true }]);
  });

  test('is what is left where a rule cannot be carried out, or the phase of results fails', async () => {
    const asks = anObligation({ type: 'require_approval', by: 'user', quorum: 1, ttl_s: 0, remember: 'never' });
    const { result } = await answered({ ofResults: () => ({ obligations: [asks] }) });
    expect(decisionIn(result)).toMatchObject({ reasons: ['gateway.obligation_unknown.require_approval'] });
    const throws = (): never => {
      throw new Error('a bug');
    };
    const broken = await answered({ ofResults: throws });
    expect(decisionIn(broken.result)).toMatchObject({ reasons: ['gateway.error.result'] });
    expect(JSON.stringify(broken.result)).not.toContain('4111');
  });
});

describe('redaction', () => {
  const redacts = (target: string, ...pointers: readonly string[]) =>
    anObligation({ type: 'redact', target, pointers });

  test.for<readonly [string, Rules]>([
    ['the call', { obliges: [redacts('result', '/structuredContent/card')] }],
    ['the result', { ofResults: () => ({ obligations: [redacts('result', '/structuredContent/card')] }) }],
  ])('of a rule about %s takes place before the answer leaves', async ([, rules]) => {
    const { world, result } = await answered(rules);
    expect(result['structuredContent']).toEqual({ card: '[redacted]' });
    expect(JSON.stringify(result)).not.toContain('4111');
    expect(world.outcomes).toMatchObject([{ withheld: false }]);
  });

  test('of everything withholds the result', async () => {
    const { world, result } = await answered({ obliges: [redacts('result', '')] });
    expect(decisionIn(result)).toMatchObject({ reasons: ['gateway.result_redacted'] });
    expect(JSON.stringify(result)).not.toContain('4111');
    expect(world.outcomes).toMatchObject([{ withheld: true }]);
  });

  test('that breaks the output schema leaves the text, as that of a failure: clients would throw otherwise', async () => {
    const options = { tool: { outputSchema: { type: 'object' } }, results: { fitsOutput: async () => false } };
    const { result } = await answered({ obliges: [redacts('result', '/structuredContent/card')] }, CARD, options);
    expect(result).not.toHaveProperty('structuredContent');
    expect(result['isError']).toBe(true);
    expect(textOf(result)).toMatch(/The call ran\. .* Do not make the same call again\.$/);
    expect(JSON.stringify(result)).not.toContain('4111');
  });

  test('holds for what resources and prompts give, and for errors', async () => {
    const contents = [{ uri: 'file:///a', text: 'secret' }];
    const world = await aGateway({
      servers: {
        files: {
          resources: [{ uri: 'file:///a', name: 'a' }],
          answers: {
            'resources/read': () => ({ kind: 'result', result: { contents } }),
            'tools/call': () => ({
              kind: 'failure',
              error: { code: -1, message: 'of Lovelace', data: { who: 'Lovelace', at: 1 } },
            }),
          },
          tools: [{ name: 'read', inputSchema: { type: 'object' } }],
        },
      },
      rules: { obliges: [redacts('result', '/contents/*/text', '/data/who')] },
    });
    const read = await world.ask({ method: 'resources/read', uri: 'file:///a', meta: {}, answers: undefined });
    expect(resultOf(read)).toMatchObject({ contents: [{ text: '[redacted]' }] });
    expect(resultOf(await world.ask(CALL))).toMatchObject({
      error: { message: expect.stringMatching(/^\[redacted: /) as string, data: { who: '[redacted]', at: 1 } },
    });
  });
});

test('a warning about a result stands beside it', async () => {
  const warns = anObligation({ id: 'CO-W', type: 'warn', text: 'Handle with care.' });
  const { result } = await answered({ ofResults: () => ({ obligations: [warns] }) });
  expect(decisionIn(result)).toMatchObject({
    allow: true,
    warnings: [{ rule: 'compliance/CO-W', text: 'Handle with care.' }],
  });
});

describe('labels', () => {
  const labelled = (label: string, source: string) => ({
    kind: 'attach_label',
    label: { conversation: expect.any(String) as string, label, source, attachedMs: NOW, expiresMs: NOW + 3_600_000 },
  });

  test('of rules about results are committed with the decision on it', async () => {
    const labels = [{ id: 'CO-L', label: 'pii', ttl_s: 0, mode: 'enforce' as const }];
    const { world } = await answered({ ofResults: () => ({ labels }) });
    expect(world.changes).toEqual([labelled('pii', 'compliance/CO-L')]);
  });

  test('that a server claims become labels of the conversation, marked as a claim, and go no further', async () => {
    const claims: Json = [
      'pii',
      'pii',
      'Not A Label',
      7,
      'a\u0000b',
      ...Array.from({ length: 20 }, (_, at) => `l${String(at)}`),
    ];
    const { world, result } = await answered({}, { ...CARD, _meta: { 'mcp-gateway/labels': claims, vendor: 1 } });
    expect(world.records[1]).toMatchObject({ action: 'tool_result', effect: 'allow', layers: [] });
    expect(world.changes).toHaveLength(16);
    expect(world.changes[0]).toEqual(labelled('pii', 'claim:files'));
    expect(result['_meta']).toMatchObject({ vendor: 1 });
    expect(result['_meta']).not.toHaveProperty('mcp-gateway/labels');
  });

  test('are what a rule about results reads of the claim', async () => {
    const inputs: PolicyInput[] = [];
    await answered(
      { ofResults: (input) => (inputs.push(input), {}) },
      { ...CARD, _meta: { 'mcp-gateway/labels': ['pii'] } },
    );
    expect(inputs[0]?.action.result.labels).toEqual(['pii']);
  });

  test('of a result that is withheld are attached to nothing', async () => {
    const labels = [{ id: 'CO-L', label: 'pii', ttl_s: 0, mode: 'enforce' as const }];
    const { world } = await answered(
      { ofResults: () => ({ ...DENIES, labels }) },
      { ...CARD, _meta: { 'mcp-gateway/labels': ['pii'] } },
    );
    expect(world.changes).toEqual([]);
  });
});
