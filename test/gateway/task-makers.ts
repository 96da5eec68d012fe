import type { JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Outgoing } from '../../src/gateway/dialogue.ts';
import type { GovernedServer } from '../../src/gateway/governed-server.ts';
import type { Caller, TaskRequest } from '../../src/gateway/port.ts';
import {
  aServer,
  aSessionCaller,
  aStatelessCaller,
  aWorld,
  CAN_ALL,
  FORM,
  result,
  type Send,
  type World,
  type WorldOptions,
} from './dialogue-makers.ts';
import { anExchange } from './makers.ts';

export const TASK = { taskId: 't1', status: 'working', createdAt: '2026-03-02T12:00:00Z', ttl: 60_000, vendor: 1 };
export const DECLARES: JsonObject = { ...CAN_ALL, extensions: { 'io.modelcontextprotocol/tasks': {} } };

export interface Made {
  readonly world: World;
  readonly sent: readonly Outgoing[];
}

export interface Making extends Partial<WorldOptions> {
  readonly task?: JsonObject;
  readonly caller?: Caller;
  readonly state?: JsonObject;
  readonly server?: GovernedServer;
}

/** A world in which a call has made the task `t1`; the server tells `state` of each task it is asked for. */
export async function withTask(making: Making = {}): Promise<Made> {
  const { task, caller = aSessionCaller(), state = TASK, server = aServer(), ...options } = making;
  const sent: Outgoing[] = [];
  const send: Send = (outgoing) => {
    sent.push(outgoing);
    const { method, params } = outgoing;
    if (method === 'tools/call') return Promise.resolve(result(madeIn(params) ?? task ?? { task: TASK }));
    return Promise.resolve(result(method === 'tasks/get' ? { ...state, taskId: params['taskId'] ?? '' } : {}));
  };
  const world = aWorld({ send, ...options });
  await world.call({ ...asTask(), caller, server });
  return { world, sent };
}

export function withInput(options: Making = {}): Promise<Made> {
  const made = { resultType: 'task', ...TASK };
  const state = { ...TASK, status: 'input_required', inputRequests: { name: { ...FORM } } };
  return withTask({ task: made, caller: stateless(), state, ...options });
}

export function make(world: World, task: JsonObject, caller: Caller = aSessionCaller()): Promise<unknown> {
  return world.call({ params: { name: 'read', task: {}, made: { task } }, caller });
}

function madeIn({ made }: JsonObject): JsonObject | undefined {
  return made as JsonObject | undefined;
}

export function asTask(): { readonly params: JsonObject } {
  return { params: { name: 'read', task: { ttl: 60_000 } } };
}

export function stateless(): Caller {
  return aStatelessCaller({ capabilities: DECLARES });
}

interface Wanted {
  readonly method: TaskRequest['method'];
  readonly params?: JsonObject;
}

export function ask(world: World, caller: Caller, { method, params = {} }: Wanted): Promise<RpcAnswer> {
  return world.dialogue.tasks.answer({ method, params: { taskId: 't1', ...params }, meta: {} }, caller, anExchange());
}
