import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { isJsonObject } from '../../src/core/json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { ToolCallRequest } from '../../src/gateway/port.ts';
import { openMaterial, openVault } from '../../src/state/audit.ts';
import { anObligation, aVerdict } from '../policy/decision-makers.ts';
import { aGateway, type Rules, type World, type WorldOptions } from './a-gateway.ts';
import { aCaller, NOW } from './makers.ts';

const CALL: ToolCallRequest = {
  method: 'tools/call',
  name: 'read',
  args: { path: 'a' },
  meta: {},
  answers: undefined,
  task: undefined,
};
const CARD = {
  content: [{ type: 'text', text: 'Card 4111 1111 1111 1111.' }],
  structuredContent: { card: '4111 1111 1111 1111' },
};
const DENIES = { deny: [aVerdict('CO-9', { reason: 'card_data' })] };

type More = Partial<WorldOptions> & { readonly tool?: JsonObject };

interface Answered {
  readonly world: World;
  readonly result: JsonObject;
}

async function answered(
  rules: Rules,
  said: RpcAnswer | JsonObject = CARD,
  { tool, ...more }: More = {},
): Promise<Answered> {
  const answer: RpcAnswer = 'kind' in said ? (said as RpcAnswer) : { kind: 'result', result: said };
  const tools = [{ name: 'read', inputSchema: { type: 'object' }, ...tool }];
  const world = await aGateway({
    servers: { files: { tools, answers: { 'tools/call': () => answer } } },
    rules,
    ...more,
  });
  return { world, result: resultOf(await world.ask(CALL)) };
}

function resultOf(answer: RpcAnswer): JsonObject {
  return answer.kind === 'result' ? answer.result : { error: { ...answer.error } };
}

function textOf({ content }: JsonObject): string {
  return (content as readonly { readonly text: string }[]).map(({ text }) => text).join('\n');
}

