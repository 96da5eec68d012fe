import type { Configuration } from 'openid-client';
import { isLoopbackHost } from '../core/bundle-address.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { SignedIn } from './port.ts';
import { secret } from './sessions.ts';

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  readonly scopes: readonly string[];
  /** Claims of the ID token. */
  readonly userClaim: string;
  readonly groupsClaim: string;
}

interface Flow {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly expiresMs: number;
}

export interface Begun {
  /** For a cookie, so that only the browser that began can end it. */
  readonly flow: string;
  readonly address: URL;
}

const FLOW_MS = 10 * 60_000;
/** Begun and not ended; the oldest make room. */
const MOST_FLOWS = 500;
const TIMEOUT_SECONDS = 10;

/** Sign-in at a provider of OpenID Connect: authorization code with PKCE (OpenID Connect Core 1.0, RFC 7636). */
export class Provider {
  readonly #settings: OidcSettings;
  readonly #clock: Clock;
  readonly #flows = new Map<string, Flow>();
  #found: Promise<Configuration> | undefined;

  constructor(settings: OidcSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** `callback`: the address that the provider sends the browser back to. */
  async begin(callback: string): Promise<Begun> {
    const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client');
    const configuration = await this.#configuration();
    const verifier = secret();
    const flow: Flow = { state: secret(), nonce: secret(), verifier, expiresMs: this.#clock.monotonic() + FLOW_MS };
    const address = buildAuthorizationUrl(configuration, {
      redirect_uri: callback,
      scope: [...new Set(['openid', ...this.#settings.scopes])].join(' '),
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: flow.state,
      nonce: flow.nonce,
    });
    const [oldest] = this.#flows.keys();
    if (this.#flows.size >= MOST_FLOWS && oldest !== undefined) this.#flows.delete(oldest);
    const id = secret();
    this.#flows.set(id, flow);
    return { flow: id, address };
  }

  /** Who has signed in; `address` is the one that the provider has sent the browser to. Throws SIGN_IN_REQUIRED. */
  async end(id: string, address: URL): Promise<SignedIn> {
    const flow = this.#flows.get(id);
    this.#flows.delete(id);
    if (flow === undefined || flow.expiresMs <= this.#clock.monotonic()) throw notSignedIn('it was begun too long ago');
    const { authorizationCodeGrant } = await import('openid-client');
    const tokens = await authorizationCodeGrant(await this.#configuration(), address, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    }).catch((thrown: unknown) => {
      throw notSignedIn(messageOf(thrown), thrown);
    });
    const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
    const user = claims[this.#settings.userClaim];
    const groups = claims[this.#settings.groupsClaim];
    if (typeof user !== 'string' || user === '') throw notSignedIn(`its token has no ${this.#settings.userClaim}`);
    return { user, groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [] };
  }

  /** Looked up when it is first needed, and again after a failure. */
  #configuration(): Promise<Configuration> {
    this.#found ??= discover(this.#settings).catch((thrown: unknown) => {
      this.#found = undefined;
      throw new GatewayError('UPSTREAM_UNAVAILABLE', `the provider ${this.#settings.issuer} cannot be asked`, {
        mend: 'See that it can be reached from the gateway, and that dashboard.oidc.issuer is its exact name.',
        cause: thrown,
      });
    });
    return this.#found;
  }
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<Configuration> {
  const { allowInsecureRequests, ClientSecretPost, discovery, None } = await import('openid-client');
  const url = new URL(issuer);
  // The configuration lets http be on loopback only.
  const isPlain = url.protocol === 'http:' && isLoopbackHost(url.host);
  return discovery(url, clientId, undefined, clientSecret === undefined ? None() : ClientSecretPost(clientSecret), {
    timeout: TIMEOUT_SECONDS,
    execute: isPlain ? [allowInsecureRequests] : [],
  });
}

function notSignedIn(why: string, cause?: unknown): GatewayError {
  return new GatewayError('SIGN_IN_REQUIRED', `the sign-in was not completed: ${why}`, {
    mend: 'Begin again at /api/oidc.',
    cause,
  });
}
