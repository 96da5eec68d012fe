import { expect, test } from 'vitest';
import { browse } from './authorization-server.ts';
import { aFolder, rejection, serverId } from './parts.ts';
import { ask, aShop, authorizerOf, filesIn, MAYA, SHOP, signedIn, theSignIns } from './sign-in-parts.ts';

test('a server that wants a sign-in says so once, and then it is known before the next call', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns(governed);
  expect(signIns.stateOf(SHOP, MAYA)).toBe('not_needed');
  const thrown = await rejection(ask(governed, authorizerOf(signIns)));
  expect([thrown.code, thrown.message, thrown.mend]).toEqual([
    'SIGN_IN_REQUIRED',
    '"shop" wants its user to sign in.',
    'Ask the user to sign in to shop (in a terminal: mcp-gateway server login shop).',
  ]);
  expect(signIns.stateOf(SHOP, MAYA)).toBe('required');
  expect(signIns.required(SHOP).mend).toBe(thrown.mend);
});

test('after a sign-in in the browser the server is used with its token', async () => {
  const { governed, as } = await aShop();
  const { signIns, page, authorizer, url } = await signedIn(governed);
  expect(page).toEqual({ status: 200, text: 'You are signed in to shop. You can close this window.\n' });
  expect(await ask(governed, authorizer)).toBe(200);
  expect(signIns.stateOf(SHOP, MAYA)).toBe('signed_in');
  expect(as.counts).toEqual({ register: 1, code: 1, refresh: 0, refused: 0, revoke: 0 });
  const asked = new URL(url).searchParams;
  expect([asked.get('resource'), asked.get('code_challenge_method'), asked.get('scope')]).toEqual([
    governed.url.href,
    'S256',
    'read',
  ]);
});

test('a sign-in is one principal’s: others have none, and none at another address of the server', async () => {
  const { governed } = await aShop();
  const { signIns, home } = await signedIn(governed);
  expect(await authorizerOf(signIns, 'tom').headers()).toEqual({});
  expect(signIns.stateOf(SHOP, 'tom')).toBe('not_needed');
  const moved = theSignIns({ ...governed, url: new URL('/other', governed.url) }, { home });
  expect(await authorizerOf(moved.signIns).headers()).toEqual({});
});

test('an empty principal is the owner of the gateway', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns(governed);
  const { url, done } = await signIns.beginSignIn(SHOP, 'owner');
  await browse(url);
  await done;
  expect(signIns.stateOf(SHOP, '')).toBe('signed_in');
});

test('a server with a configured key, and one that is a program, take no sign-in', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns({ ...governed, headers: { Authorization: 'Bearer configured' } });
  expect(signIns.authorizerFor(SHOP, MAYA)).toBeUndefined();
  expect(signIns.stateOf(serverId('program'), MAYA)).toBe('not_needed');
  expect((await rejection(signIns.beginSignIn(SHOP, MAYA))).code).toBe('USAGE');
});

test('a server with credentials in the configuration wants a sign-in before it is asked', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns({ ...governed, credentials: { scopes: ['read'] } });
  expect(signIns.stateOf(SHOP, MAYA)).toBe('required');
});

test('a sign-in, a renewal and a sign-out in one process are seen in another', async () => {
  const { governed } = await aShop();
  const home = aFolder();
  const other = theSignIns(governed, { home });
  await rejection(ask(governed, authorizerOf(other.signIns)));
  expect(other.signIns.stateOf(SHOP, MAYA)).toBe('required');
  const { signIns } = await signedIn(governed, { home });
  expect(other.signIns.stateOf(SHOP, MAYA)).toBe('signed_in');
  expect(await ask(governed, authorizerOf(other.signIns))).toBe(200);
  expect(await signIns.logout(SHOP, MAYA)).toEqual({ kind: 'signed_out', isRevoked: true });
  expect(await authorizerOf(other.signIns).headers()).toEqual({});
});

test('signing out removes the tokens here, also where the authorization server does not hear of it', async () => {
  const { governed, as } = await aShop();
  delete as.settings.metadata['revocation_endpoint'];
  const { signIns, home } = await signedIn(governed);
  expect(await signIns.logout(SHOP, MAYA)).toEqual({ kind: 'signed_out', isRevoked: false });
  expect([filesIn(home), as.counts.revoke]).toEqual([[], 0]);
  expect(await signIns.logout(SHOP, MAYA)).toEqual({ kind: 'was_not_signed_in' });
});

test('a sign-in that is asked for again while its page is open is the same one', async () => {
  const { governed, as } = await aShop();
  const { signIns } = theSignIns(governed);
  const [first, second] = await Promise.all([signIns.beginSignIn(SHOP, MAYA), signIns.beginSignIn(SHOP, MAYA)]);
  expect([second.url, as.counts.register]).toEqual([first.url, 1]);
  await browse(first.url);
  await second.done;
  const next = await signIns.beginSignIn(SHOP, MAYA);
  expect(next.url).not.toBe(first.url);
});

test('a gateway that ends waits for no browser', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns(governed);
  const { done } = await signIns.beginSignIn(SHOP, MAYA);
  signIns.close();
  expect((await rejection(done)).code).toBe('SIGN_IN_REQUIRED');
});

test('that the owner has signed in to a server that wanted it is told, also when another process did it', async () => {
  const { governed } = await aShop();
  const { signIns, home, logger } = theSignIns(governed);
  const told: string[] = [];
  const stop = signIns.onSignedIn((server) => void told.push(server));
  await rejection(ask(governed, authorizerOf(signIns, '')));
  expect(logger.lines.map(({ fields }) => fields['mend'])).toEqual([signIns.required(SHOP).mend]);
  const { url, done } = await theSignIns(governed, { home }).signIns.beginSignIn(SHOP, 'owner');
  await browse(url);
  await done;
  await expect.poll(() => told).toEqual(['shop']);
  stop();
});

test('a server that everybody shares one connection to is signed in to by its owner', async () => {
  const { governed } = await aShop();
  const { signIns } = theSignIns({ ...governed, isShared: true });
  const { url, done } = await signIns.beginSignIn(SHOP, '');
  await browse(url);
  await done;
  expect([signIns.stateOf(SHOP, MAYA), await ask(governed, authorizerOf(signIns))]).toEqual(['signed_in', 200]);
});
