import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isInputRequired } from './input-required.ts';

/**
 * What is told of a task, less how it ended and what it asks: these are decided on where the task is asked for by itself,
 * so whatever else tells of it must not bring them along. The very same object where there is neither.
 */
export function stateAlone(told: JsonObject): JsonObject {
  const { result: _, error: _error, inputRequests: _asked, ...state } = told;
  return Object.keys(state).length === Object.keys(told).length ? told : state;
}

/**
 * An answer to a call that is no result yet: the server asks for input, or has made a task. Undefined where it is a
 * result. What stands in it as if it were a result, too, is left out, because nobody decides on it.
 */
export function interimIn(result: JsonObject): JsonObject | undefined {
  const { resultType, task, content, structuredContent } = result;
  if (isInputRequired(result)) return withoutContent(result);
  if (resultType === 'task') return withoutContent(stateAlone(result));
  const isResult = content !== undefined || structuredContent !== undefined;
  return isResult || !isJsonObject(task) ? undefined : { ...stateAlone(result), task: stateAlone(task) };
}

function withoutContent(result: JsonObject): JsonObject {
  const { content: _, structuredContent: _structured, ...interim } = result;
  return Object.keys(interim).length === Object.keys(result).length ? result : interim;
}
