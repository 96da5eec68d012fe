import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { isJsonObject } from '../../src/core/json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Caller, ToolCallRequest } from '../../src/gateway/port.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { aPlace, aStore, type Place } from '../state/support.ts';
import { aGateway, type World, type WorldOptions } from './a-gateway.ts';
import { aCaller, NOW } from './makers.ts';

const HOUR_MS = 3_600_000;
const TOOLS = ['read', 'post', 'secret'].map((name) => ({ name, inputSchema: { type: 'object' } }));

/** Reading labels the conversation, and who has the label posts nothing. */
const FLOW: WorldOptions = {
  servers: { files: { tools: TOOLS } },
  rules: {
    labels: ({ action }) => (action.tool === 'read' ? ['customer_data'] : []),
    denies: ({ action, context }) =>
      action.tool === 'post' && context.labels.some(({ label }) => label === 'customer_data'),
  },
};

const STATELESS: Caller = { ...aCaller(), era: 'stateless' };

function aCall(name: string, args: JsonObject = {}, meta: JsonObject = {}): ToolCallRequest {
  return { method: 'tools/call', name, args, meta, answers: undefined, task: undefined };
}

/** A gateway process on a store of its own connection. */
async function aProcess(place: Place, options: Partial<WorldOptions> = {}): Promise<World> {
  return aGateway({ ...FLOW, ...options, store: await aStore(place) });
}

function textOf(answer: RpcAnswer): string {
  const content = answer.kind === 'result' ? answer.result['content'] : undefined;
  const [block] = Array.isArray(content) ? content : [];
  const text = isJsonObject(block) ? block['text'] : undefined;
  return typeof text === 'string' ? text : '';
}

function effects({ records }: World): readonly string[] {
  return records.map(({ effect }) => effect);
}

function inputOf({ records }: World, index: number): PolicyInput {
  return records.at(index)?.input as PolicyInput;
}

test('what was read decides what may be sent, in the same conversation and in no other', async () => {
  const world = await aProcess(aPlace());
  for (const name of ['post', 'read', 'post']) await world.ask(aCall(name));
  await world.ask(aCall('post'), { ...aCaller(), session: 'session-2' });
  expect(effects(world)).toEqual(['allow', 'allow', 'deny', 'allow']);
  expect(inputOf(world, 0)).toMatchObject({ context: { labels: [] }, action: { data_classes_referenced: [] } });
  expect(inputOf(world, 2)).toMatchObject({
    context: { labels: [{ label: 'customer_data', source: 'server/S-L', age_seconds: 0 }] },
    action: { data_classes_referenced: ['customer_data'] },
  });
  expect(world.records[1]?.obligations.labels).toEqual([{ label: 'customer_data', ttl_s: 0 }]);
});

test('no other id sheds the labels of a stateless client, whatever it claims', async () => {
  const world = await aProcess(aPlace());
  await world.ask(aCall('read'), { ...STATELESS, session: 'one' });
  await world.ask(aCall('post', {}, { conversation_id: 'a new one' }), { ...STATELESS, session: 'two' });
  expect(effects(world)).toEqual(['allow', 'deny']);
  expect(inputOf(world, 1)).toMatchObject({ claims: { present: ['conversation_id'], conversation_id: 'a new one' } });
  expect(inputOf(world, 1).context.conversation_id).toBe(inputOf(world, 0).context.conversation_id);
});

test('labels and counts of a stateless client are there after a restart', async () => {
  const place = aPlace();
  const before = await aProcess(place);
  for (let read = 0; read < 3; read += 1) await before.ask(aCall('read'), STATELESS);
  await before.close();
  const after = await aProcess(place);
  await after.ask(aCall('post'), STATELESS);
  expect(effects(after)).toEqual(['deny']);
  expect(inputOf(after, 0).context).toMatchObject({ calls_in_a_row: 4, agent: { calls_in_a_row: 4 } });
});

test('a session is over with its gateway, but a sticky label stays with its agent and user', async () => {
  for (const isSticky of [false, true]) {
    const place = aPlace();
    const labelSettings = { ttlMs: HOUR_MS, isSticky: () => isSticky };
    const before = await aProcess(place, { labelSettings });
    await before.ask(aCall('read'), { ...aCaller(), session: 'before' });
    await before.close();
    const after = await aProcess(place, { labelSettings });
    await after.ask(aCall('post'), { ...aCaller(), session: 'after' });
    await after.ask(aCall('post'), { ...aCaller('somebody else'), session: 'other' });
    expect(effects(after)).toEqual([isSticky ? 'deny' : 'allow', 'allow']);
    expect(inputOf(after, 0).context.agent).toMatchObject({ calls_in_a_row: 2 });
  }
});

test('gateways on one store see one another’s labels at once', async () => {
  const place = aPlace();
  const [one, other] = [await aProcess(place), await aProcess(place)];
  await one.ask(aCall('read'), STATELESS);
  await other.ask(aCall('post'), STATELESS);
  expect(effects(other)).toEqual(['deny']);
});

