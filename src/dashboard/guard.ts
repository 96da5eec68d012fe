import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Right } from './api.ts';
import { Refused, SIGN_IN_AGAIN, SIGN_IN_AT_PROVIDER } from './failures.ts';
import type { Place } from './place.ts';
import type { DashboardPort } from './port.ts';
import { isSame, type Session, type Sessions } from './sessions.ts';

/** What the steps of a request hand to one another. */
export interface Env {
  Bindings: HttpBindings;
  Variables: {
    session: Session;
    /** Asked by what goes on for long. */
    isSignedIn: () => Promise<boolean>;
  };
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** On every answer, whatever it is; what the interface says is kept nowhere. */
export function secureHeaders(place: () => Place): MiddlewareHandler<Env> {
  return async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    if (place().isSecure) context.header('strict-transport-security', 'max-age=31536000');
    if (context.req.path.startsWith('/api/')) context.header('cache-control', 'no-store');
  };
}

/** A page of somebody else that has made its name point here is sent away, whatever it asks for. */
export function knownHost(place: () => Place): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { hosts, origins, url } = place();
    const host = context.req.header('host')?.toLowerCase() ?? '';
    if (!hosts.has(host)) {
      throw new Refused(403, {
        code: 'WRONG_HOST',
        message: 'The dashboard is not called by that name.',
        mend: `Open ${url}; behind a proxy, set dashboard.publicUrl.`,
      });
    }
    const origin = context.req.header('origin');
    const isSafe = context.req.method === 'GET' || context.req.method === 'HEAD';
    if (origin === undefined ? !isSafe : !origins.has(origin)) throw wrongOrigin(url);
    await next();
  };
}

/**
 * A picture or a link on a page of another port has no Origin and, on the same host, the cookie; what browsers say of where
 * it comes from is in Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/). Other programs do not send it.
 */
function refuseForeign(context: Context<Env>, { url }: Place): void {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw wrongOrigin(url);
}

function wrongOrigin(url: string): Refused {
  return new Refused(403, {
    code: 'WRONG_ORIGIN',
    message: 'The request does not come from a page of the dashboard.',
    mend: `Use the pages at ${url}.`,
  });
}

export interface GuardParts {
  readonly sessions: Sessions;
  readonly place: () => Place;
  readonly port: Pick<DashboardPort, 'stillHolds'>;
  readonly hasProvider: boolean;
}

/** Somebody is signed in, may look, and what is no GET carries the session's token. */
export function signedIn({ sessions, place, port, hasProvider }: GuardParts): MiddlewareHandler<Env> {
  return async (context, next) => {
    refuseForeign(context, place());
    const id = getCookie(context, place().cookie) ?? '';
    const session = sessions.find(id);
    const isOver = session === undefined || !(await port.stillHolds(session.person));
    if (isOver) sessions.end(id);
    if (isOver) throw new Refused(401, hasProvider ? SIGN_IN_AT_PROVIDER : SIGN_IN_AGAIN);
    if (context.req.method !== 'GET' && !isSame(context.req.header('x-csrf-token') ?? '', session.csrf)) {
      throw new Refused(403, {
        code: 'CSRF',
        message: 'The request does not carry the token of its session, so it may not come from a page of yours.',
        mend: 'Load the page again; another sign-in in the same browser has taken its place.',
      });
    }
    context.set('session', session);
    context.set('isSignedIn', async () => sessions.has(id) && (await port.stillHolds(session.person)));
    requireRight(context, 'read');
    await next();
  };
}

const RIGHT_WORDS: Readonly<Record<Right, string>> = {
  read: 'look at anything here',
  approve: 'answer approvals here',
  change: 'change anything here',
};

export function requireRight(context: Context<Env>, right: Right): void {
  const { person } = context.get('session');
  if (person.may.includes(right)) return;
  throw new Refused(403, {
    code: 'NOT_ALLOWED',
    message: `${person.name} may not ${RIGHT_WORDS[right]}.`,
    mend:
      right === 'read'
        ? 'Groups that may are in the configuration under dashboard.rights.'
        : 'Groups that may are in the configuration under dashboard.rights; a link of `dashboard open` has all rights when it is made in a terminal, and answers approvals with an approver’s key.',
  });
}

const MOST_BYTES = 1024 * 1024;

/** What a page sends: JSON of a known size, which no form of another page can send. */
export async function bodyOf(context: Context<Env>): Promise<unknown> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new Refused(415, { code: 'NOT_JSON', message: 'What is sent has to be application/json.', mend: '' });
  }
  const text = await textOf(context.req.raw.body);
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refused(400, { code: 'NOT_JSON', message: 'What was sent is no JSON.', mend: '' });
  }
}

async function textOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) {
      throw new Refused(413, { code: 'TOO_LARGE', message: 'What was sent is larger than 1 MB.', mend: '' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
