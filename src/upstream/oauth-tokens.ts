import { GatewayError } from '../core/errors.ts';
import type { OauthFetch } from './oauth-fetch.ts';
import type { OauthSdk } from './oauth-sdk.ts';
import { scopesIn, type AuthorizationServer, type AuthorizationServerMetadata } from './oauth-server.ts';
import { plainText } from './plain-text.ts';
import type { KeptSignIn, Tokens } from './token-store.ts';

/** How the gateway is known to an authorization server, as `mcpServers.<id>.credentials` has it. */
export interface ServerCredentials {
  /** As registered by hand; an https address is that of a client ID metadata document. */
  readonly clientId?: string | undefined;
  /** Goes to `issuer` only. */
  readonly clientSecret?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly issuer?: string | undefined;
  /** Port of the address that the browser returns to; any free one by default. */
  readonly redirectPort?: number | undefined;
}

export type ClientInformation = Parameters<OauthSdk['exchangeAuthorization']>[1]['clientInformation'];

type TokenAnswer = Awaited<ReturnType<OauthSdk['exchangeAuthorization']>>;

export interface TokenParts {
  readonly sdk: OauthSdk;
  readonly fetch: OauthFetch;
  /** How messages name the server. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface CodeExchange {
  readonly server: AuthorizationServer;
  readonly client: ClientInformation;
  readonly code: string;
  readonly iss: string | undefined;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

export interface Granted {
  readonly tokens: Tokens;
  /** Undefined where all that was asked for was granted. */
  readonly scopes: readonly string[] | undefined;
}

/** The authorization server will not give tokens for what we have: only a new sign-in helps. */
export class TokensRefused extends Error {}

/** Trades the code from the browser for tokens. Rejects with `TokensRefused` or a GatewayError. */
export async function exchangeCode(parts: TokenParts, exchange: CodeExchange): Promise<Granted> {
  const { server, client, code, iss, codeVerifier, redirectUri } = exchange;
  const answer = await parts.sdk
    .exchangeAuthorization(server.issuer, {
      metadata: server.metadata,
      clientInformation: client,
      authorizationCode: code,
      ...(iss === undefined ? {} : { iss }),
      codeVerifier,
      redirectUri,
      resource: server.resource,
      fetchFn: parts.fetch,
    })
    .catch((thrown: unknown) => Promise.reject(failureOf(parts, thrown)));
  return grantedIn(parts, answer);
}

/** Trades a refresh token for new tokens. Rejects with `TokensRefused` or a GatewayError. */
export async function refreshTokens(parts: TokenParts, kept: KeptSignIn, client: ClientInformation): Promise<Granted> {
  const answer = await parts.sdk
    .refreshAuthorization(kept.issuer, {
      metadata: metadataOf(kept),
      clientInformation: client,
      refreshToken: kept.tokens?.refresh ?? '',
      resource: kept.resource,
      fetchFn: parts.fetch,
    })
    .catch((thrown: unknown) => Promise.reject(failureOf(parts, thrown)));
  return grantedIn(parts, answer);
}

/** Tells the authorization server to forget the tokens (RFC 7009). Answers whether it said that it has. */
export async function revokeTokens(parts: TokenParts, kept: KeptSignIn, client: ClientInformation): Promise<boolean> {
  const { revocation } = kept.endpoints;
  const token = kept.tokens?.refresh ?? kept.tokens?.access;
  if (revocation === undefined || token === undefined) return false;
  const body = new URLSearchParams({ token });
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' });
  const { client_id: id, client_secret: secret } = client;
  if (parts.sdk.selectClientAuthMethod(client, [...kept.endpoints.authMethods]) === 'client_secret_basic') {
    headers.set('authorization', `Basic ${Buffer.from(`${id}:${secret ?? ''}`).toString('base64')}`);
  } else {
    body.set('client_id', id);
    if (secret !== undefined) body.set('client_secret', secret);
  }
  const answer = await parts.fetch(revocation, { method: 'POST', headers, body }).catch(() => undefined);
  return answer?.ok === true;
}

/** Whom the authorization server knows us as; undefined where it does not. */
export function clientOf(kept: KeptSignIn, credentials: ServerCredentials | undefined): ClientInformation | undefined {
  if (credentials?.clientId !== undefined) return configuredClient(credentials.clientId, credentials.clientSecret);
  const { registration } = kept;
  if (registration === undefined) return undefined;
  const { clientId, clientSecret, authMethod } = registration;
  return {
    ...configuredClient(clientId, clientSecret),
    ...(authMethod === undefined ? {} : { token_endpoint_auth_method: authMethod }),
  };
}

export function configuredClient(clientId: string, clientSecret: string | undefined): ClientInformation {
  return { client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }) };
}

function metadataOf({ issuer, endpoints }: KeptSignIn): AuthorizationServerMetadata {
  return {
    issuer,
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    response_types_supported: ['code'],
    token_endpoint_auth_methods_supported: [...endpoints.authMethods],
  };
}

const BEARER_TOKEN = /^[\x21-\x7e]{1,65536}$/;

function grantedIn({ name, now }: TokenParts, answer: TokenAnswer): Granted {
  if (answer.token_type.toLowerCase() !== 'bearer' || !BEARER_TOKEN.test(answer.access_token)) {
    throw new GatewayError(
      'UPSTREAM_PROTOCOL',
      `The authorization server of "${name}" gives tokens of an unknown type.`,
    );
  }
  const lastsMs = answer.expires_in === undefined ? undefined : Math.max(0, answer.expires_in * 1000);
  return {
    tokens: {
      access: answer.access_token,
      ...(answer.refresh_token === undefined ? {} : { refresh: answer.refresh_token }),
      ...(lastsMs === undefined ? {} : { expiresAt: now() + lastsMs, lastsMs }),
    },
    scopes: scopesIn(answer.scope),
  };
}

/** Codes of RFC 6749 §5.2 and RFC 8707 that another attempt with the same credentials would meet again. */
const FINAL: ReadonlySet<string> = new Set(
  'invalid_grant invalid_client unauthorized_client invalid_scope invalid_target unsupported_grant_type'.split(' '),
);

/** The SDK's words may hold what the server answered, and a token with it: only the code is passed on. */
function failureOf({ sdk, name }: TokenParts, thrown: unknown): Error {
  if (thrown instanceof GatewayError) return thrown;
  const code = thrown instanceof sdk.OAuthError ? plainText(thrown.code, 40) : undefined;
  if (code !== undefined && FINAL.has(code)) return new TokensRefused(code);
  if (thrown instanceof sdk.IssuerMismatchError) {
    return new GatewayError(
      'UPSTREAM_PROTOCOL',
      `The sign-in to "${name}" was answered by another authorization server.`,
    );
  }
  return new GatewayError(
    'UPSTREAM_UNAVAILABLE',
    `The authorization server of "${name}" gives no token (${code ?? 'its answer cannot be read'}).`,
    { mend: 'Try again, and look at that server when it goes on.' },
  );
}
