import { randomUUID } from 'node:crypto';

import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { OWN_META_PREFIX } from '../core/names.ts';
import type { ServerQuestion } from './port.ts';

/** The types of action that servers' questions are. */
type QuestionKind = 'sampling' | 'elicitation' | 'roots';

const KINDS: Readonly<Record<ServerQuestion['method'], QuestionKind>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
};

/**
 * What a server asks, as it sent it, less what belongs to one hop: the token for progress of the answer, and that the
 * client shall answer with a task, which is offered to no server. Undefined for any other method.
 */
export function questionIn(method: string, params: JsonObject): ServerQuestion | undefined {
  if (!isQuestion(method)) return undefined;
  const { task: _task, _meta: meta, ...rest } = params;
  const kept = isJsonObject(meta) ? metaOfBothHops(meta) : {};
  return { method, params: Object.keys(kept).length === 0 ? rest : { ...rest, _meta: kept } };
}

export function kindOf({ method }: Pick<ServerQuestion, 'method'>): QuestionKind {
  return KINDS[method];
}

/** The question that an answer looks like; undefined where it looks like none. */
export function questionAnsweredBy(answer: JsonObject): ServerQuestion | undefined {
  if (typeof answer['action'] === 'string') return { method: 'elicitation/create', params: {} };
  if (typeof answer['role'] === 'string') return { method: 'sampling/createMessage', params: {} };
  return Array.isArray(answer['roots']) ? { method: 'roots/list', params: {} } : undefined;
}

/** What a client must be able to do to be asked this, as `ClientCapabilities`. */
export function capabilityFor({ method, params }: ServerQuestion): JsonObject {
  switch (method) {
    case 'sampling/createMessage':
      return { sampling: params['tools'] === undefined && params['toolChoice'] === undefined ? {} : { tools: {} } };
    case 'elicitation/create':
      return { elicitation: isUrlMode(params) ? { url: {} } : { form: {} } };
    case 'roots/list':
      return { roots: {} };
  }
}

/** Of what is required the part that is not declared; undefined where nothing is missing. */
export function lackingIn(declared: JsonObject, required: JsonObject): JsonObject | undefined {
  const lacking = Object.entries(required).flatMap(([capability, members]): (readonly [string, Json])[] => {
    const has = declared[capability];
    if (!isJsonObject(has)) return [[capability, members]];
    const missing = Object.entries(isJsonObject(members) ? members : {}).filter(
      ([member]) => !declares(has, capability, member),
    );
    return missing.length === 0 ? [] : [[capability, Object.fromEntries(missing)]];
  });
  return lacking.length === 0 ? undefined : Object.fromEntries(lacking);
}

/** A bare `elicitation: {}` is what clients declared before there were two modes: it means forms. */
function declares(has: JsonObject, capability: string, member: string): boolean {
  return has[member] !== undefined || (capability === 'elicitation' && member === 'form' && has['url'] === undefined);
}

/** The address that an elicitation sends the user to, if it is no web address; undefined where there is no objection. */
export function badAddressIn({ method, params }: ServerQuestion): string | undefined {
  if (method !== 'elicitation/create' || !isUrlMode(params)) return undefined;
  const { url } = params;
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  const isWeb = address?.protocol === 'https:' || address?.protocol === 'http:';
  return isWeb ? undefined : 'url is no address of http or https';
}

export interface Showing {
  /** Set where the user has to be told which of several servers asks. */
  readonly server: string | undefined;
  /** Up to 2025-11-25 an elicitation in URL mode has an id; from 2026-07-28 on it has none. */
  readonly hasElicitationIds: boolean;
}

/** The question as the client gets it. */
export function shown(question: ServerQuestion, { server, hasElicitationIds }: Showing): ServerQuestion {
  if (question.method !== 'elicitation/create') return question;
  const params = labelled(question.params, server);
  return { ...question, params: isUrlMode(params) ? withId(params, hasElicitationIds) : params };
}

function labelled(params: JsonObject, server: string | undefined): JsonObject {
  const { message } = params;
  return server === undefined || typeof message !== 'string'
    ? params
    : { ...params, message: `[${server}] ${message}` };
}

function withId(params: JsonObject, hasElicitationIds: boolean): JsonObject {
  if (hasElicitationIds) return { ...params, elicitationId: params['elicitationId'] ?? randomUUID() };
  const { elicitationId: _elicitationId, ...rest } = params;
  return rest;
}

function isUrlMode(params: JsonObject): boolean {
  return params['mode'] === 'url';
}

function isQuestion(method: string): method is ServerQuestion['method'] {
  return Object.hasOwn(KINDS, method);
}

function metaOfBothHops(meta: JsonObject): JsonObject {
  const kept = Object.entries(meta).filter(([key]) => key !== 'progressToken' && !key.startsWith(OWN_META_PREFIX));
  return Object.fromEntries(kept);
}
