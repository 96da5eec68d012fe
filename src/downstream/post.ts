import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Visitor } from './gate.ts';
import type { Accepted } from './http-guard.ts';

/** A POST request on its way. */
export interface Post {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visitor: Visitor;
  readonly accepted: Accepted;
}
