import { TASK_STATUS } from '../core/protocol.ts';
import type { Pending } from './pending.ts';

/** What is under way on one connection, and what may be concluded from it. */
export interface InFlight {
  readonly pending: ReadonlyMap<number, Pending>;
  /** Each request has a stream of its own, and what comes on none belongs to none. */
  readonly hasStreams: boolean;
}

export type Attribution =
  | { readonly kind: 'of'; readonly request: Pending }
  /** It belongs to no request. */
  | { readonly kind: 'none' }
  /** It belongs to one of several, and a guess could show one session what is another's. */
  | { readonly kind: 'ambiguous' };

/**
 * Which request of ours a server's question or notification belongs to. Over HTTP its stream says so. Over a pipe nothing
 * does: with one request under way it is that one; with several it is the newest that takes such a thing where all are of
 * one session, and nobody can say where they are not.
 */
export function attribute(
  inFlight: InFlight,
  stream: number | undefined,
  takes: (request: Pending) => boolean,
): Attribution {
  if (stream !== undefined) return asAttribution(inFlight.pending.get(stream), takes);
  if (inFlight.hasStreams) return NONE;
  let first: Pending | undefined;
  let newest: Pending | undefined;
  for (const request of inFlight.pending.values()) {
    if (request.options.isOwn === true) continue;
    first ??= request;
    if (request.options.session !== first.options.session) return AMBIGUOUS;
    if (takes(request)) newest = request;
  }
  return asAttribution(newest, takes);
}

/** Whether a notification can belong to a request at all. */
export function mayBelong(method: string, stream: number | undefined): boolean {
  return !FOR_ALL.has(method) && (stream !== undefined || !AFTERWARDS.has(method));
}

/** What is told to all who wait for it, whatever request is under way. */
const FOR_ALL: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]);
/** What follows a request, often after its end: only a stream of its own can tie it to one. */
const AFTERWARDS: ReadonlySet<string> = new Set(['notifications/elicitation/complete', ...TASK_STATUS]);

const NONE: Attribution = { kind: 'none' };
const AMBIGUOUS: Attribution = { kind: 'ambiguous' };

function asAttribution(request: Pending | undefined, takes: (request: Pending) => boolean): Attribution {
  return request !== undefined && takes(request) ? { kind: 'of', request } : NONE;
}
