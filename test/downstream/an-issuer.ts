import { createHash, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { aWebServer, type WebServer } from '../upstream/web.ts';

const LIFETIME_S = 300;

export interface IssuedToken {
  /** Over the usual ones; what is undefined is left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Id of the key; its newest by default. */
  readonly kid?: string;
}

/** An OpenID provider and authorization server for tests. */
export interface Issuer extends WebServer {
  readonly issuer: string;
  readonly audience: string;
  /** Public keys that it shows. */
  readonly shown: JWK[];
  /** What it says of itself; tests change it. */
  metadata: Record<string, unknown>;
  /** Answers nothing but 500. */
  isBroken: boolean;
  /** Scopes that it gives, whatever is asked for; by default those. */
  gives: string | undefined;
  /** Makes a key and shows it; its id. */
  rotate(algorithm?: 'RS256' | 'ES256' | 'EdDSA'): Promise<string>;
  /** A token for `ana`, good for five minutes. */
  sign(token?: IssuedToken): Promise<string>;
  /** How often its keys were asked for. */
  asked(): number;
}

export const AUDIENCE = 'https://gateway.example.com/mcp';

/** `client`: whom its tokens are made for. */
export async function anIssuer(client = 'worker'): Promise<Issuer> {
  const keys = new Map<string, { readonly key: CryptoKey; readonly alg: string }>();
  const codes = new Map<string, { readonly scope: string; readonly challenge: string; readonly resource: string }>();
  const web = await aWebServer(async (request, response, body) => {
    const url = new URL(request.url ?? '', issuer.issuer);
    if (issuer.isBroken) return json(response, 500, {});
    if (url.pathname === '/.well-known/openid-configuration') return json(response, 200, issuer.metadata);
    if (url.pathname === '/.well-known/oauth-authorization-server') return json(response, 200, issuer.metadata);
    if (url.pathname === '/keys') return json(response, 200, { keys: issuer.shown });
    if (url.pathname === '/register') {
      const wanted = JSON.parse(body) as object;
      return json(response, 201, { ...wanted, client_id: client });
    }
    if (url.pathname === '/authorize') return authorize(response, url.searchParams);
    if (url.pathname === '/token') return exchange(response, new URLSearchParams(body));
    return response.writeHead(404).end();
  });
  const authorize = (response: ServerResponse, query: URLSearchParams): void => {
    const code = randomUUID();
    const [scope = '', challenge = '', resource = ''] = ['scope', 'code_challenge', 'resource'].map(
      (name) => query.get(name) ?? '',
    );
    codes.set(code, { scope, challenge, resource });
    const location = new URL(query.get('redirect_uri') ?? '');
    location.searchParams.set('code', code);
    location.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: location.href }).end();
  };
  const exchange = async (response: ServerResponse, form: URLSearchParams): Promise<void> => {
    const held = codes.get(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (held?.challenge !== challenge) return json(response, 400, { error: 'invalid_grant' });
    const scope = issuer.gives ?? held.scope;
    const access_token = await issuer.sign({ claims: { aud: [held.resource, AUDIENCE], scope } });
    return json(response, 200, { token_type: 'Bearer', access_token, expires_in: LIFETIME_S, scope });
  };
  const origin = web.url.origin;
  const issuer: Issuer = {
    ...web,
    issuer: origin,
    audience: AUDIENCE,
    shown: [],
    metadata: {
      issuer: origin,
      jwks_uri: `${origin}/keys`,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    },
    isBroken: false,
    gives: undefined,
    rotate: async (alg = 'ES256') => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const kid = `key-${String(keys.size + 1)}`;
      keys.set(kid, { key: privateKey, alg });
      issuer.shown.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
      return kid;
    },
    sign: async ({ claims = {}, header = {}, kid = [...keys.keys()].at(-1) ?? '' } = {}) => {
      const held = keys.get(kid);
      if (held === undefined) throw new Error(`there is no key ${kid}`);
      const now = Math.floor(Date.now() / 1000);
      const standard = { iss: origin, aud: AUDIENCE, sub: 'ana', client_id: client, iat: now, exp: now + LIFETIME_S };
      const kept = Object.entries({ ...standard, ...claims }).filter(([, value]) => value !== undefined);
      return new SignJWT(Object.fromEntries(kept))
        .setProtectedHeader({ alg: held.alg, kid, typ: 'at+jwt', ...header })
        .sign(held.key);
    },
    asked: () => web.seen.filter(({ url }) => url === '/keys').length,
  };
  await issuer.rotate();
  return issuer;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
