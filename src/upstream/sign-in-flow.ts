import { randomBytes } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { loadOauthSdk } from './oauth-sdk.ts';
import { discoverAuthorizationServer, type AuthorizationServer } from './oauth-server.ts';
import {
  clientOf,
  configuredClient,
  exchangeCode,
  TokensRefused,
  type ClientInformation,
  type Granted,
  type TokenParts,
} from './oauth-tokens.ts';
import { plainText } from './plain-text.ts';
import { listenForReturn, type Returned, type SignInListener } from './sign-in-listener.ts';
import { leaseName, type SignIn, type SignInParts } from './sign-in.ts';
import type { KeptSignIn } from './token-store.ts';

/** A sign-in that waits for the user. */
export interface BegunSignIn {
  /** The page to open in a browser: at an https address, or on loopback. */
  readonly url: string;
  /** Resolves when the tokens are kept. Rejects with SIGN_IN_REQUIRED or UPSTREAM_…; whoever does not ask is not troubled. */
  readonly done: Promise<void>;
  /** Waits no longer. */
  cancel(): void;
}

export interface FlowParts extends SignInParts {
  readonly signIn: SignIn;
  /** How long the user has, milliseconds. */
  readonly timeoutMs: number;
}

type Registration = NonNullable<KeptSignIn['registration']>;

/** The client of one sign-in, and its registration where it was made for us. */
interface Client {
  readonly information: ClientInformation;
  readonly registration: Registration | undefined;
}

interface Flow {
  readonly parts: FlowParts;
  readonly token: TokenParts;
  readonly server: AuthorizationServer;
  readonly listener: SignInListener;
  readonly client: Client;
  readonly scopes: readonly string[];
  readonly codeVerifier: string;
}

/** Finds out where the user signs in, and listens for the browser's return (OAuth 2.1, MCP basic/authorization). */
export async function beginSignIn(parts: FlowParts): Promise<BegunSignIn> {
  const { server: governed, fetch, clock, signIn } = parts;
  const sdk = await loadOauthSdk();
  const token: TokenParts = { sdk, fetch, name: governed.id, now: () => clock.now() };
  const wwwAuthenticate = await challengeOf(parts);
  const issuer = governed.credentials?.issuer;
  const discovery = { sdk, fetch, name: governed.id, url: governed.url, wwwAuthenticate, issuer };
  const server = await discoverAuthorizationServer(discovery);
  const before = signIn.kept();
  const known = before?.issuer === server.issuer ? before : undefined;
  const state = randomBytes(32).toString('base64url');
  const listener = await listen(parts, known, state);
  try {
    const scopes = scopesFor(parts, server, known);
    const client = await clientFor({ parts, token, server, redirectUri: listener.redirectUri, known, scopes });
    const { authorizationUrl, codeVerifier } = await sdk.startAuthorization(server.issuer, {
      metadata: server.metadata,
      clientInformation: client.information,
      redirectUrl: listener.redirectUri,
      state,
      resource: server.resource,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    });
    const done = finish({ parts, token, server, listener, client, scopes, codeVerifier });
    done.catch(() => undefined);
    return { url: authorizationUrl.href, done, cancel: () => listener.close() };
  } catch (thrown) {
    listener.close();
    throw asGatewayError(thrown, governed.id);
  }
}

/** What the server says to a request without a token. A `ping` changes nothing at a server that wants none. */
async function challengeOf({ server, fetch }: FlowParts): Promise<string | undefined> {
  const answer = await fetch(server.url, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'ping' }),
  });
  return answer.headers.get('www-authenticate') ?? undefined;
}

/** A registration is for one address, so its port is asked for again; where it is taken, another one does. */
async function listen(
  { server, timeoutMs }: FlowParts,
  known: KeptSignIn | undefined,
  state: string,
): Promise<SignInListener> {
  const wait = { name: server.id, state, timeoutMs };
  const { redirectPort } = server.credentials ?? {};
  if (redirectPort !== undefined) return listenForReturn({ ...wait, port: redirectPort });
  const before = known?.registration === undefined ? 0 : Number(new URL(known.registration.redirectUri).port);
  return listenForReturn({ ...wait, port: before }).catch(() => listenForReturn({ ...wait, port: 0 }));
}

/** What the configuration asks for, else the server; with what an earlier sign-in had or lacked, and what lets us renew it. */
function scopesFor(
  { server: governed }: FlowParts,
  server: AuthorizationServer,
  known: KeptSignIn | undefined,
): readonly string[] {
  const scopes = [...(governed.credentials?.scopes ?? server.scopes), ...(known?.scopes ?? [])];
  const isOffered = server.metadata.scopes_supported?.includes('offline_access') === true;
  return [...new Set([...scopes, ...(isOffered && scopes.length > 0 ? ['offline_access'] : [])])];
}

