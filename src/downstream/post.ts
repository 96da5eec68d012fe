import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Accepted } from './http-guard.ts';
import type { Identity } from './identity.ts';

/** A POST request on its way. */
export interface Post {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly identity: Identity;
  readonly accepted: Accepted;
}
