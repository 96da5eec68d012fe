import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { anAuthorizationServer, browse, CANARY, type AuthorizationServer } from './authorization-server.ts';
import { rejection } from './parts.ts';
import { aMovedClock, aShop, filesIn, MAYA, SHOP, signedIn, theSignIns } from './sign-in-parts.ts';
import { aWebServer } from './web.ts';

test('a configured client is not registered, and its secret goes to the issuer it belongs to', async () => {
  const { governed, as } = await aShop();
  as.settings.secret = `${CANARY}-client-secret`;
  const credentials = {
    clientId: 'gateway',
    clientSecret: as.settings.secret,
    issuer: as.issuer,
    scopes: ['read', 'write'],
  };
  const { url, home } = await signedIn({ ...governed, credentials });
  expect([as.counts.register, new URL(url).searchParams.get('client_id')]).toEqual([0, 'gateway']);
  expect(new URL(url).searchParams.get('scope')).toBe('read write');
  expect(readFileSync(filesIn(home)[0] ?? '', 'utf8')).not.toContain('client-secret');
});

test('a server that names another issuer than the configuration gets no secret', async () => {
  const { governed } = await aShop();
  const credentials = { clientId: 'gateway', clientSecret: 'shh', issuer: 'https://id.example.com' };
  const { signIns } = theSignIns({ ...governed, credentials });
  const thrown = await rejection(signIns.beginSignIn(SHOP, MAYA));
  expect([thrown.code, thrown.message]).toEqual([
    'UPSTREAM_PROTOCOL',
    '"shop" does not name the authorization server that credentials.issuer asks for.',
  ]);
});

test.for([
  [
    'another issuer than the one that was asked',
    (as: AuthorizationServer): void => void (as.settings.iss = 'https://evil.example.com'),
  ],
  [
    'no issuer, though it says that it always names itself',
    (as: AuthorizationServer): void => void (as.settings.iss = undefined),
  ],
] as const)('a return that names %s is not used', async ([, change]) => {
  const { governed, as } = await aShop();
  const { signIns, home } = theSignIns(governed);
  const { url, done } = await signIns.beginSignIn(SHOP, MAYA);
  change(as);
  const [page, thrown] = await Promise.all([browse(url), rejection(done)]);
  expect([page.status, thrown.code]).toEqual([400, 'UPSTREAM_PROTOCOL']);
  expect([as.counts.code, signIns.stateOf(SHOP, MAYA)]).toEqual([0, 'not_needed']);
  expect(() => filesIn(home)).toThrow('ENOENT');
});

test('a user who says no is told so', async () => {
  const { governed, as } = await aShop();
  as.settings.error = 'access_denied';
  const { signIns } = theSignIns(governed);
  const { url, done } = await signIns.beginSignIn(SHOP, MAYA);
  const [page, thrown] = await Promise.all([browse(url), rejection(done)]);
  expect([page.status, thrown.message]).toEqual([400, 'The sign-in to "shop" was not granted (access_denied).']);
});

test('a return without the state of the sign-in is turned away and ends nothing', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns(governed);
  const { url, done } = await signIns.beginSignIn(SHOP, MAYA);
  const back = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
  for (const query of ['?code=x', '?code=x&state=wrong']) {
    expect((await browse(new URL(query, back).href)).status).toBe(400);
  }
  expect((await browse(new URL('/other', back).href)).status).toBe(404);
  expect((await browse(back.href.replace('127.0.0.1', 'localhost'))).status).toBe(404);
  await browse(url);
  await done;
  expect(signIns.stateOf(SHOP, MAYA)).toBe('signed_in');
});

test('a sign-in that nobody finishes ends', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns(governed, { timeoutMs: 20 });
  const { done } = await signIns.beginSignIn(SHOP, MAYA);
  expect((await rejection(done)).message).toBe('Nobody signed in to "shop" in time.');
});