function decisionIn({ _meta: meta }: JsonObject): JsonObject {
  const object = isJsonObject(meta) ? meta['mcp-gateway/decision'] : undefined;
  return isJsonObject(object) ? object : {};
}

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
            'tools/call': () => ({ kind: 'failure', error: { code: -1, message: 'of ada', data: { who: 'ada' } } }),
          },
          tools: [{ name: 'read', inputSchema: { type: 'object' } }],
        },
      },
      rules: { obliges: [redacts('result', '/contents/*/text', '/data/who', '/message')] },
    });
    const read = await world.ask({ method: 'resources/read', uri: 'file:///a', meta: {}, answers: undefined });
    expect(resultOf(read)).toMatchObject({ contents: [{ text: '[redacted]' }] });
    expect(resultOf(await world.ask(CALL))).toMatchObject({
      error: { message: '[redacted]', data: { who: '[redacted]' } },
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

describe('what the audit demands', () => {
  const demands: Rules = { obliges: [anObligation({ type: 'audit_required' })] };
  const key = 'ab'.repeat(32);

  test('is kept whole with a key, with the record and with its outcome, and each says its hash', async () => {
    const { world } = await answered(demands, CARD, { audit: openVault(key, (value) => value) });
    const materials = world.changes.flatMap((change) => (change.kind === 'keep_audit' ? [change.material] : []));
    const [call] = world.records;
    expect(materials).toMatchObject([
      { id: call?.id, part: 'input', hash: call?.audit_hash },
      { id: call?.id, part: 'result', hash: world.outcomes[0]?.audit_hash },
    ]);
    const [input, result] = materials.map((material) => JSON.parse(openMaterial(material, key)) as JsonObject);
    expect(input).toMatchObject({ action: { args: { path: 'a' } } });
    expect(result).toEqual({ result: CARD });
    expect(Buffer.concat(materials.map(({ body }) => body)).includes('4111')).toBe(false);
  });

  test('is kept as its client got it without a key', async () => {
    const redacts = anObligation({ type: 'redact', target: 'result', pointers: ['/structuredContent/card'] });
    const rules = { obliges: [...(demands.obliges ?? []), redacts] };
    const { world } = await answered(rules, CARD, { audit: openVault(undefined, (value) => value) });
    const [, result] = world.changes.flatMap((change) => (change.kind === 'keep_audit' ? [change.material] : []));
    expect(result === undefined ? '' : openMaterial(result, undefined)).toContain('[redacted]');
    expect(result === undefined ? '4111' : openMaterial(result, undefined)).not.toContain('4111');
  });

  test('can be demanded by a rule about the result alone', async () => {
    const rules = { ofResults: () => ({ obligations: [anObligation({ type: 'audit_required' })] }) };
    const { world } = await answered(rules, CARD, { audit: openVault(key, (value) => value) });
    const parts = world.changes.flatMap((change) =>
      change.kind === 'keep_audit' ? [[change.material.id, change.material.part]] : [],
    );
    expect(parts).toEqual([
      [world.records[1]?.id, 'input'],
      [world.records[0]?.id, 'result'],
    ]);
  });
});

describe('a call that runs as a task', () => {
  const TASK = { taskId: 't1', status: 'completed', createdAt: '2026-03-02T12:00:00Z', ttl: 60_000 };

  async function ended(
    rules: Rules,
    method: 'tasks/result' | 'tasks/get' | 'tasks/list',
    said: JsonObject,
  ): Promise<Answered> {
    const answers = {
      'tools/call': (): RpcAnswer => ({ kind: 'result', result: { task: TASK } }),
      [method === 'tasks/list' ? 'tasks/get' : method]: (): RpcAnswer => ({ kind: 'result', result: said }),
    };
    const tools = [{ name: 'read', inputSchema: { type: 'object' }, execution: { taskSupport: 'optional' } }];
    const capabilities = { tools: {}, tasks: { requests: { tools: { call: {} } }, list: {}, cancel: {} } };
    const world = await aGateway({ servers: { files: { tools, answers, capabilities } }, rules });
    const caller = { ...aCaller() };
    await world.ask({ ...CALL, task: {} }, caller);
    const params = method === 'tasks/list' ? {} : { taskId: 't1' };
    return { world, result: resultOf(await world.ask({ method, params, meta: {} }, caller)) };
  }

  test('is decided on when its result is fetched, and not before', async () => {
    const { world, result } = await ended({ ofResults: () => DENIES }, 'tasks/result', {
      ...CARD,
      _meta: { 'io.modelcontextprotocol/related-task': { taskId: 't1' } },
    });
    expect(world.records.map(({ action }) => action)).toEqual(['tool_call', 'method', 'tool_result']);
    expect(world.records[2]?.call).toBe(world.records[0]?.id);
    expect(textOf(result)).toMatch(/^Withheld: /);
    expect(result['_meta']).toHaveProperty(['io.modelcontextprotocol/related-task'], { taskId: 't1' });
    expect(JSON.stringify(result)).not.toContain('4111');
  });

  test('is decided on where its state tells the result, and what it said at last is left out', async () => {
    const told = { ...TASK, statusMessage: 'card 4111', result: CARD };
    const { result } = await ended({ ofResults: () => DENIES }, 'tasks/get', told);
    expect(result).toMatchObject({ taskId: 't1', status: 'completed', result: { isError: true } });
    expect(JSON.stringify(result)).not.toContain('4111');
  });

  test('tells no result in a list', async () => {
    const { result } = await ended({ ofResults: () => DENIES }, 'tasks/list', { ...TASK, result: CARD });
    expect(result['tasks']).toEqual([TASK]);
  });

  test('has its labels attached when the result comes', async () => {
    const { world } = await ended({}, 'tasks/result', { ...CARD, _meta: { 'mcp-gateway/labels': ['pii'] } });
    expect(world.changes).toMatchObject([{ kind: 'attach_label', label: { label: 'pii', source: 'claim:files' } }]);
  });

  test('is redacted as the rule about the call says', async () => {
    const redacts = anObligation({ type: 'redact', target: 'result', pointers: ['/structuredContent/card'] });
    const { result } = await ended({ obliges: [redacts] }, 'tasks/result', CARD);
    expect(result['structuredContent']).toEqual({ card: '[redacted]' });
  });
});
