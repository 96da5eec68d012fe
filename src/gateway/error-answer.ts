import type { JsonObject } from '../core/json.ts';
import { DECISION_META_KEY, REFUSED_CODE } from '../core/names.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import type { Advice, DecisionObject } from './advice.ts';
import { asJson } from './tool-answer.ts';

/** A refused request that has no result shape to say so: the words are the message, the decision object the data. */
export function refusedError({ text, object, scopes }: Advice): RpcAnswer {
  return { ...(scopes && { scopes }), ...failureOf(REFUSED_CODE, text, asJson(object)) };
}

/** The request was decided, but is not one that the protocol would take. */
export function invalidError({ text, object }: Advice): RpcAnswer {
  return failureOf(RPC.invalidParams, text, asJson(object));
}

/** What is hidden and what was never there are told apart by nothing but the id of the decision. */
export function notFoundError(
  { code, message, data }: { readonly code: number; readonly message: string; readonly data: JsonObject },
  { object }: Advice,
): RpcAnswer {
  return failureOf(code, message, { ...data, [DECISION_META_KEY]: asJson(object) });
}

/** A request that was allowed but did not reach its end. */
export function brokenOffError(text: string, object: DecisionObject): RpcAnswer {
  return failureOf(RPC.internalError, text, { [DECISION_META_KEY]: asJson(object) });
}

function failureOf(code: number, message: string, data: JsonObject): RpcAnswer {
  return { kind: 'failure', error: { code, message, data } };
}
