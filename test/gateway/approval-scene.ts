import { expect } from 'vitest';
import type { Vote } from '../../src/core/approval.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { ObligationElement } from '../../src/core/opinion.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Ask, Caller, Exchange, InputAnswers, ServerQuestion, ToolCallRequest } from '../../src/gateway/port.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import type { Store } from '../../src/state/store.ts';
import { anObligation } from '../policy/decision-makers.ts';
import { anAct } from '../state/records.ts';
import { aPlace, aStore, type Place } from '../state/support.ts';
import { aGateway, type World } from './a-gateway.ts';
import { aCaller, NOW } from './makers.ts';
import type { Script } from './scripted-server.ts';

const FORMS = { elicitation: { form: {} } };
export const IN_SESSION: Caller = { ...aCaller(), capabilities: FORMS };
export const STATELESS: Caller = {
  ...aCaller(),
  era: 'stateless',
  client: { name: 'test', version: '1', protocol: '2026-07-28' },
  capabilities: FORMS,
};

export const BY_USER = asks({});

export function asks(part: Readonly<Record<string, unknown>>): ObligationElement {
  return anObligation({
    id: 'AP-1',
    type: 'require_approval',
    by: 'user',
    quorum: 1,
    ttl_s: 0,
    remember: 'never',
    ...part,
  });
}

export interface Scene {
  readonly world: World;
  readonly store: Store;
  /** Moves the clock, in milliseconds. */
  readonly later: (ms: number) => void;
  readonly call: (how?: Calling) => Promise<RpcAnswer>;
  /** How often the server's tool has run. */
  readonly ran: () => number;
}

export interface Calling {
  readonly args?: JsonObject;
  readonly caller?: Caller;
  readonly exchange?: Partial<Exchange>;
  readonly answers?: InputAnswers;
}

const ERASE = { name: 'erase', inputSchema: { type: 'object' } };
const LETTER = { uri: 'file:///letter', name: 'letter' };

export async function aScene(
  obliges: readonly ObligationElement[] = [BY_USER],
  { place = aPlace(), script = {} }: { readonly place?: Place; readonly script?: Script } = {},
): Promise<Scene> {
  const store = await aStore(place);
  const time = { ms: NOW };
  const world = await aGateway({
    servers: { files: { tools: [ERASE], resources: [LETTER], ...script } },
    allow: { elicitation: true },
    rules: { obliges },
    store,
    clock: { now: () => time.ms, monotonic: () => performance.now() },
    holdMs: 2_000,
  });
  const call: Scene['call'] = ({ args = { path: '/a' }, caller = aCaller(), exchange, answers } = {}) => {
    const request: ToolCallRequest = { method: 'tools/call', name: 'erase', args, meta: {}, answers, task: undefined };
    return world.ask(request, caller, exchange);
  };
  const ran = (): number => world.heard('files').filter(({ method }) => method === 'tools/call').length;
  return { world, store, later: (ms) => (time.ms += ms), call, ran };
}

/** A person answers elsewhere. True where the answer counted. */
export async function answer(
  store: Store,
  part: Partial<Vote> & { readonly id: string; readonly by?: string },
): Promise<boolean> {
  const { id, by = 'user', ...rest } = part;
  const vote: Vote = { person: 'ana', verdict: 'approve', via: 'terminal', key: '', atMs: NOW, reason: '', ...rest };
  return 'remaining' in (await store.log.act(anAct(), [{ kind: 'answer_approval', ref: { id, by }, vote }]));
}

export function effects({ world }: Scene): readonly string[] {
  expect(world.records.filter((record) => !reproduces(record))).toEqual([]);
  return world.records.map(({ effect, reasons }) => [effect, ...reasons].join(' '));
}

export function openId({ world }: Scene): string {
  return world.records.at(-1)?.combine.approvals[0]?.id ?? '';
}

/** A client whose user says this, in this order; what it was asked. */
export function aUser(...said: readonly JsonObject[]): { readonly ask: Ask; readonly asked: ServerQuestion[] } {
  const asked: ServerQuestion[] = [];
  const left = [...said];
  const ask: Ask = async (question) => {
    asked.push(question);
    return { kind: 'result', result: left.shift() ?? { action: 'cancel' } };
  };
  return { ask, asked };
}

export const APPROVES = { action: 'accept', content: { answer: 'approve' } };
export const DENIES = { action: 'accept', content: { answer: 'deny' } };

export function answersTo(asked: JsonObject, said: JsonObject): InputAnswers {
  const { requestState } = asked;
  return {
    responses: { 'mcp-gateway/approval': said },
    state: typeof requestState === 'string' ? requestState : undefined,
  };
}

export function resultOf(answered: RpcAnswer): JsonObject {
  if (answered.kind === 'failure') throw new Error(answered.error.message);
  return answered.result;
}

export function decisionIn(answered: RpcAnswer): unknown {
  return (resultOf(answered)['_meta'] as JsonObject)['mcp-gateway/decision'];
}

export function textOf(answered: RpcAnswer): string {
  const [first] = resultOf(answered)['content'] as readonly { readonly text: string }[];
  return (first?.text ?? '').replace(/Decision .*/, 'Decision <id>');
}
