import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import type { Authorizer, Challenge, CredentialHeaders } from './authorizer.ts';
import type { OauthFetch } from './oauth-fetch.ts';
import { loadOauthSdk } from './oauth-sdk.ts';
import { challengeIn, scopesIn } from './oauth-server.ts';
import { clientOf, refreshTokens, TokensRefused, type ServerCredentials, type TokenParts } from './oauth-tokens.ts';
import { plainText } from './plain-text.ts';
import type { KeptSignIn, Tokens, TokenStore } from './token-store.ts';

/** A governed server over HTTP, as far as signing in to it goes. */
export interface SignInServer {
  readonly id: ServerId;
  readonly url: URL;
  /** The configured headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Everybody shares one connection, which is the owner's. */
  readonly isShared?: boolean | undefined;
  readonly credentials?: ServerCredentials | undefined;
}

/** Does the work while no other process does work of this name; waits for its turn. */
export type Lease = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export interface SignInParts {
  readonly server: SignInServer;
  readonly principal: string;
  readonly store: TokenStore;
  readonly fetch: OauthFetch;
  readonly withLease: Lease;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the server refuses the principal for want of a sign-in. */
  readonly onRequired: () => void;
}

/** Whether a principal can use a server now: as far as is known without asking it. */
export type SignInState = 'not_needed' | 'signed_in' | 'required';

/** A token is renewed when a fifth of its time is left, and not later than this before its end. */
const EARLY_MS = 60_000;
const EARLY_SHARE = 0.2;
/** How much of what a server wants is told, characters. */
const MOST_NAMED = 200;
/** After this long a server that wanted a sign-in is asked again whether it still does. */
const WANTED_MS = 10 * 60_000;

/**
 * One principal's sign-in at one server. Tokens are renewed before they expire and when the server refuses them, once for
 * all requests of this process, and under a lease, so that a refresh token that may be used once is used once.
 */
