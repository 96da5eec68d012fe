import { GatewayError } from '../core/errors.ts';
import type { OauthFetch } from './oauth-fetch.ts';
import type { OauthSdk } from './oauth-sdk.ts';
import { plainText } from './plain-text.ts';

/** Who gives tokens for an upstream server, and what for. */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly metadata: AuthorizationServerMetadata;
  /** RFC 8707: what a token is asked for. */
  readonly resource: string;
  /** Scopes to ask for where nothing else says which; empty leaves it to the authorization server. */
  readonly scopes: readonly string[];
}

export type AuthorizationServerMetadata = NonNullable<
  Awaited<ReturnType<OauthSdk['discoverAuthorizationServerMetadata']>>
>;

type ResourceMetadata = Awaited<ReturnType<OauthSdk['discoverOAuthProtectedResourceMetadata']>>;

export interface Discovery {
  readonly sdk: OauthSdk;
  readonly fetch: OauthFetch;
  /** How messages name the server. */
  readonly name: string;
  readonly url: URL;
  /** What the server answered to a request without a token, if it said anything. */
  readonly wwwAuthenticate: string | undefined;
  /** The issuer that the configuration asks for. */
  readonly issuer: string | undefined;
}

/**
 * Finds the authorization server of an upstream server: by the metadata that its challenge names, else by the well-known
 * address (RFC 9728), then the authorization server's own metadata (RFC 8414, OpenID Connect Discovery).
 * Rejects with UPSTREAM_PROTOCOL where they cannot be used, and with UPSTREAM_UNAVAILABLE.
 */
export async function discoverAuthorizationServer(discovery: Discovery): Promise<AuthorizationServer> {
  const { sdk, fetch, name, url, issuer: wanted } = discovery;
  const challenge = challengeIn(sdk, discovery.wwwAuthenticate);
  const resource = await resourceMetadata(discovery, challenge.resourceMetadataUrl);
  const offered = resource?.authorization_servers ?? [];
  const issuer =
    wanted === undefined ? (offered[0] ?? new URL('/', url).href) : (sameIssuer(offered, wanted) ?? wanted);
  if (wanted !== undefined && offered.length > 0 && sameIssuer(offered, wanted) === undefined) {
    throw broken(name, 'does not name the authorization server that credentials.issuer asks for');
  }
  const metadata = await sdk
    .discoverAuthorizationServerMetadata(issuer, { fetchFn: fetch })
    .catch((thrown: unknown) => {
      throw asGatewayError(thrown, name, 'names an authorization server whose metadata cannot be used');
    });
  if (metadata === undefined) throw notOffered(name, resource);
  if (metadata.code_challenge_methods_supported?.includes('S256') !== true) {
    throw broken(name, 'names an authorization server that does not protect codes with PKCE (S256)');
  }
  requireWebAddress(metadata.authorization_endpoint, name);
  return {
    issuer: metadata.issuer,
    metadata,
    resource: resource?.resource ?? sdk.resourceUrlFromServerUrl(url).href,
    scopes: scopesIn(challenge.scope) ?? resource?.scopes_supported ?? [],
  };
}

interface Named {
  readonly resourceMetadataUrl?: URL;
  readonly scope?: string;
  readonly error?: string;
}

/** What a `WWW-Authenticate` header says of tokens; nothing where it says nothing or cannot be read. */
export function challengeIn(sdk: OauthSdk, wwwAuthenticate: string | undefined): Named {
  if (wwwAuthenticate === undefined) return {};
  try {
    const headers = new Headers({ 'www-authenticate': wwwAuthenticate });
    return sdk.extractWWWAuthenticateParams(new Response(null, { headers }));
  } catch {
    return {};
  }
}

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
const MOST_SCOPES = 64;

/** The scopes in a text (RFC 6749 §3.3); undefined where it names none. */
export function scopesIn(text: string | undefined): readonly string[] | undefined {
  const scopes = (text ?? '').split(/\s+/).filter((scope) => SCOPE.test(scope));
  return scopes.length === 0 ? undefined : [...new Set(scopes)].slice(0, MOST_SCOPES);
}

/** Where a challenge names the metadata they must be there. Where it does not, a server of 2025-03-26 has none. */
async function resourceMetadata(
  { sdk, fetch, name, url }: Discovery,
  named: URL | undefined,
): Promise<ResourceMetadata | undefined> {
  const options = named === undefined ? {} : { resourceMetadataUrl: named };
  const found = await sdk.discoverOAuthProtectedResourceMetadata(url, options, fetch).catch((thrown: unknown) => {
    if (named !== undefined || thrown instanceof GatewayError)
      throw asGatewayError(thrown, name, 'names metadata of its sign-in that cannot be used');
    return undefined;
  });
  if (found === undefined) return undefined;
  const requestedResource = sdk.resourceUrlFromServerUrl(url);
  if (sdk.checkResourceAllowed({ requestedResource, configuredResource: found.resource })) return found;
  throw broken(name, 'gives metadata of another resource than itself');
}

/** An issuer may be written with or without its last slash. */
function sameIssuer(offered: readonly string[], wanted: string): string | undefined {
  const bare = (issuer: string): string => issuer.replace(/\/$/, '');
  return offered.find((issuer) => bare(issuer) === bare(wanted));
}

/** It is opened in the user's browser, which would take many other schemes for orders. */
function requireWebAddress(text: string, name: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return;
  throw broken(name, 'names a page for signing in that is not at an https address');
}

/** The words of the SDK's errors may hold what a server answered, so they are left out. */
function asGatewayError(thrown: unknown, name: string, what: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const kind = thrown instanceof Error ? plainText(thrown.name, 60) : 'unknown';
  return broken(name, `${what} (${kind})`);
}

function notOffered(name: string, resource: ResourceMetadata | undefined): GatewayError {
  if (resource !== undefined) return broken(name, 'names an authorization server that has no metadata');
  return new GatewayError('UPSTREAM_PROTOCOL', `"${name}" offers no sign-in that could be found.`, {
    mend: `If it wants a key, set it under mcpServers.${name}.headers.`,
  });
}

function broken(name: string, what: string): GatewayError {
  return new GatewayError('UPSTREAM_PROTOCOL', `"${name}" ${what}.`, {
    mend: 'Tell whoever runs the server, or set a token under headers.',
  });
}