test('a label fades at the time of the decision at which it ends', async () => {
  let now = NOW;
  const world = await aProcess(aPlace(), { clock: { now: () => now, monotonic: () => now - NOW } });
  await world.ask(aCall('read'));
  now += HOUR_MS - 1;
  await world.ask(aCall('post'));
  now += 1;
  await world.ask(aCall('post'));
  expect(effects(world)).toEqual(['allow', 'deny', 'allow']);
  expect(inputOf(world, 1).context.labels).toMatchObject([{ age_seconds: 3_599 }]);
});

test('a call that is denied labels nothing', async () => {
  const rules = { ...FLOW.rules, denies: ({ action }: PolicyInput) => action.tool === 'read' };
  const world = await aProcess(aPlace(), { rules });
  for (const name of ['read', 'post']) await world.ask(aCall(name));
  expect(effects(world)).toEqual(['deny', 'allow']);
  expect(inputOf(world, 1).context.labels).toEqual([]);
});

test('a call that would label a conversation beyond what it holds is denied, on record, and not forwarded', async () => {
  const many = Array.from({ length: 64 }, (_, index) => `label_${index}`);
  const rules = { labels: ({ action }: PolicyInput) => (action.tool === 'read' ? many : ['one_more']) };
  const world = await aProcess(aPlace(), { rules });
  await world.ask(aCall('read'));
  const refused = await world.ask(aCall('post'));
  await world.ask(aCall('read'));
  expect(effects(world)).toEqual(['allow', 'deny', 'allow']);
  expect(world.records[1]?.reasons).toEqual(['gateway.too_many_labels']);
  expect(world.records.every((record) => reproduces(record))).toBe(true);
  expect(world.heard('files').map(({ params }) => params['name'])).toEqual(['read', 'read']);
  expect(textOf(refused)).toContain('ask the user to have labels cleared');
  expect(inputOf(world, 2).context.labels).toHaveLength(64);
});

test('what was done before and cannot be read denies', async () => {
  const place = aPlace();
  const world = await aProcess(place);
  const database = chooseDriver().open(place.path, 'write');
  database.exec('alter table labels rename to elsewhere');
  database.close();
  const refused = await world.ask(aCall('post'));
  expect(world.records.map(({ reasons }) => reasons)).toEqual([['gateway.state_unavailable']]);
  expect(world.heard('files')).toEqual([]);
  expect(textOf(refused)).toContain('gateway.state_unavailable');
});

test('the third denial of the same call within a minute is short, and a decision as ever', async () => {
  const world = await aProcess(aPlace(), { rules: { denies: () => true } });
  const answers: RpcAnswer[] = [];
  for (let asked = 0; asked < 4; asked += 1) answers.push(await world.ask(aCall('post', { to: 'kim' })));
  const other = await world.ask(aCall('post', { to: 'lee' }));
  const isShort = [...answers, other].map((answer) => textOf(answer).startsWith('Already denied:'));
  expect(isShort).toEqual([false, false, true, true, false]);
  expect(textOf(answers[2] ?? other)).toBe(
    [
      'Already denied: the tool post, for the same reason as before [not_wanted].',
      'Do not repeat it. The same call will be refused again.',
      `Decision ${world.records[2]?.id ?? ''}`,
    ].join('\n'),
  );
  expect(effects(world)).toEqual(Array(5).fill('deny'));
  expect(inputOf(world, 3).context).toMatchObject({ denied_calls: 3, denied_in_a_minute: 3, identical_calls: 4 });
  const reasons = answers.map((answer) => (answer.kind === 'result' ? answer.result['structuredContent'] : undefined));
  expect(reasons).toEqual(answers.map(() => expect.objectContaining({ reasons: ['not_wanted'], effect: 'deny' })));
});

test('what is hidden answers in the same words as what is not there, however often it is asked for', async () => {
  const world = await aProcess(aPlace(), { rules: { hides: ({ action }) => action.tool === 'secret' } });
  const texts = async (name: string): Promise<readonly string[]> => {
    const said: string[] = [];
    for (let asked = 0; asked < 5; asked += 1) said.push(textOf(await world.ask(aCall(name))));
    return said.map((text) => text.replaceAll(name, 'NAME').replace(/Decision .*/, 'Decision'));
  };
  expect(await texts('secret')).toEqual(await texts('nowhere'));
});

test('tokens are counted of arguments and results', async () => {
  const text = 'x'.repeat(4_000);
  const read = (): RpcAnswer => ({ kind: 'result', result: { content: [{ type: 'text', text }] } });
  const world = await aProcess(aPlace(), { servers: { files: { tools: TOOLS, answers: { 'tools/call': read } } } });
  for (let asked = 0; asked < 2; asked += 1) await world.ask(aCall('post', { path: 'y'.repeat(400) }));
  const tokens = [0, 1].map((index) => inputOf(world, index).context.cumulative_tokens);
  expect(tokens[0]).toBeGreaterThanOrEqual(100);
  expect(tokens[0]).toBeLessThan(110);
  expect(tokens[1]).toBeGreaterThanOrEqual(1_200);
  expect(tokens[1]).toBeLessThan(1_230);
});

test('a session that has ended and calls once more leaves nothing behind', async () => {
  const world = await aProcess(aPlace());
  await world.ask(aCall('post'));
  await world.gateway.endSession('session-1');
  await world.ask(aCall('post'));
  expect(inputOf(world, 1).context).toMatchObject({ calls_in_a_row: 1, agent: { calls_in_a_row: 2 } });
});
