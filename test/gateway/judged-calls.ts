import { type JsonObject, isJsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Caller, ToolCallRequest } from '../../src/gateway/port.ts';
import { aVerdict } from '../policy/decision-makers.ts';
import { aGateway, type Rules, type World, type WorldOptions } from './a-gateway.ts';

export const CALL: ToolCallRequest = {
  method: 'tools/call',
  name: 'read',
  args: { path: 'a' },
  meta: {},
  answers: undefined,
  task: undefined,
};
export const CARD = {
  content: [{ type: 'text', text: 'Card 4111 1111 1111 1111.' }],
  structuredContent: { card: '4111 1111 1111 1111' },
};
export const DENIES = { deny: [aVerdict('CO-9', { reason: 'card_data' })] };

type More = Partial<WorldOptions> & { readonly tool?: JsonObject; readonly caller?: Caller };

export interface Answered {
  readonly world: World;
  readonly result: JsonObject;
}

export async function answered(
  rules: Rules,
  said: RpcAnswer | JsonObject = CARD,
  { tool, caller, ...more }: More = {},
): Promise<Answered> {
  const answer: RpcAnswer = 'kind' in said ? (said as RpcAnswer) : { kind: 'result', result: said };
  const tools = [{ name: 'read', inputSchema: { type: 'object' }, ...tool }];
  const world = await aGateway({
    servers: { files: { tools, answers: { 'tools/call': () => answer } } },
    rules,
    ...more,
  });
  return { world, result: resultOf(await world.ask(CALL, caller)) };
}

export function resultOf(answer: RpcAnswer): JsonObject {
  return answer.kind === 'result' ? answer.result : { error: { ...answer.error } };
}

export function textOf({ content }: JsonObject): string {
  return (content as readonly { readonly text: string }[]).map(({ text }) => text).join('\n');
}

export function decisionIn({ _meta: meta }: JsonObject): JsonObject {
  const object = isJsonObject(meta) ? meta['mcp-gateway/decision'] : undefined;
  return isJsonObject(object) ? object : {};
}
