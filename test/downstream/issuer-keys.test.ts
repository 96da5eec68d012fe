import { describe, expect, test } from 'vitest';

import { COOL_DOWN_MS, FRESH_MS, USABLE_MS } from '../../src/downstream/issuer-keys.ts';
import { aGuardedDoor, bearer } from './a-guarded-door.ts';
import { anIssuer } from './an-issuer.ts';
import { initialize, post } from './http-client.ts';

describe('the keys of the issuer', () => {
  test('are fetched once, and again when a token names a new one', async () => {
    const { url, issuer, clock } = await aGuardedDoor();
    for (let at = 0; at < 3; at++)
      expect((await post(url, initialize(), bearer(await issuer.sign()))).status).toBe(200);
    expect(issuer.asked()).toBe(1);
    await issuer.rotate();
    clock.passed += COOL_DOWN_MS;
    expect((await post(url, initialize(), bearer(await issuer.sign()))).status).toBe(200);
    expect(issuer.asked()).toBe(2);
  });

  test('are not asked for by everybody who names a key that nobody knows', async () => {
    const { url, issuer, clock } = await aGuardedDoor();
    const strange = await (await anIssuer()).sign({ claims: { iss: issuer.issuer }, header: { kid: 'strange' } });
    const flood = (): Promise<readonly number[]> =>
      Promise.all(Array.from({ length: 20 }, async () => (await post(url, initialize(), bearer(strange))).status));
    expect(new Set(await flood())).toEqual(new Set([401]));
    expect(issuer.asked()).toBe(1);
    clock.passed += COOL_DOWN_MS;
    await flood();
    expect(issuer.asked()).toBe(2);
    expect((await post(url, initialize(), bearer(await issuer.sign()))).status).toBe(200);
  });

  test('that was taken back is good no more when they have been fetched again', async () => {
    const { url, issuer, clock } = await aGuardedDoor();
    const token = await issuer.sign({ claims: { exp: Math.floor(Date.now() / 1000) + 3_600 } });
    expect((await post(url, initialize(), bearer(token))).status).toBe(200);
    await issuer.rotate();
    issuer.shown.shift();
    clock.passed += FRESH_MS;
    await post(url, initialize(), bearer(token));
    await expect.poll(async () => (await post(url, initialize(), bearer(token))).status).toBe(401);
  });

  test('that cannot be had let nobody in, and the issuer is not hammered', async () => {
    const { url, issuer, clock } = await aGuardedDoor();
    issuer.isBroken = true;
    const token = await issuer.sign();
    for (let at = 0; at < 5; at++) {
      const response = await post(url, initialize(), bearer(token));
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10']);
    }
    // Its metadata is looked for at two places.
    expect(issuer.seen).toHaveLength(2);
    issuer.isBroken = false;
    clock.passed += COOL_DOWN_MS;
    expect((await post(url, initialize(), bearer(token))).status).toBe(200);
  });

  test('hold for a while when the issuer is away, but not for ever', async () => {
    const { url, issuer, clock } = await aGuardedDoor();
    const token = await issuer.sign({ claims: { exp: Math.floor(Date.now() / 1000) + 36_000 } });
    expect((await post(url, initialize(), bearer(token))).status).toBe(200);
    issuer.isBroken = true;
    clock.passed += USABLE_MS - 60_000;
    expect((await post(url, initialize(), bearer(token))).status).toBe(200);
    clock.passed += 120_000;
    expect((await post(url, initialize(), bearer(token))).status).toBe(503);
  });

  test.for([
    { name: 'of another issuer', metadata: { issuer: 'https://id.example.com' } },
    { name: 'without keys', metadata: { jwks_uri: undefined } },
    { name: 'with keys over http at another host', metadata: { jwks_uri: 'http://169.254.169.254/keys' } },
    { name: 'with keys in a file', metadata: { jwks_uri: 'file:///etc/passwd' } },
    { name: 'with keys that are none', metadata: { jwks_uri: 'SELF/.well-known/openid-configuration' } },
  ])('G-26 are not taken by metadata $name', async ({ metadata }) => {
    const { url, issuer } = await aGuardedDoor();
    const named = JSON.parse(JSON.stringify(metadata).replace('SELF', issuer.issuer)) as object;
    issuer.metadata = {
      issuer: issuer.issuer,
      ...('jwks_uri' in metadata ? {} : { jwks_uri: `${issuer.issuer}/keys` }),
      ...named,
    };
    expect((await post(url, initialize(), bearer(await issuer.sign()))).status).toBe(503);
  });
});
