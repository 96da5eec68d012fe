import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { RpcAnswer, RpcError, RpcNotification, RpcRequest } from '../core/rpc.ts';
import { show } from './asking.ts';
import type { DialogueParts } from './dialogue.ts';
import { mapMembers, type Questions, readQuestions, writeQuestions } from './input-required.ts';
import { stateAlone } from './interim.ts';
import type { Caller } from './port.ts';
import type { Matter } from './question-decision.ts';
import { exposeUris } from './result-uris.ts';
import type { RoundParts } from './rounds.ts';
import { relatedTaskIn, taskIdIn, withTaskId } from './task-ids.ts';
import { judgeTold } from './task-results.ts';
import type { KnownTask } from './task-registry.ts';
import { elicitationsIn, withoutQuestions } from './upstream-errors.ts';

/** A task and who is told of it. */
export interface Telling {
  readonly task: KnownTask;
  readonly caller: Caller;
  readonly parts: RoundParts;
}

/** The state of a task as its client may have it: what it asks is decided first. Throws UPSTREAM_PROTOCOL. */
export async function tellState(state: JsonObject, telling: Telling): Promise<RpcAnswer> {
  const { task, caller, parts } = telling;
  const { inputRequests } = state;
  if (inputRequests === undefined) return tellNews(state, telling);
  const questions = readQuestions(inputRequests);
  if (questions === undefined) {
    throw new GatewayError(
      'UPSTREAM_PROTOCOL',
      `the server ${task.server.id} asked for input that the protocol does not know`,
    );
  }
  const matter = matterIn(task, caller);
  const refused = await task.asked.hear(questions, matter, parts);
  if (refused !== undefined) return refused;
  // What asks has not ended, so that a result or an error beside it is none.
  const shown = { ...stateAlone(state), inputRequests: writeQuestions(shownAll(questions, matter, parts)) };
  return { kind: 'result', result: shownUnder(shown, task, parts.expose) };
}

async function tellNews(state: JsonObject, telling: Telling): Promise<RpcAnswer> {
  const { task, caller, parts } = telling;
  const { error } = state;
  const ended = isRpcError(error) ? await hearError(error, telling) : undefined;
  if (ended?.kind === 'refused') return ended.answer;
  const told = ended === undefined ? state : { ...state, error: { ...ended.error } };
  return { kind: 'result', result: shownUnder(await judgeTold(told, { task, caller }, parts), task, parts.expose) };
}

/** What a server answered about a task instead of its state, likewise. */
export async function tellError(error: RpcError, telling: Telling): Promise<RpcAnswer> {
  const heard = await hearError(error, telling);
  return heard.kind === 'refused' ? heard.answer : { kind: 'failure', error: heard.error };
}

/** How the call of a task ended, before it is decided on as that: what it asks is decided first. Throws UPSTREAM_PROTOCOL. */
export async function hearEnd(answer: RpcAnswer, telling: Telling): Promise<HeardEnd> {
  const { id } = telling.task.server;
  if (answer.kind === 'result' || elicitationsIn(answer.error, id) === undefined)
    return { kind: 'heard', answer: withoutQuestions(answer, id, 'tasks/result') };
  const heard = await hearError(answer.error, telling);
  return heard.kind === 'refused' ? heard : { kind: 'heard', answer: { kind: 'failure', error: heard.error } };
}

export interface HeardEnd {
  readonly kind: 'heard' | 'refused';
  readonly answer: RpcAnswer;
}

/** Under the task's id and the URIs that clients know; the result of a task may stand in what is told of it. */
export function shownUnder(
  told: JsonObject,
  { shownId, taskId, server }: KnownTask,
  expose: DialogueParts['expose'],
): JsonObject {
  const own = shownId === taskId ? told : withTaskId(told, shownId);
  const exposed = exposeUris(own, (uri) => expose(server.id, uri));
  const { result } = exposed;
  return isJsonObject(result) ? { ...exposed, result: exposeUris(result, (uri) => expose(server.id, uri)) } : exposed;
}

/** What a server tells while it works for a task: what is of that task, as clients know it. */
export function shownIfOf(
  task: KnownTask,
  notification: RpcNotification,
  expose: DialogueParts['expose'],
): RpcNotification {
  const { params } = notification;
  const taskId = taskIdIn(params) ?? relatedTaskIn(params);
  if (taskId !== task.taskId) return notification;
  return { ...notification, params: shownUnder(stateAlone(params), task, expose) };
}

/** A server's question on behalf of a task, under the task's id that clients know. */
export function relatedAsShown(request: RpcRequest, { taskId, shownId }: KnownTask): RpcRequest {
  const { params } = request;
  return relatedTaskIn(params) === taskId && shownId !== taskId
    ? { ...request, params: withTaskId(params, shownId) }
    : request;
}

export function matterIn({ server, call }: KnownTask, caller: Caller): Matter {
  return { caller, server, call };
}

type HeardError =
  | { readonly kind: 'heard'; readonly error: RpcError }
  | { readonly kind: 'refused'; readonly answer: RpcAnswer };

/** Error -32042 asks the user to open addresses, which is decided as what a task asks otherwise. */
async function hearError(error: RpcError, { task, caller, parts }: Telling): Promise<HeardError> {
  const questions = elicitationsIn(error, task.server.id);
  if (questions === undefined) return { kind: 'heard', error };
  const matter = matterIn(task, caller);
  const refused = await task.asked.hear(questions, matter, parts);
  if (refused !== undefined) return { kind: 'refused', answer: refused };
  const elicitations = Object.values(shownAll(questions, matter, parts)).map(({ params }) => params);
  const { data } = error;
  return { kind: 'heard', error: { ...error, data: { ...(isJsonObject(data) ? data : {}), elicitations } } };
}

function shownAll(questions: Questions, matter: Matter, parts: RoundParts): Questions {
  return mapMembers(questions, (question) => show(question, matter, parts));
}

function isRpcError(value: Json | undefined): value is JsonObject & RpcError {
  return isJsonObject(value) && typeof value['code'] === 'number' && typeof value['message'] === 'string';
}
