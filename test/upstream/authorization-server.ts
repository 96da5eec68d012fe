import { createHash, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { SignInServer } from '../../src/upstream/sign-in.ts';
import { serverId } from './parts.ts';
import { aWebServer, type Handler, type WebServer } from './web.ts';

/** Every secret that the authorization server makes begins with it, so that a test can look for them all. */
export const CANARY = 'canary';

interface Token {
  readonly scope: string;
  readonly resource: string;
  readonly client: string;
}

export interface AuthorizationServer extends WebServer {
  readonly issuer: string;
  /** Access tokens that are good. */
  readonly access: Map<string, Token>;
  /** Refresh tokens that are good; each may be used once. */
  readonly refresh: Map<string, Token>;
  /** How often each kind of request has reached it. */
  readonly counts: Record<'register' | 'code' | 'refresh' | 'refused' | 'revoke', number>;
  /** What it says of itself, and what tests change of it. */
  settings: Settings;
}

interface Settings {
  metadata: Record<string, unknown>;
  /** Seconds. */
  expiresIn: number | undefined;
  givesRefresh: boolean;
  /** What `iss` it answers with; undefined leaves it out. */
  iss: string | undefined;
  /** Answers the authorization request with this error instead of a code. */
  error: string | undefined;
  /** Milliseconds that a token request takes. */
  delayMs: number;
  secret: string | undefined;
  /** Answers the token request with an error of its own. */
  isBroken: boolean;
}

/** An authorization server for tests, strict where OAuth 2.1 is: PKCE, one use of codes and refresh tokens, exact redirects. */
export async function anAuthorizationServer(): Promise<AuthorizationServer> {
  const codes = new Map<string, Token & { readonly challenge: string; readonly redirect: string }>();
  const redirects = new Map<string, readonly string[]>();
  const web = await aWebServer(async (request, response, body) => {
    const url = new URL(request.url ?? '', as.issuer);
    const form = new URLSearchParams(body);
    if (url.pathname === '/.well-known/oauth-authorization-server') return json(response, 200, as.settings.metadata);
    if (url.pathname === '/register') return register(response, body);
    if (url.pathname === '/authorize') return authorize(response, url.searchParams);
    if (url.pathname === '/revoke') {
      as.counts.revoke++;
      as.refresh.delete(form.get('token') ?? '');
      as.access.clear();
      return response.writeHead(200).end();
    }
    if (url.pathname !== '/token') return response.writeHead(404).end();
    await new Promise((resolve) => setTimeout(resolve, as.settings.delayMs));
    const basic = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    const secret = basic === '' ? undefined : basic.slice(basic.indexOf(':') + 1);
    if (as.settings.isBroken) return json(response, 500, { broken: made('answer') });
    if (secret !== as.settings.secret) return refuse(response, 'invalid_client');
    return form.get('grant_type') === 'refresh_token' ? renew(response, form) : exchange(response, form);
  });
  const register = (response: ServerResponse, body: string): void => {
    as.counts.register++;
    const wanted = JSON.parse(body) as { redirect_uris: readonly string[] };
    const id = `client-${randomBytes(4).toString('hex')}`;
    redirects.set(id, wanted.redirect_uris);
    json(response, 201, { ...wanted, client_id: id, client_id_issued_at: 1 });
  };
  const authorize = (response: ServerResponse, query: URLSearchParams): void => {
    const [redirect, client] = [query.get('redirect_uri') ?? '', query.get('client_id') ?? ''];
    const isKnown = redirects.get(client)?.includes(redirect) ?? true;
    if (!isKnown || query.get('code_challenge_method') !== 'S256') return void response.writeHead(400).end();
    const code = made('code');
    const [scope, resource] = [query.get('scope') ?? '', query.get('resource') ?? ''];
    codes.set(code, { scope, resource, client, redirect, challenge: query.get('code_challenge') ?? '' });
    const location = new URL(redirect);
    location.searchParams.set('state', query.get('state') ?? '');
    if (as.settings.error === undefined) location.searchParams.set('code', code);
    else location.searchParams.set('error', as.settings.error);
    if (as.settings.iss !== undefined) location.searchParams.set('iss', as.settings.iss);
    response.writeHead(302, { location: location.href }).end();
  };
  const exchange = (response: ServerResponse, form: URLSearchParams): void => {
    as.counts.code++;
    const held = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const fits = held?.challenge === challenge && held.redirect === form.get('redirect_uri');
    if (held === undefined || !fits || form.get('resource') !== held.resource) return refuse(response, 'invalid_grant');
    give(response, held);
  };
  const renew = (response: ServerResponse, form: URLSearchParams): void => {
    as.counts.refresh++;
    const held = as.refresh.get(form.get('refresh_token') ?? '');
    as.refresh.delete(form.get('refresh_token') ?? '');
    if (held === undefined) return refuse(response, 'invalid_grant');
    give(response, held);
  };
  const give = (response: ServerResponse, token: Token): void => {
    const [access, refresh] = [made('access'), made('refresh')];
    as.access.set(access, token);
    if (as.settings.givesRefresh) as.refresh.set(refresh, token);
    json(response, 200, {
      token_type: 'Bearer',
      access_token: access,
      ...(as.settings.givesRefresh ? { refresh_token: refresh } : {}),
      ...(as.settings.expiresIn === undefined ? {} : { expires_in: as.settings.expiresIn }),
      scope: token.scope,
    });
  };
  const refuse = (response: ServerResponse, error: string): void => {
    as.counts.refused++;
    json(response, 400, { error, error_description: `${made('description')} is not good` });
  };
  const issuer = web.url.origin;
  const as: AuthorizationServer = {
    ...web,
    issuer,
    access: new Map(),
    refresh: new Map(),
    counts: { register: 0, code: 0, refresh: 0, refused: 0, revoke: 0 },
    settings: {
      metadata: {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        registration_endpoint: `${issuer}/register`,
        revocation_endpoint: `${issuer}/revoke`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
      },
      expiresIn: 3600,
      givesRefresh: true,
      iss: issuer,
      error: undefined,
      delayMs: 0,
      secret: undefined,
      isBroken: false,
    },
  };
  return as;
}

export interface ProtectedServer extends WebServer {
  readonly governed: SignInServer;
  /** What its metadata and its challenges say; tests change it. */
  settings: { resource: Record<string, unknown>; metadataUrl: string | undefined; needs: string };
}

/** A server that takes only tokens of the authorization server, made out to it. What comes with them is given to `serve`. */
export async function aProtectedServer(
  as: AuthorizationServer,
  serve: Handler = (_request, response) => json(response, 200, {}),
): Promise<ProtectedServer> {
  const web = await aWebServer((request, response, body) => {
    if (request.url === '/.well-known/oauth-protected-resource/mcp') return json(response, 200, self.settings.resource);
    if (request.url !== '/mcp') return response.writeHead(404).end();
    const { metadataUrl, needs } = self.settings;
    const named = metadataUrl === undefined ? '' : `, resource_metadata="${metadataUrl}"`;
    const token = as.access.get((request.headers.authorization ?? '').replace('Bearer ', ''));
    if (token === undefined || token.resource !== self.url.href) {
      return response.writeHead(401, { 'www-authenticate': `Bearer realm="mcp"${named}, scope="read"` }).end();
    }
    if (token.scope.split(' ').includes(needs)) return serve(request, response, body);
    const challenge = `Bearer error="insufficient_scope", scope="${needs}"${named}`;
    return response.writeHead(403, { 'www-authenticate': challenge }).end();
  });
  const self: ProtectedServer = {
    ...web,
    governed: { id: serverId('shop'), url: web.url, headers: {} },
    settings: {
      resource: { resource: web.url.href, authorization_servers: [as.issuer] },
      metadataUrl: `${web.url.origin}/.well-known/oauth-protected-resource/mcp`,
      needs: 'read',
    },
  };
  return self;
}

/** What a browser does: follows the authorization server back to the gateway. The page it ends on. */
export async function browse(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

function made(kind: string): string {
  return `${CANARY}-${kind}-${randomBytes(12).toString('hex')}`;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
