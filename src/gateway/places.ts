import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { RpcRequest } from '../core/rpc.ts';

/** As `placeTag` makes it. */
const TAG = /^[0-9a-f]{8}$/;
const TAG_LENGTH = 8;

/** Stands before the tag: in a `requestState`, whose other parts have dots between them too, and in the id of a task. */
export const STATE_MARK = '.';
export const TASK_MARK = '~';

/** Of the tasks that one subscription may name; a door refuses one with more. */
const MOST_NAMED = 256;

/** The text with the tag of the gateway where that lives which it names; as it is where no other gateway could be asked. */
export function withPlace(text: string, mark: string, place: string | undefined): string {
  return place === undefined ? text : `${text}${mark}${place}`;
}

/** The tag at the end of a text that a client hands back; undefined where none stands there. */
export function placeAtEnd(text: string, mark: string): string | undefined {
  const tag = text.slice(-TAG_LENGTH);
  return text.at(-TAG_LENGTH - 1) === mark && TAG.test(tag) ? tag : undefined;
}

/** The text without the tag at its end. */
export function withoutPlace(text: string, mark: string): string {
  return placeAtEnd(text, mark) === undefined ? text : text.slice(0, -TAG_LENGTH - 1);
}

/**
 * The tag that a request names, as it stands there: whoever wrote another tag only has the request refused elsewhere. Of
 * the tasks of a subscription those decide that are the most at one gateway, and of as many those named first. Never
 * throws, and looks at the ends of texts only.
 */
export function placeNamedIn({ method, params }: Pick<RpcRequest, 'method' | 'params'>): string | undefined {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
    case 'resources/read':
      return placeIn(params['requestState'], STATE_MARK);
    case 'tasks/get':
    case 'tasks/result':
    case 'tasks/update':
    case 'tasks/cancel':
      return placeIn(params['taskId'], TASK_MARK);
    case 'subscriptions/listen':
      return placeOfMost(params);
    default:
      return undefined;
  }
}

function placeOfMost({ notifications }: JsonObject): string | undefined {
  const taskIds = isJsonObject(notifications) ? notifications['taskIds'] : undefined;
  if (!Array.isArray(taskIds)) return undefined;
  const named = new Map<string, number>();
  for (const taskId of taskIds.slice(0, MOST_NAMED)) {
    const place = placeIn(taskId, TASK_MARK);
    if (place !== undefined) named.set(place, (named.get(place) ?? 0) + 1);
  }
  const most = Math.max(0, ...named.values());
  return [...named].find(([, times]) => times === most)?.[0];
}

function placeIn(value: Json | undefined, mark: string): string | undefined {
  return typeof value === 'string' ? placeAtEnd(value, mark) : undefined;
}
