import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { GatewayError } from '../core/errors.ts';
import type { Authorizer } from './authorizer.ts';
import { oauthFetch } from './oauth-fetch.ts';
import { loadOauthSdk } from './oauth-sdk.ts';
import { clientOf, revokeTokens } from './oauth-tokens.ts';
import { beginSignIn, type BegunSignIn } from './sign-in-flow.ts';
import { leaseName, SignIn, type Lease, type SignInParts, type SignInServer, type SignInState } from './sign-in.ts';
import { TokenStore } from './token-store.ts';

export interface SignInsOptions {
  /** The gateway's home folder. */
  readonly home: string;
  /** Id of the principal for what is done on nobody's behalf, such as reading lists when the gateway starts. */
  readonly owner: string;
  readonly withLease: Lease;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a user has to sign in, milliseconds; five minutes by default. */
  readonly timeoutMs?: number;
}

export type SignedOut =
  | { readonly kind: 'was_not_signed_in' }
  /** Whether the authorization server has forgotten the tokens too. */
  | { readonly kind: 'signed_out'; readonly isRevoked: boolean };

const TIMEOUT_MS = 5 * 60_000;
/** How soon it is noticed that the owner has signed in, be it in another process. */
const WATCH_MS = 500;

/** Everybody's sign-ins at all servers that are reached over HTTP. A server with a configured key has none. */
export class SignIns {
  readonly #options: SignInsOptions;
  readonly #servers: ReadonlyMap<ServerId, SignInServer>;
  readonly #store: TokenStore;
  readonly #signIns = new Map<string, { readonly parts: SignInParts; readonly signIn: SignIn }>();
  readonly #begun = new Map<string, Promise<BegunSignIn>>();
  readonly #listeners = new Set<(server: ServerId) => void>();
  /** Servers that have refused the owner. */
  readonly #awaited = new Set<ServerId>();
  #watching: NodeJS.Timeout | undefined;

  constructor(servers: readonly SignInServer[], options: SignInsOptions) {
    this.#options = options;
    this.#servers = new Map(servers.filter(mayWantSignIn).map((server) => [server.id, server]));
    this.#store = new TokenStore(options.home, options);
  }

  /** What a connection to the server on behalf of the principal asks for credentials. An empty principal is the owner. */
  authorizerFor(server: ServerId, principalId: string): Authorizer | undefined {
    return this.#servers.has(server) ? this.#of(server, principalId).signIn : undefined;
  }

  stateOf(server: ServerId, principalId: string): SignInState {
    return this.#servers.has(server) ? this.#of(server, principalId).signIn.state() : 'not_needed';
  }

  /** What to tell where `stateOf` says `required`: SIGN_IN_REQUIRED, with the words for the user as its `mend`. */
  required(server: ServerId): GatewayError {
    return this.#of(server, '').signIn.required();
  }

  /**
   * The page where the principal signs in, in a browser on this machine; asked for again while it is open, it is the same.
   * Rejects with UPSTREAM_PROTOCOL or UPSTREAM_UNAVAILABLE where the server offers no sign-in that can be used.
   */
  async beginSignIn(server: ServerId, principalId: string): Promise<BegunSignIn> {
    const { parts, signIn } = this.#of(server, principalId);
    const key = keyOf(parts);
    const open = this.#begun.get(key);
    if (open !== undefined) return open;
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const begun = beginSignIn({ ...parts, signIn, timeoutMs });
    this.#begun.set(key, begun);
    const forget = (): void => void this.#begun.delete(key);
    begun.then(({ done }) => done).then(forget, forget);
    return begun;
  }

  /** Removes the tokens here whatever the authorization server says. */
  async logout(server: ServerId, principalId: string): Promise<SignedOut> {
    const { parts, signIn } = this.#of(server, principalId);
    return this.#options.withLease(leaseName(parts), async () => {
      const kept = signIn.kept();
      this.#store.remove(server, parts.principal);
      if (kept?.tokens === undefined) return { kind: 'was_not_signed_in' };
      const client = clientOf(kept, parts.server.credentials);
      const { fetch, clock } = parts;
      const token = { sdk: await loadOauthSdk(), fetch, name: server, now: () => clock.now() };
      return { kind: 'signed_out', isRevoked: client !== undefined && (await revokeTokens(token, kept, client)) };
    });
  }

  /** Calls back when the owner has signed in to a server that wanted it. Returns the way to stop. */
  onSignedIn(listener: (server: ServerId) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Waits for no browser any more. */
  close(): void {
    clearInterval(this.#watching);
    this.#listeners.clear();
    for (const begun of this.#begun.values()) void cancelled(begun);
  }

  #of(id: ServerId, principalId: string): { readonly parts: SignInParts; readonly signIn: SignIn } {
    const { owner } = this.#options;
    const server = this.#serverOf(id);
    const principal = principalId === '' || server.isShared === true ? owner : principalId;
    const key = keyOf({ server, principal });
    const known = this.#signIns.get(key);
    if (known !== undefined) return known;
    const issuer = server.credentials?.issuer;
    const { withLease, clock, logger } = this.#options;
    const fetch = oauthFetch({ serverUrl: server.url, issuer: issuer === undefined ? undefined : new URL(issuer) });
    const onRequired = (): void => this.#await(parts);
    const parts: SignInParts = { server, principal, store: this.#store, fetch, withLease, clock, logger, onRequired };
    const made = { parts, signIn: new SignIn(parts) };
    this.#signIns.set(key, made);
    return made;
  }

  #await({ server: { id }, principal }: SignInParts): void {
    if (principal !== this.#options.owner || this.#awaited.has(id)) return;
    this.#awaited.add(id);
    this.#options.logger.warn('a server wants its user to sign in', { server: id, mend: this.required(id).mend });
    this.#watching ??= setInterval(() => this.#watch(), WATCH_MS).unref();
  }

  #watch(): void {
    for (const server of this.#awaited) {
      if (this.stateOf(server, '') !== 'signed_in') continue;
      this.#awaited.delete(server);
      for (const listener of this.#listeners) listener(server);
    }
    if (this.#awaited.size > 0) return;
    clearInterval(this.#watching);
    this.#watching = undefined;
  }

  #serverOf(id: ServerId): SignInServer {
    const server = this.#servers.get(id);
    if (server !== undefined) return server;
    throw new GatewayError('USAGE', `There is no signing in to "${id}".`, {
      mend: 'Only a server with a url and without an authorization header takes one.',
    });
  }
}

async function cancelled(begun: Promise<BegunSignIn>): Promise<void> {
  const open = await begun.catch(() => undefined);
  open?.cancel();
}

function keyOf({ server, principal }: Pick<SignInParts, 'server' | 'principal'>): string {
  return `${server.id} ${principal}`;
}

function mayWantSignIn({ headers }: SignInServer): boolean {
  return !Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
}