export class SignIn implements Authorizer {
  readonly #parts: SignInParts;
  #renewing: Promise<KeptSignIn> | undefined;
  /** When the server last refused a request without a token. */
  #wantedAtMs = Number.NEGATIVE_INFINITY;
  /** A token that was renewed because the server had refused the one before. */
  #renewed: string | undefined;
  /** A token that the server refuses although it is new. */
  #refused: string | undefined;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  state(): SignInState {
    const kept = this.kept();
    const tokens = this.#usable(kept);
    if (tokens === undefined) return kept !== undefined || this.#isWanted() ? 'required' : 'not_needed';
    return tokens.access === this.#refused ? 'required' : 'signed_in';
  }

  /** What is kept of it, unless it belongs to another address or issuer than the configuration has now. */
  kept(): KeptSignIn | undefined {
    const { store, server, principal } = this.#parts;
    const kept = store.find(server.id, principal);
    if (kept === undefined || kept.url !== server.url.href) return undefined;
    return isIssuer(kept, server.credentials?.issuer) ? kept : undefined;
  }

  async headers(): Promise<CredentialHeaders> {
    const tokens = this.#usable(this.kept());
    if (tokens === undefined) return {};
    const remainingMs = this.#remainingMs(tokens.expiresAt);
    if (remainingMs <= 0) return bearer((await this.#renew(tokens.access)).tokens);
    const earlyMs = Math.min(EARLY_MS, EARLY_SHARE * (tokens.lastsMs ?? Number.POSITIVE_INFINITY));
    if (remainingMs < earlyMs && tokens.refresh !== undefined) this.#renewBehind(tokens.access);
    return bearer(tokens);
  }

  async challenged({ status, wwwAuthenticate, sent }: Challenge): Promise<'retry'> {
    const kept = this.kept();
    const tokens = this.#usable(kept);
    if (status === 403 && kept !== undefined && tokens !== undefined) return this.#stepUp(kept, wwwAuthenticate);
    if (status === 403 && wwwAuthenticate === undefined) throw this.#forbidden();
    if (tokens !== undefined && sent['authorization'] !== `Bearer ${tokens.access}`) return 'retry';
    if (tokens === undefined) this.#want();
    if (tokens?.refresh === undefined || tokens.access === this.#renewed) {
      this.#refused = tokens?.access;
      this.#parts.onRequired();
      throw this.required();
    }
    this.#renewed = (await this.#renew(tokens.access)).tokens?.access;
    return 'retry';
  }

  /** A token that is good, or that can be renewed. */
  #usable(kept: KeptSignIn | undefined): Tokens | undefined {
    const tokens = kept?.tokens;
    const isOver = tokens?.refresh === undefined && this.#remainingMs(tokens?.expiresAt) <= 0;
    return isOver ? undefined : tokens;
  }

  /** The words for whoever has to be told that nothing goes on without the user. */
  required(more = ''): GatewayError {
    const { id } = this.#parts.server;
    return new GatewayError('SIGN_IN_REQUIRED', `"${id}" wants its user to sign in${more}.`, {
      mend: `Ask the user to sign in to ${id} (in a terminal: mcp-gateway server login ${id}).`,
    });
  }

  /** The server wants more than was granted (RFC 6750 §3.1): what it names is asked for with the next sign-in. */
  async #stepUp(kept: KeptSignIn, wwwAuthenticate: string | undefined): Promise<'retry'> {
    const challenge = challengeIn(await loadOauthSdk(), wwwAuthenticate);
    if (challenge.error !== 'insufficient_scope') throw this.#forbidden();
    const wanted = scopesIn(challenge.scope) ?? [];
    const { store, withLease } = this.#parts;
    await withLease(this.#leaseName(), async () => {
      const now = this.kept() ?? kept;
      const scopes = [...new Set([...now.scopes, ...wanted])];
      if (scopes.length > now.scopes.length) store.write({ ...now, scopes });
    });
    const named = wanted.length === 0 ? '' : ` (${plainText(wanted.join(', '), MOST_NAMED)})`;
    throw this.required(` with more rights${named}`);
  }

  #renewBehind(access: string): void {
    this.#renew(access).catch((thrown: unknown) => {
      const { logger, server } = this.#parts;
      logger.warn('a sign-in was not renewed in time', { server: server.id, problem: messageOf(thrown) });
    });
  }

  /** New tokens in place of those with this access token, unless somebody else has them already. */
  #renew(access: string): Promise<KeptSignIn> {
    this.#renewing ??= this.#parts
      .withLease(this.#leaseName(), () => this.#renewAlone(access))
      .finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  async #renewAlone(access: string): Promise<KeptSignIn> {
    const kept = this.kept();
    if (kept?.tokens === undefined) throw this.required();
    if (kept.tokens.access !== access) return kept;
    const { store, server, fetch, clock } = this.#parts;
    const client = clientOf(kept, server.credentials);
    if (client === undefined) throw this.required();
    const parts: TokenParts = { sdk: await loadOauthSdk(), fetch, name: server.id, now: () => clock.now() };
    try {
      const { tokens } = await refreshTokens(parts, kept, client);
      const renewed = { ...kept, tokens, savedAt: clock.now() };
      store.write(renewed);
      return renewed;
    } catch (thrown) {
      if (!(thrown instanceof TokensRefused)) throw thrown;
      this.#forget(kept, thrown.message);
      throw this.required();
    }
  }

  /** Refused tokens are of no use to anybody; a registration that is refused is made anew. */
  #forget({ tokens: _refused, registration, ...rest }: KeptSignIn, code: string): void {
    const isKnown = registration !== undefined && code !== 'invalid_client' && code !== 'unauthorized_client';
    this.#parts.store.write({ ...rest, ...(isKnown ? { registration } : {}) });
    this.#want();
    this.#parts.onRequired();
    this.#parts.logger.info('a sign-in has ended', { server: this.#parts.server.id, code });
  }

  #want(): void {
    this.#wantedAtMs = this.#parts.clock.monotonic();
  }

  #forbidden(): GatewayError {
    const { id } = this.#parts.server;
    return new GatewayError('UPSTREAM_UNAVAILABLE', `"${id}" refuses the request (403).`, {
      mend: `See what the signed-in user may do at ${id}.`,
    });
  }

  #isWanted(): boolean {
    const { clock, server } = this.#parts;
    return server.credentials !== undefined || clock.monotonic() - this.#wantedAtMs < WANTED_MS;
  }

  #remainingMs(expiresAt: number | undefined): number {
    return expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt - this.#parts.clock.now();
  }

  #leaseName(): string {
    return leaseName(this.#parts);
  }
}

/** One name for all that changes one principal's sign-in at one server. */
export function leaseName({ server, principal }: Pick<SignInParts, 'server' | 'principal'>): string {
  return `sign-in ${JSON.stringify([server.id, principal])}`;
}

function bearer(tokens: Tokens | undefined): CredentialHeaders {
  return tokens === undefined ? {} : { authorization: `Bearer ${tokens.access}` };
}

function isIssuer(kept: KeptSignIn, wanted: string | undefined): boolean {
  return wanted === undefined || wanted.replace(/\/$/, '') === kept.issuer.replace(/\/$/, '');
}
