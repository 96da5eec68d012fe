import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { KEY_PREFIX } from '../core/names.ts';
import type { Admission, Gate, Rejection, StepUp, Visitor } from './gate.ts';
import { type ClaimNames, type Identified, identifyByClaims, identifyByKey, scopesIn } from './identify.ts';
import { COOL_DOWN_MS, type FetchJson, IssuerKeys } from './issuer-keys.ts';
import { ProtectedResource, type ResourceOptions } from './protected-resource.ts';
import { type TokenOptions, type Verified, verifyToken } from './verify-token.ts';

export interface GuardOptions {
  /** Tokens of an issuer; undefined where none are taken. */
  readonly oidc: OidcOptions | undefined;
  /** The key with a hash, while it holds; undefined where keys are not taken. May reject. */
  readonly findKey: ((hash: string) => Promise<FoundKey | undefined>) | undefined;
  /** Ids of the configured agents. Where there are none, any may be named. */
  readonly agents: ReadonlySet<string>;
  readonly resource: Omit<ResourceOptions, 'issuer' | 'scopes'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface OidcOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimNames;
  /** Scopes without which no token is let in. */
  readonly requiredScopes: readonly string[];
  /** Scopes that a policy may ask for. */
  readonly scopes: readonly string[];
  readonly fetch: FetchJson;
}

export interface FoundKey {
  readonly id: string;
  /** SHA-256 of its text, hex. */
  readonly hash: string;
  /** As `identifyByKey` reads it. */
  readonly entry: JsonObject;
}

/** Lets in whoever shows a token of the issuer or an agent's key, and nobody else. Doubt keeps out. */
export function guardedGate(options: GuardOptions): Gate {
  const guard = new Guard(options);
  return {
    admit: (request) => guard.admit(request),
    describe: (path, request) => guard.resource.describe(path, request),
  };
}

class Guard {
  readonly resource: ProtectedResource;
  readonly #options: GuardOptions;
  readonly #oidc: (OidcOptions & TokenOptions) | undefined;
  readonly #offered: ReadonlySet<string>;

  constructor(options: GuardOptions) {
    const { oidc, resource, clock } = options;
    this.#options = options;
    this.#offered = new Set([...(oidc?.requiredScopes ?? []), ...(oidc?.scopes ?? [])]);
    this.#oidc = oidc && { ...oidc, clock, keys: new IssuerKeys({ ...options, ...oidc }).find };
    this.resource = new ProtectedResource({ ...resource, issuer: oidc?.issuer, scopes: oidc?.requiredScopes ?? [] });
  }

  admit(request: IncomingMessage): Admission | Promise<Admission> {
    const shown = request.headersDistinct['authorization'] ?? [];
    if (shown.length > 1) return rejected(400, 'There is more than one Authorization header.');
    const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(shown[0] ?? '')?.[1];
    if (shown[0] === undefined) return this.#challenged(request, 'Show a token or a key in the Authorization header.');
    if (token === undefined) return this.#invalid(request, 'the header is not of the form: Bearer TOKEN');
    if (token.startsWith(KEY_PREFIX)) return this.#admitKey(request, token);
    return this.#oidc === undefined
      ? this.#invalid(request, 'tokens are not taken here')
      : this.#admitToken(request, token, this.#oidc);
  }

