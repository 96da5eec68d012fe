import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { Authorizer, Challenge, CredentialHeaders } from '../../src/upstream/authorizer.ts';
import type { Lease, SignInServer } from '../../src/upstream/sign-in.ts';
import { SignIns } from '../../src/upstream/sign-ins.ts';
import {
  anAuthorizationServer,
  aProtectedServer,
  browse,
  type AuthorizationServer,
  type ProtectedServer,
} from './authorization-server.ts';
import { aClock, aFolder, aLogger, serverId, type Logged } from './parts.ts';

export const SHOP = serverId('shop');
export const MAYA = 'maya';
const alone: Lease = (_name, work) => work();

export interface SignInOptions {
  readonly home?: string;
  readonly clock?: Clock;
  readonly withLease?: Lease;
  readonly timeoutMs?: number;
}

export interface TheSignIns {
  readonly signIns: SignIns;
  readonly home: string;
  readonly logger: { readonly lines: readonly Logged[] };
}

/** The sign-ins of one gateway process at one server. */
export function theSignIns(
  server: SignInServer,
  { home = aFolder(), clock = aClock, withLease = alone, ...rest }: SignInOptions = {},
): TheSignIns {
  const logger = aLogger();
  const signIns = new SignIns([server], { home, owner: 'owner', withLease, clock, logger, ...rest });
  onTestFinished(() => signIns.close());
  return { signIns, home, logger };
}

export interface SignedIn extends TheSignIns {
  readonly url: string;
  readonly page: Awaited<ReturnType<typeof browse>>;
  readonly authorizer: Authorizer;
}

/** The same after Maya has signed in. */
export async function signedIn(server: SignInServer, options: SignInOptions = {}): Promise<SignedIn> {
  const made = theSignIns(server, options);
  const { url, done } = await made.signIns.beginSignIn(SHOP, MAYA);
  const page = await browse(url);
  await done;
  return { ...made, url, page, authorizer: authorizerOf(made.signIns) };
}

export function authorizerOf(signIns: SignIns, principal = MAYA): Authorizer {
  const authorizer = signIns.authorizerFor(SHOP, principal);
  if (authorizer === undefined) throw new Error('there is no authorizer');
  return authorizer;
}

/** One request as a road over HTTP makes it: with the credentials, once more after a challenge that says so. */
export async function ask(server: SignInServer, authorizer: Authorizer): Promise<number> {
  const first = await authorizer.headers();
  const refused = await send(server, first);
  if (refused.status !== 401 && refused.status !== 403) return refused.status;
  await authorizer.challenged(challengeOf(refused, first));
  return (await send(server, await authorizer.headers())).status;
}

export function send(server: SignInServer, headers: CredentialHeaders): Promise<Response> {
  return fetch(server.url, { method: 'POST', headers, body: '{}' });
}

export function challengeOf(refused: Response, sent: CredentialHeaders): Challenge {
  return { status: refused.status, wwwAuthenticate: refused.headers.get('www-authenticate') ?? undefined, sent };
}

/** A clock that a test sets forward. */
export function aMovedClock(): Clock & { forwardMs: number } {
  const clock = {
    forwardMs: 0,
    now: () => Date.now() + clock.forwardMs,
    monotonic: () => performance.now() + clock.forwardMs,
  };
  return clock;
}

/** The files with tokens in a home folder, by their path. */
export function filesIn(home: string): readonly string[] {
  return readdirSync(join(home, 'tokens')).map((name) => join(home, 'tokens', name));
}

export interface Shop {
  readonly as: AuthorizationServer;
  readonly shop: ProtectedServer;
  readonly governed: SignInServer;
}

/** A server that wants a sign-in, and the authorization server that it names. */
export async function aShop(): Promise<Shop> {
  const as = await anAuthorizationServer();
  const shop = await aProtectedServer(as);
  return { as, shop, governed: shop.governed };
}
