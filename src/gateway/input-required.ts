import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { ServerQuestion } from './port.ts';
import { questionIn } from './questions.ts';

/** Under the keys that the server gave them. */
export type Questions = Readonly<Record<string, ServerQuestion>>;

/** What a stateless server wants before it goes on (MCP 2026-07-28, basic/patterns/mrtr). */
type InputRequired =
  | { readonly kind: 'asks'; readonly questions: Questions; readonly state: string | undefined }
  | { readonly kind: 'broken'; readonly why: string };

/** Methods that a server may answer so. */
const SUPPORTED = ['tools/call', 'prompts/get', 'resources/read'];

export function isInputRequired(result: JsonObject): boolean {
  return result['resultType'] === 'input_required';
}

export function readInputRequired(method: string, { inputRequests, requestState }: JsonObject): InputRequired {
  if (!SUPPORTED.includes(method)) return { kind: 'broken', why: `answered ${method} with input_required` };
  if (requestState !== undefined && typeof requestState !== 'string') {
    return { kind: 'broken', why: 'sent a requestState that is no text' };
  }
  if (inputRequests === undefined && requestState === undefined) {
    return { kind: 'broken', why: 'asked for input without saying what for' };
  }
  const questions = readQuestions(inputRequests ?? {});
  return questions === undefined
    ? { kind: 'broken', why: 'asked for input that the protocol does not know' }
    : { kind: 'asks', questions, state: requestState };
}

/** `inputRequests`; undefined where one is no question that a server may ask. */
export function readQuestions(inputRequests: Json): Questions | undefined {
  if (!isJsonObject(inputRequests)) return undefined;
  const read = Object.entries(inputRequests).flatMap(([key, value]) => {
    const question = readQuestion(value);
    return question === undefined ? [] : [[key, question] as const];
  });
  return read.length === Object.keys(inputRequests).length ? Object.fromEntries(read) : undefined;
}

/** `inputRequests` for the client. */
export function writeQuestions(questions: Questions): JsonObject {
  return Object.fromEntries(Object.entries(questions).map(([key, { method, params }]) => [key, { method, params }]));
}

/** A copy in which each member is made anew. */
export function mapMembers<From, To>(
  members: Readonly<Record<string, From>>,
  change: (member: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, change(member)]));
}

function readQuestion(value: Json): ServerQuestion | undefined {
  if (!isJsonObject(value)) return undefined;
  const { method, params = {} } = value;
  return typeof method === 'string' && isJsonObject(params) ? questionIn(method, params) : undefined;
}
