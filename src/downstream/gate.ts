import type { IncomingMessage } from 'node:http';

import type { Identity } from './identity.ts';

/** Where every request over HTTP is asked who sends it, before anything else looks at it. */
export interface Gate {
  admit(request: IncomingMessage): Admission | Promise<Admission>;
  /** The metadata of the protected resource at a path, as JSON; undefined where that path has none (RFC 9728). */
  describe(path: string, request: IncomingMessage): string | undefined;
}

export type Admission = { readonly kind: 'admitted'; readonly visitor: Visitor } | Rejection;

export interface Rejection {
  readonly kind: 'rejected';
  readonly status: 400 | 401 | 403 | 503;
  /** For the client: nothing secret, and nothing of what it has shown. */
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Visitor {
  readonly identity: Identity;
  /** Whether what was shown is still good; asked now and then while a stream is open. */
  readonly holds: () => Promise<boolean>;
  /** Absent where there is nothing more that it could show. */
  readonly stepUp?: StepUp | undefined;
}

/** `WWW-Authenticate` that asks for a token with these scopes, too; undefined where asking is in vain. */
export type StepUp = (scopes: readonly string[]) => string | undefined;

/** Everybody is the same: who can reach the listener is the one whom the configuration names. */
export function openGate(identity: Identity): Gate {
  const admission = admitted(identity);
  return { admit: () => admission, describe: () => undefined };
}

export function admitted(identity: Identity): Admission {
  return { kind: 'admitted', visitor: { identity, holds: async () => true } };
}
