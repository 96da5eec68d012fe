import { DECISION_META_KEY } from '../core/names.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Advice, DecisionObject } from './advice.ts';

/**
 * A refused `tools/call`: a tool result with `isError`, so that the model reads it.
 *
 * The object stands in `structuredContent` too, unless the tool has an output schema: clients built on SDK 1.x check
 * even an error against it, and throw.
 */
export function refusal(advice: Advice, hasOutputSchema: boolean): RpcAnswer {
  const object = asJson(advice.object);
  return {
    ...(advice.scopes && { scopes: advice.scopes }),
    kind: 'result',
    result: {
      content: [{ type: 'text', text: advice.text }],
      ...(hasOutputSchema ? {} : { structuredContent: object }),
      isError: true,
      _meta: { [DECISION_META_KEY]: object },
    },
  };
}

/** An upstream's result as it came, with the decision beside it. */
export function withDecision(result: JsonObject, decision: DecisionObject): JsonObject {
  const meta = result['_meta'];
  const own = { [DECISION_META_KEY]: asJson(decision) };
  // The new member first: V8 gives what is copied and then extended a hidden class of its own, each time anew.
  if (meta === undefined) return { _meta: own, ...result };
  return { ...result, _meta: isJsonObject(meta) ? { ...meta, ...own } : own };
}

/** A call that was allowed but did not reach its end: said as a tool's own failure, because only those reach the model. */
export function failure(text: string, decision: DecisionObject): RpcAnswer {
  return {
    kind: 'result',
    result: {
      content: [{ type: 'text', text }],
      isError: true,
      _meta: { [DECISION_META_KEY]: asJson(decision) },
    },
  };
}

/** The decision object is made of JSON alone; its interface merely lacks the index signature. */
export function asJson(object: DecisionObject): JsonObject & Json {
  return object as unknown as JsonObject;
}
