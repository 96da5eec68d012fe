import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { leasesOfStore } from '../../src/state/under-lease.ts';
import { browse, CANARY } from './authorization-server.ts';
import { aClock, rejection } from './parts.ts';
import {
  aMovedClock,
  ask,
  aShop,
  authorizerOf,
  challengeOf,
  filesIn,
  MAYA,
  send,
  SHOP,
  signedIn,
  theSignIns,
} from './sign-in-parts.ts';

test('a token is renewed before it expires, without a request having to wait for it', async () => {
  const { governed, as } = await aShop();
  const clock = aMovedClock();
  const { authorizer } = await signedIn(governed, { clock });
  const before = await authorizer.headers();
  clock.forwardMs = 3_550_000;
  expect(await authorizer.headers()).toEqual(before);
  await expect.poll(() => as.counts.refresh).toBe(1);
  await expect.poll(() => authorizer.headers()).not.toEqual(before);
  expect(await ask(governed, authorizer)).toBe(200);
});

test('of many requests with an expired token, one renews it for all', async () => {
  const { governed, as } = await aShop();
  const clock = aMovedClock();
  const { authorizer } = await signedIn(governed, { clock });
  clock.forwardMs = 3_700_000;
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(governed, authorizer)));
  expect([new Set(answers), as.counts.refresh]).toEqual([new Set([200]), 1]);
});

test('a token that the server refuses is renewed once, whenever the refusals arrive', async () => {
  const { governed, as } = await aShop();
  const { authorizer } = await signedIn(governed);
  as.access.clear();
  const sent = await authorizer.headers();
  const refused = await send(governed, sent);
  expect(await authorizer.challenged(challengeOf(refused, sent))).toBe('retry');
  expect(await authorizer.challenged(challengeOf(refused, sent))).toBe('retry');
  expect([await ask(governed, authorizer), as.counts.refresh]).toEqual([200, 1]);
});

test('a server that refuses new tokens too wants a sign-in', async () => {
  const { governed, shop, as } = await aShop();
  const { authorizer, signIns } = await signedIn(governed);
  as.access.clear();
  shop.settings.resource = {};
  const sent = await authorizer.headers();
  const challenge = challengeOf(await send(governed, sent), sent);
  await authorizer.challenged(challenge);
  const again = { ...challenge, sent: await authorizer.headers() };
  expect((await rejection(authorizer.challenged(again))).code).toBe('SIGN_IN_REQUIRED');
  expect([signIns.stateOf(SHOP, MAYA), as.counts.refresh]).toEqual(['required', 1]);
});

test('where the refresh token has expired or was revoked, the user has to sign in again', async () => {
  const { governed, as } = await aShop();
  const clock = aMovedClock();
  const { authorizer, signIns, home } = await signedIn(governed, { clock });
  as.refresh.clear();
  clock.forwardMs = 3_700_000;
  expect((await rejection(authorizer.headers())).code).toBe('SIGN_IN_REQUIRED');
  expect(signIns.stateOf(SHOP, MAYA)).toBe('required');
  expect(readFileSync(filesIn(home)[0] ?? '', 'utf8')).not.toContain(CANARY);
  const { url, done } = await signIns.beginSignIn(SHOP, MAYA);
  await browse(url);
  await done;
  expect([await ask(governed, authorizer), as.counts.register]).toEqual([200, 1]);
});

test('a token without a refresh token is used until it expires', async () => {
  const { governed, as } = await aShop();
  as.settings.givesRefresh = false;
  const clock = aMovedClock();
  const { authorizer, signIns } = await signedIn(governed, { clock });
  expect(await ask(governed, authorizer)).toBe(200);
  clock.forwardMs = 3_700_000;
  expect([signIns.stateOf(SHOP, MAYA), await authorizer.headers()]).toEqual(['required', {}]);
  expect((await rejection(ask(governed, authorizer))).code).toBe('SIGN_IN_REQUIRED');
});

test('an authorization server that fails ends no sign-in, and says nothing of what it answered', async () => {
  const { governed, as } = await aShop();
  const clock = aMovedClock();
  const { authorizer, signIns } = await signedIn(governed, { clock });
  clock.forwardMs = 3_700_000;
  as.settings.isBroken = true;
  const thrown = await rejection(authorizer.headers());
  expect([thrown.code, thrown.message]).toEqual([
    'UPSTREAM_UNAVAILABLE',
    'The authorization server of "shop" gives no token (server_error).',
  ]);
  expect(signIns.stateOf(SHOP, MAYA)).toBe('signed_in');
  as.settings.isBroken = false;
  expect(await ask(governed, authorizer)).toBe(200);
});

test('two gateways with one store use a refresh token once', async () => {
  const { governed, as } = await aShop();
  const clock = aMovedClock();
  const { home } = await signedIn(governed, { clock });
  const path = join(home, 'decisions.db');
  const gateways = [1, 2].map(() => {
    const { withLease, close } = leasesOfStore({ path }, aClock);
    onTestFinished(close);
    return authorizerOf(theSignIns(governed, { home, clock, withLease }).signIns);
  });
  clock.forwardMs = 3_700_000;
  as.settings.delayMs = 50;
  const answers = await Promise.all(gateways.map((authorizer) => ask(governed, authorizer)));
  expect([answers, as.counts.refresh, as.counts.refused]).toEqual([[200, 200], 1, 0]);
});

test('more rights are asked for with the next sign-in, and nothing is lost of those there are', async () => {
  const { governed, shop } = await aShop();
  const { authorizer, signIns, home } = await signedIn(governed);
  shop.settings.needs = 'write';
  const thrown = await rejection(ask(governed, authorizer));
  expect([thrown.code, thrown.message]).toEqual([
    'SIGN_IN_REQUIRED',
    '"shop" wants its user to sign in with more rights (write).',
  ]);
  expect(signIns.stateOf(SHOP, MAYA)).toBe('signed_in');
  const later = theSignIns(governed, { home });
  const { url, done } = await later.signIns.beginSignIn(SHOP, MAYA);
  expect(new URL(url).searchParams.get('scope')).toBe('read write');
  await browse(url);
  await done;
  expect(await ask(governed, authorizer)).toBe(200);
});

test('a refusal that no sign-in changes is no question to the user', async () => {
  const { governed } = await aShop();
  const { authorizer } = await signedIn(governed);
  const refused = { status: 403, wwwAuthenticate: undefined, sent: await authorizer.headers() };
  expect((await rejection(authorizer.challenged(refused))).code).toBe('UPSTREAM_UNAVAILABLE');
});
