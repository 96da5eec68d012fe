import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';

/** As much of `fetch` as is needed. It keeps to https (http on loopback), follows no redirect and has limits of its own. */
export type FetchJson = (url: string) => Promise<Response>;

export interface IssuerKeysOptions {
  /** Exactly as its tokens name it. */
  readonly issuer: string;
  readonly fetch: FetchJson;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Neither a token that names a key which nobody knows nor an issuer that does not answer is asked about more often. */
export const COOL_DOWN_MS = 10_000;
/** After so long the keys are asked for again; until they come, the old ones hold. */
export const FRESH_MS = 10 * 60_000;
/** After so long without an answer of the issuer its keys count no more. */
export const USABLE_MS = 60 * 60_000;

/** The issuer's keys cannot be had, so that no token can be looked at. */
export class KeysUnavailable extends Error {}

interface Held {
  readonly find: JWTVerifyGetKey;
  readonly fetchedAt: number;
}

/**
 * The public keys of an issuer: found by its metadata, kept, and asked for again when they have grown old or when a token
 * names a key that is not among them, which is how keys rotate (OpenID Connect Core, section 10.1.1).
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #held: Held | undefined = undefined;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined = undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** For `jwtVerify`. Throws KeysUnavailable, or what jose throws where no key fits. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const held = await this.#usable();
    try {
      return await held.find(header, token);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw thrown;
      await this.#askAgain();
      if (this.#held === undefined || this.#held === held) throw thrown;
      return this.#held.find(header, token);
    }
  };

  async #usable(): Promise<Held> {
    if (this.#ageOf(this.#held) >= USABLE_MS) await this.#askAgain();
    // Nobody waits for what is only a little old.
    else if (this.#ageOf(this.#held) >= FRESH_MS) void this.#askAgain();
    const held = this.#held;
    if (held === undefined || this.#ageOf(held) >= USABLE_MS) throw new KeysUnavailable('the issuer cannot be asked');
    return held;
  }

  #ageOf(held: Held | undefined): number {
    return held === undefined ? Infinity : this.#options.clock.monotonic() - held.fetchedAt;
  }

  /** One at a time; whoever comes meanwhile waits for the same answer. Never rejects. */
  #askAgain(): Promise<void> {
    const now = this.#options.clock.monotonic();
    if (this.#asking === undefined && now - this.#askedAt < COOL_DOWN_MS) return Promise.resolve();
    this.#asking ??= this.#ask(now).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(now: number): Promise<void> {
    this.#askedAt = now;
    const { issuer, logger } = this.#options;
    try {
      const keys = await this.#fetchKeys();
      this.#held = { find: createLocalJWKSet(keys), fetchedAt: now };
      logger.debug('The keys of the issuer were fetched.', { issuer, keys: keys.keys.length });
    } catch (thrown) {
      logger.error('The keys of the issuer cannot be fetched.', { issuer, problem: messageOf(thrown) });
    }
  }

  async #fetchKeys(): Promise<JSONWebKeySet> {
    const metadata = await this.#fetchMetadata();
    const { jwks_uri: address } = metadata;
    if (typeof address !== 'string') throw new Error('its metadata names no jwks_uri');
    const found = await this.#fetchObject(address);
    // What is in it is looked at by `createLocalJWKSet`.
    if (!Array.isArray(found['keys'])) throw new Error('its jwks_uri answers with no keys');
    return found as unknown as JSONWebKeySet;
  }

  /** OpenID Connect Discovery, section 4, else RFC 8414, section 3.1. */
  async #fetchMetadata(): Promise<Readonly<Record<string, unknown>>> {
    const { issuer } = this.#options;
    const { origin, pathname } = new URL(issuer);
    const path = pathname.replace(/\/$/, '');
    let problem: unknown;
    for (const address of [
      `${origin}${path}/.well-known/openid-configuration`,
      `${origin}/.well-known/oauth-authorization-server${path}`,
    ]) {
      try {
        const metadata = await this.#fetchObject(address);
        // Otherwise another tenant of the same host could answer for it.
        if (metadata['issuer'] === issuer) return metadata;
        throw new Error(`${address} speaks for another issuer`);
      } catch (thrown) {
        problem ??= thrown;
      }
    }
    throw problem;
  }

  async #fetchObject(address: string): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.#options.fetch(address);
    const { origin, pathname } = new URL(address);
    if (response.status !== 200) throw new Error(`${origin}${pathname} answers with ${String(response.status)}`);
    const found: unknown = await response.json();
    if (!isJsonObject(found)) throw new Error(`${origin}${pathname} does not answer with an object`);
    return found;
  }
}
