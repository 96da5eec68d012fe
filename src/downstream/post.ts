import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Road } from '../core/observer.ts';
import { readTraceContext } from '../core/trace-context.ts';
import type { Visitor } from './gate.ts';
import type { Accepted } from './http-guard.ts';

/** A POST request on its way. */
export interface Post {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visitor: Visitor;
  readonly accepted: Accepted;
}

/** How a POST came, with what its headers say of its trace. */
export function roadOf({ headers }: IncomingMessage): Road {
  const { traceparent, tracestate } = headers;
  return traceparent === undefined ? HTTP : { kind: 'http', context: readTraceContext(traceparent, tracestate) };
}

export const HTTP: Road = { kind: 'http' };
