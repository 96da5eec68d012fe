import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { RpcAnswer } from '../core/rpc.ts';

/**
 * An answer as clients of sessions can read it. Up to 2025-11-25 structured content is an object and an output schema
 * describes one; later servers may say anything, and a client would refuse the whole answer for it.
 */
export function shapeSession(method: string, answer: RpcAnswer): RpcAnswer {
  if (answer.kind === 'failure') return answer;
  const { result } = answer;
  if (method === 'tools/call') return withObjectContent(result, answer);
  return method === 'tools/list' ? withObjectSchemas(result, answer) : answer;
}

function withObjectContent(result: JsonObject, answer: RpcAnswer): RpcAnswer {
  const { structuredContent } = result;
  if (structuredContent === undefined || isJsonObject(structuredContent)) return answer;
  return { kind: 'result', result: { ...result, structuredContent: { result: structuredContent } } };
}

function withObjectSchemas(result: JsonObject, answer: RpcAnswer): RpcAnswer {
  const { tools } = result;
  if (!Array.isArray(tools) || !tools.some(hasOtherSchema)) return answer;
  return { kind: 'result', result: { ...result, tools: tools.map(withoutOtherSchema) } };
}

function hasOtherSchema(tool: Json): boolean {
  if (!isJsonObject(tool) || tool['outputSchema'] === undefined) return false;
  const { outputSchema } = tool;
  return !isJsonObject(outputSchema) || outputSchema['type'] !== 'object';
}

function withoutOtherSchema(tool: Json): Json {
  if (!isJsonObject(tool) || !hasOtherSchema(tool)) return tool;
  const { outputSchema: _, ...kept } = tool;
  return kept;
}