  async #admitKey(request: IncomingMessage, text: string): Promise<Admission> {
    const { findKey, agents } = this.#options;
    if (findKey === undefined) return this.#invalid(request, 'keys are not taken here');
    const hash = createHash('sha256').update(text).digest();
    const find = async (): Promise<FoundKey | undefined> => sameKey(await findKey(hash.toString('hex')), hash);
    try {
      const key = await find();
      if (key === undefined) return this.#invalid(request, 'the key is unknown or was revoked');
      const found = identifyByKey(key.entry, agents);
      return this.#entered(found, `key:${key.id}`, { holds: () => holdsStill(find) });
    } catch (thrown) {
      this.#options.logger.error('A key cannot be looked up.', { problem: messageOf(thrown) });
      return rejected(503, 'Keys cannot be looked up at the moment.', RETRY_SOON);
    }
  }

  async #admitToken(request: IncomingMessage, token: string, oidc: OidcOptions & TokenOptions): Promise<Admission> {
    const verified = await verifyToken(token, oidc);
    if (verified.kind === 'invalid') return this.#invalid(request, verified.why);
    if (verified.kind === 'unavailable') return rejected(503, 'The issuer of tokens cannot be asked.', RETRY_SOON);
    return this.#admitClaims(request, verified, oidc);
  }

  #admitClaims(
    request: IncomingMessage,
    { claims, expiresAtMs }: Extract<Verified, { kind: 'verified' }>,
    { claims: names, requiredScopes }: OidcOptions,
  ): Admission {
    const { agents, clock } = this.#options;
    const scopes = scopesIn(claims);
    if (!requiredScopes.every((scope) => scopes.includes(scope))) {
      const challenge = this.#scopesNeeded(request, [...scopes, ...requiredScopes]);
      return rejected(403, 'The token lacks a scope.', { 'WWW-Authenticate': challenge });
    }
    const found = identifyByClaims(claims, names, agents);
    const stepUp = this.#stepUpFrom(scopes, request);
    return this.#entered(found, 'token', { holds: async () => clock.now() < expiresAtMs, stepUp });
  }

  #stepUpFrom(scopes: readonly string[], request: IncomingMessage): StepUp | undefined {
    const missing = [...this.#offered].filter((scope) => !scopes.includes(scope));
    if (missing.length === 0) return undefined;
    return (wanted) => {
      const isOffered = wanted.every((scope) => this.#offered.has(scope));
      const isMissing = wanted.some((scope) => missing.includes(scope));
      return isOffered && isMissing ? this.#scopesNeeded(request, [...scopes, ...wanted]) : undefined;
    };
  }

  /** What is shown is good; now it must say who asks. */
  #entered(found: Identified, credential: string, rest: Omit<Visitor, 'identity'>): Admission {
    if (found.kind === 'refused') {
      this.#options.logger.warn('A client was turned away: nobody here is named.', { why: found.why });
      return rejected(403, 'What was shown is good, but names nobody whom this gateway knows. Its log says why.');
    }
    return { kind: 'admitted', visitor: { ...rest, identity: { ...found.identity, credential } } };
  }

  #invalid(request: IncomingMessage, why: string): Rejection {
    this.#options.logger.warn('A client was turned away.', { why });
    return this.#challenged(request, `Not let in: ${why}.`, { error: 'invalid_token', error_description: why });
  }

  /** The first challenge names no error (RFC 6750, section 3.1). */
  #challenged(request: IncomingMessage, message: string, error: Readonly<Record<string, string>> = {}): Rejection {
    const required = this.#oidc?.requiredScopes ?? [];
    const scope: Readonly<Record<string, string>> = required.length === 0 ? {} : { scope: required.join(' ') };
    return rejected(401, message, { 'WWW-Authenticate': this.#challenge(request, { ...error, ...scope }) });
  }

  #scopesNeeded(request: IncomingMessage, scopes: readonly string[]): string {
    return this.#challenge(request, { error: 'insufficient_scope', scope: [...new Set(scopes)].join(' ') });
  }

  #challenge(request: IncomingMessage, parameters: Readonly<Record<string, string>>): string {
    const metadata = this.resource.metadataUrl(request);
    const all = { realm: 'mcp-gateway', ...parameters, ...(metadata !== undefined && { resource_metadata: metadata }) };
    const written = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
    return `Bearer ${written.join(', ')}`;
  }
}

const RETRY_SOON = { 'Retry-After': String(COOL_DOWN_MS / 1000) };

function rejected(
  status: Rejection['status'],
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Rejection {
  return { kind: 'rejected', status, message, headers };
}

/** It was looked for by its hash; that it is the same is seen in constant time. */
function sameKey(found: FoundKey | undefined, hash: Buffer): FoundKey | undefined {
  if (found === undefined) return undefined;
  const kept = Buffer.from(found.hash, 'hex');
  return kept.length === hash.length && timingSafeEqual(kept, hash) ? found : undefined;
}

async function holdsStill(find: () => Promise<FoundKey | undefined>): Promise<boolean> {
  try {
    return (await find()) !== undefined;
  } catch {
    // What cannot be looked up is not known to hold.
    return false;
  }
}