interface ClientWanted extends Pick<Flow, 'parts' | 'token' | 'server' | 'scopes'> {
  readonly redirectUri: string;
  readonly known: KeptSignIn | undefined;
}

/** The client as configured, else as it was registered before, else registered now (RFC 7591). */
async function clientFor({ parts, token, server, redirectUri, known, scopes }: ClientWanted): Promise<Client> {
  const { id, credentials } = parts.server;
  if (credentials?.clientId !== undefined) {
    return { information: configuredClient(credentials.clientId, credentials.clientSecret), registration: undefined };
  }
  const registration = known?.registration;
  const isGood = registration?.redirectUri === redirectUri && (registration.expiresAt ?? Infinity) > token.now();
  const information = known !== undefined && isGood ? clientOf(known, credentials) : undefined;
  if (information !== undefined) return { information, registration };
  if (server.metadata.registration_endpoint === undefined) {
    throw new GatewayError('UPSTREAM_PROTOCOL', `The authorization server of "${id}" registers no clients by itself.`, {
      mend: `Register one at ${plainText(server.issuer, 200)} and set it as credentials.client_id, with a credentials.redirect_port.`,
    });
  }
  return register({ parts, token, server, redirectUri, known, scopes });
}

async function register({ token, server, redirectUri, scopes }: ClientWanted): Promise<Client> {
  const given = await token.sdk.registerClient(server.issuer, {
    metadata: server.metadata,
    clientMetadata: {
      client_name: 'mcp-gateway',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    fetchFn: token.fetch,
  });
  const { client_id: clientId, client_secret: clientSecret, client_secret_expires_at: expires = 0 } = given;
  const authMethod = given.token_endpoint_auth_method;
  const registration = {
    clientId,
    redirectUri,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(expires === 0 ? {} : { expiresAt: expires * 1000 }),
    ...(authMethod === undefined ? {} : { authMethod }),
  };
  return { information: given, registration };
}

/** The browser is told how it went only when the tokens are kept. */
async function finish(flow: Flow): Promise<void> {
  const { parts, listener } = flow;
  try {
    const returned = await listener.returned;
    const granted = await exchangeCode(flow.token, { ...exchangeOf(flow, returned) });
    await parts.withLease(leaseName(parts), async () => keep(flow, granted));
    listener.answer(true);
  } catch (thrown) {
    listener.answer(false);
    throw asGatewayError(thrown, parts.server.id);
  }
}

/** Which authorization server answered is checked before anything of the answer is used (RFC 9207 §2.4). */
function exchangeOf(flow: Flow, { code, error, iss }: Returned): Parameters<typeof exchangeCode>[1] {
  const { parts, token, server, client, codeVerifier, listener } = flow;
  token.sdk.validateAuthorizationResponseIssuer({
    iss,
    expectedIssuer: server.metadata.issuer,
    issParameterSupported: server.metadata['authorization_response_iss_parameter_supported'] === true,
  });
  if (code === undefined) {
    const why = plainText(error ?? 'no code', 60);
    throw new GatewayError('SIGN_IN_REQUIRED', `The sign-in to "${parts.server.id}" was not granted (${why}).`);
  }
  return { server, client: client.information, code, iss, codeVerifier, redirectUri: listener.redirectUri };
}

function keep({ parts, server, client, scopes }: Flow, granted: Granted): void {
  const { id, url } = parts.server;
  const { metadata } = server;
  const revocation = 'revocation_endpoint' in metadata ? metadata.revocation_endpoint : undefined;
  const signIn: KeptSignIn = {
    version: 1,
    server: id,
    principal: parts.principal,
    url: url.href,
    issuer: server.issuer,
    savedAt: parts.clock.now(),
    resource: server.resource,
    endpoints: {
      authorization: metadata.authorization_endpoint,
      token: metadata.token_endpoint,
      authMethods: metadata.token_endpoint_auth_methods_supported ?? [],
      ...(typeof revocation === 'string' ? { revocation } : {}),
    },
    ...(client.registration === undefined ? {} : { registration: client.registration }),
    tokens: granted.tokens,
    scopes: granted.scopes ?? scopes,
  };
  parts.store.write(signIn);
  parts.store.remove(id, parts.principal, signIn);
}

function asGatewayError(thrown: unknown, name: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (thrown instanceof TokensRefused) {
    return new GatewayError('SIGN_IN_REQUIRED', `The sign-in to "${name}" was not accepted (${thrown.message}).`);
  }
  const kind = thrown instanceof Error ? plainText(thrown.name, 60) : 'unknown';
  return new GatewayError(
    'UPSTREAM_PROTOCOL',
    `The sign-in to "${name}" failed at its authorization server (${kind}).`,
  );
}
