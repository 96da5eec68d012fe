import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Caller } from '../../src/gateway/port.ts';
import { openMaterial, openVault } from '../../src/state/audit.ts';
import { anObligation } from '../policy/decision-makers.ts';
import { aGateway, type Rules } from './a-gateway.ts';
import { type Answered, answered, CALL, CARD, DENIES, resultOf, textOf } from './judged-calls.ts';
import { aCaller } from './makers.ts';

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

  type Method = 'tasks/result' | 'tasks/get' | 'tasks/list' | 'tasks/cancel';

  async function ended(
    rules: Rules,
    by: Method | { readonly method: Method; readonly asks: Caller },
    said: RpcAnswer | JsonObject,
  ): Promise<Answered> {
    const { method, asks } = typeof by === 'string' ? { method: by, asks: undefined } : by;
    const answers = {
      'tools/call': (): RpcAnswer => ({ kind: 'result', result: { task: TASK } }),
      [method === 'tasks/list' ? 'tasks/get' : method]: (): RpcAnswer =>
        'kind' in said ? (said as RpcAnswer) : { kind: 'result', result: said },
    };
    const tools = [{ name: 'read', inputSchema: { type: 'object' }, execution: { taskSupport: 'optional' } }];
    const capabilities = { tools: {}, tasks: { requests: { tools: { call: {} } }, list: {}, cancel: {} } };
    const world = await aGateway({ servers: { files: { tools, answers, capabilities } }, rules });
    const caller = { ...aCaller() };
    await world.ask({ ...CALL, task: {} }, caller);
    const params = method === 'tasks/list' ? {} : { taskId: 't1' };
    return { world, result: resultOf(await world.ask({ method, params, meta: {} }, asks ?? caller)) };
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

  test('says nothing at last of what is redacted', async () => {
    const told = { ...TASK, statusMessage: 'card 4111 1111 1111 1111', result: CARD };
    const redacts = anObligation({ type: 'redact', target: 'result', pointers: ['/structuredContent/card'] });
    const { result } = await ended({ obliges: [redacts] }, 'tasks/get', told);
    expect(JSON.stringify(result)).not.toContain('4111');
    const whole = await ended({ ofResults: () => ({}) }, 'tasks/get', told);
    expect(whole.result).toMatchObject({ statusMessage: 'card 4111 1111 1111 1111', result: CARD });
  });

  test.for<JsonObject>([
    { result: [CARD] },
    { result: '4111 1111 1111 1111' },
    { status: 'failed', error: '4111 1111 1111 1111' },
    { status: 'failed', error: { message: '4111 1111 1111 1111' } },
    { result: { resultType: 'input_required', ...CARD } },
  ])('tells nothing of an end that nobody can decide on, such as %o', async (said) => {
    const { result } = await ended({ ofResults: () => DENIES }, 'tasks/get', { ...TASK, ...said });
    expect(result).toMatchObject({ taskId: 't1' });
    expect(JSON.stringify(result)).not.toContain('4111');
  });

  test('tells no result where it is cancelled', async () => {
    const { result } = await ended({ ofResults: () => DENIES }, 'tasks/cancel', { ...TASK, result: CARD });
    expect(result).toEqual(TASK);
  });

  test('tells no result in a list', async () => {
    const { result } = await ended({ ofResults: () => DENIES }, 'tasks/list', { ...TASK, result: CARD });
    expect(result['tasks']).toEqual([TASK]);
  });

  test('is decided on where it ends with an error that has the user open addresses', async () => {
    const error = { code: -32042, message: 'card 4111', data: { elicitations: [], card: '4111' } };
    const { result } = await ended({ ofResults: () => DENIES }, 'tasks/result', { kind: 'failure', error });
    expect(textOf(result)).toMatch(/^Withheld: /);
    expect(JSON.stringify(result)).not.toContain('4111');
    const whole = await ended({}, 'tasks/result', { kind: 'failure', error });
    expect(whole.result).toEqual({ error });
  });

  test('has its labels attached when the result comes', async () => {
    const { world } = await ended({}, 'tasks/result', { ...CARD, _meta: { 'mcp-gateway/labels': ['pii'] } });
    expect(world.changes).toMatchObject([{ kind: 'attach_label', label: { label: 'pii', source: 'claim:files' } }]);
  });

  test('labels the conversation that reads the result, also where another one made the task', async () => {
    const labelled = { ...CARD, _meta: { 'mcp-gateway/labels': ['pii'] } };
    const asks = { ...aCaller(), session: 'session-2' };
    const { world } = await ended({}, { method: 'tasks/result', asks }, labelled);
    expect(world.changes).toMatchObject([{ kind: 'attach_label', label: { conversation: 'session-2' } }]);
    const told = await ended({}, { method: 'tasks/get', asks }, { ...TASK, result: labelled });
    expect(told.world.changes).toMatchObject([{ kind: 'attach_label', label: { conversation: 'session-2' } }]);
  });

  test('is redacted as the rule about the call says', async () => {
    const redacts = anObligation({ type: 'redact', target: 'result', pointers: ['/structuredContent/card'] });
    const { result } = await ended({ obliges: [redacts] }, 'tasks/result', CARD);
    expect(result['structuredContent']).toEqual({ card: '[redacted]' });
  });
});