test.for([
  ['an authorization server without PKCE', { code_challenge_methods_supported: undefined }, 'PKCE'],
  ['one that offers only plain challenges', { code_challenge_methods_supported: ['plain'] }, 'PKCE'],
  ['metadata of another issuer', { issuer: 'https://other.example.com' }, 'metadata cannot be used'],
  ['a page that is no web page', { authorization_endpoint: 'file:///bin/sh' }, 'https address'],
  ['a page over http on another host', { authorization_endpoint: 'http://id.example.com/' }, 'https address'],
  ['no registration and no configured client', { registration_endpoint: undefined }, 'registers no clients'],
] as const)('G-27 %s is refused before a browser is opened', async ([, change, words]) => {
  const { governed, as } = await aShop();
  as.settings.metadata = { ...as.settings.metadata, ...change };
  const { signIns } = theSignIns(governed);
  const thrown = await rejection(signIns.beginSignIn(SHOP, MAYA));
  expect(thrown.code).toBe('UPSTREAM_PROTOCOL');
  expect(thrown.message).toContain(words);
});

test('metadata of another resource is refused', async () => {
  const { governed, shop } = await aShop();
  shop.settings.resource = { ...shop.settings.resource, resource: 'https://bank.example.com/mcp' };
  const { signIns } = theSignIns(governed);
  const thrown = await rejection(signIns.beginSignIn(SHOP, MAYA));
  expect(thrown.message).toBe('"shop" gives metadata of another resource than itself.');
});

test('a server without any sign-in says what else there is', async () => {
  const as = await anAuthorizationServer();
  const governed = { id: SHOP, url: new URL('/none', as.url), headers: {} };
  as.settings.metadata = { issuer: as.issuer };
  const { signIns } = theSignIns(governed);
  expect((await rejection(signIns.beginSignIn(SHOP, MAYA))).code).toBe('UPSTREAM_PROTOCOL');
});

test('no token, code or secret stands in a message, a log line or a page', async () => {
  const { governed, as } = await aShop();
  const clock = aMovedClock();
  const { authorizer, signIns, logger, page, url } = await signedIn(governed, { clock });
  as.refresh.clear();
  clock.forwardMs = 3_700_000;
  const thrown = [await rejection(authorizer.headers())];
  as.settings.secret = 'another';
  const begun = await signIns.beginSignIn(SHOP, MAYA);
  thrown.push((await Promise.all([rejection(begun.done), browse(begun.url)]))[0]);
  const said = thrown.map(({ message, mend, stack, cause }) => [message, mend, stack, String(cause)]);
  expect(JSON.stringify([said, logger.lines, page, url])).not.toContain(CANARY);
  expect(as.counts.refused).toBe(2);
});

test.for(['http://169.254.169.254/latest', 'https://169.254.169.254/latest', 'file:///etc/passwd', 'http://8.8.8.8/'])(
  'G-26 metadata is not asked for at %s',
  async (metadataUrl) => {
    const { governed, shop } = await aShop();
    shop.settings.metadataUrl = metadataUrl;
    const { signIns } = theSignIns(governed);
    const thrown = await rejection(signIns.beginSignIn(SHOP, MAYA));
    expect([thrown.code, / is not asked: /.test(thrown.message)]).toEqual(['UPSTREAM_UNAVAILABLE', true]);
  },
);

test('G-26 a redirect to another host is not followed, neither for metadata nor with a code or a token', async () => {
  const { governed, shop, as } = await aShop();
  const elsewhere = await aWebServer((_request, response) => response.end('{}'));
  const door = await aWebServer((_request, response) =>
    response.writeHead(307, { location: elsewhere.url.href }).end(),
  );
  const { signIns } = theSignIns(governed);
  const { metadataUrl } = shop.settings;
  shop.settings.metadataUrl = door.url.href;
  expect((await rejection(signIns.beginSignIn(SHOP, MAYA))).code).toBe('UPSTREAM_PROTOCOL');
  shop.settings.metadataUrl = metadataUrl;
  as.settings.metadata = { ...as.settings.metadata, token_endpoint: door.url.href };
  const { url, done } = await signIns.beginSignIn(SHOP, MAYA);
  const [thrown] = await Promise.all([rejection(done), browse(url)]);
  expect([thrown.code, door.seen.length, elsewhere.seen]).toEqual(['UPSTREAM_UNAVAILABLE', 2, []]);
});
