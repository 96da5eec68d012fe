import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import {
  ACCEPTED,
  aServer,
  aStatelessCaller,
  errorOf,
  FORM,
  aWorld,
  resultOf,
  result,
  type World,
  type WorldOptions,
} from './dialogue-makers.ts';
import { ask, stateless, TASK, withInput, withTask } from './task-makers.ts';

const CANNOT_BE_ASKED = aStatelessCaller({ capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } });

test('what a task asks of a client that does not declare it is refused on record, once', async () => {
  const { world } = await withInput();
  for (let look = 0; look < 3; look += 1) expect(errorOf(await get(world, CANNOT_BE_ASKED)).code).toBe(-32021);
  expect(world.records).toMatchObject([
    {
      action: 'method',
      effect: 'deny',
      reasons: ['gateway.method_not_allowed'],
      tool: 'read',
      input: { method: FORM.method },
    },
  ]);
  expect(world.records[0]?.call).toMatch(/./);
});

test('a task instead of what is no result of a tool breaks the protocol, for nobody would decide on its end', async () => {
  const world = aWorld({ send: () => Promise.resolve(result({ resultType: 'task', ...TASK })) });
  await expect(world.call({ caller: stateless(), method: 'prompts/get' })).rejects.toMatchObject({
    code: 'UPSTREAM_PROTOCOL',
  });
  expect(errorOf(await ask(world, stateless(), { method: 'tasks/get' })).code).toBe(-32602);
});

test('what a task says of an end while it asks is not told', async () => {
  const asks = { ...TASK, status: 'input_required', inputRequests: { name: { ...FORM } } };
  const ends = { result: { content: [] }, error: { code: -32000, message: 'an end' } };
  const { world } = await withInput({ state: { ...asks, ...ends } });
  expect(resultOf(await get(world))).toEqual(asks);
});

test('a client that declares more with its next request is asked', async () => {
  const { world } = await withInput();
  await get(world, CANNOT_BE_ASKED);
  expect(resultOf(await get(world))['inputRequests']).toEqual({ name: { ...FORM } });
  expect(errorOf(await get(world, CANNOT_BE_ASKED)).code).toBe(-32021);
  expect(resultOf(await get(world))).toHaveProperty('inputRequests');
  expect(world.records.map(({ effect }) => effect)).toEqual(['deny', 'allow']);
});

test('what the configuration does not allow a task to ask is refused as that, whatever the client declares', async () => {
  const server = aServer({ allow: { sampling: true, elicitation: false, roots: true } });
  const { world } = await withInput({ server });
  expect(errorOf(await get(world, CANNOT_BE_ASKED)).code).toBe(4030);
  expect(world.records).toMatchObject([{ action: 'elicitation', reasons: ['gateway.method_not_allowed'] }]);
});

test('what a task asks is decided once, where two look at the same time too', async () => {
  const { world } = await withInput();
  const [one, other] = await Promise.all([get(world), get(world)]);
  expect(resultOf(one)).toEqual(resultOf(other));
  expect(world.records).toHaveLength(1);
});

test('an answer to a question that was denied does not reach the task', async () => {
  const denies: WorldOptions['denies'] = ({ action }) => Object.keys(action.args).length === 0;
  const { world, sent } = await withInput({ denies });
  expect(errorOf(await get(world)).code).toBe(4030);
  await ask(world, stateless(), { method: 'tasks/update', params: { inputResponses: { name: ACCEPTED } } });
  expect(sent.at(-1)?.params).toEqual({ taskId: 't1', inputResponses: {} });
});

test('a question that could not be recorded is decided anew when it is seen again', async () => {
  let isFull = true;
  const commit = (): void => {
    if (isFull) throw new Error('disk full');
  };
  const { world } = await withInput({ commit });
  expect(errorOf(await get(world)).code).toBe(4030);
  isFull = false;
  expect(resultOf(await get(world))).toHaveProperty('inputRequests');
});

test('addresses that a task failed for want of are decided before they are shown', async () => {
  const elicitations = [{ mode: 'url', message: 'Open this', url: 'https://example.test/' }];
  const error: JsonObject = { code: -32042, message: 'First', data: { elicitations, vendor: 1 }, more: 1 };
  const failed = { ...TASK, status: 'failed', error };
  const making = { task: { resultType: 'task', ...TASK }, caller: stateless(), state: failed };
  const { world: open } = await withTask(making);
  expect(resultOf(await get(open))['error']).toEqual(error);
  expect(open.records).toMatchObject([{ action: 'elicitation', effect: 'allow' }]);
  const { world: closed } = await withTask({ ...making, denies: () => true });
  expect(errorOf(await get(closed)).code).toBe(4030);
  expect(closed.records).toMatchObject([{ action: 'elicitation', effect: 'deny' }]);
});

function get(world: World, caller = stateless()): Promise<RpcAnswer> {
  return ask(world, caller, { method: 'tasks/get' });
}
