import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface FakeProvider {
  readonly issuer: string;
  /** Signs somebody in as a browser does at the authorization address; the address that it is sent back to. */
  signIn(address: string, claims: object): string;
  close(): void;
}

/** A provider of OpenID Connect on loopback that believes whoever comes, and holds the dashboard to PKCE. */
export async function aProvider(clientId: string): Promise<FakeProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const codes = new Map<string, { readonly challenge: string; readonly nonce: string; readonly claims: object }>();
  const server: Server = createServer((request, response) => {
    void answer(request.url ?? '', request).then(
      (value) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value)),
      () => response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  async function answer(path: string, body: AsyncIterable<Buffer>): Promise<object> {
    if (path === '/jwks') return { keys: [jwk] };
    if (path !== '/token') {
      const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` };
      return { issuer, ...endpoints, jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'] };
    }
    let text = '';
    for await (const chunk of body) text += chunk.toString();
    const form = new URLSearchParams(text);
    const given = codes.get(form.get('code') ?? '');
    const proof = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (given === undefined || proof !== given.challenge) throw new Error('no such code');
    codes.delete(form.get('code') ?? '');
    const token = new SignJWT({ nonce: given.nonce, ...given.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(issuer)
      .setAudience(clientId)
      .setIssuedAt()
      .setExpirationTime('5m');
    return { access_token: 'unused', token_type: 'Bearer', id_token: await token.sign(privateKey) };
  }

  return {
    issuer,
    signIn: (address, claims) => {
      const { searchParams } = new URL(address);
      const code = `code-${String(codes.size)}-${String(Math.random())}`;
      const text = (name: string): string => searchParams.get(name) ?? '';
      codes.set(code, { challenge: text('code_challenge'), nonce: text('nonce'), claims });
      const back = new URL(text('redirect_uri'));
      back.searchParams.set('code', code);
      back.searchParams.set('state', text('state'));
      return back.href;
    },
    close: () => void server.close(),
  };
}
