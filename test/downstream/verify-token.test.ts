import { describe, expect, test } from 'vitest';

import { TOLERANCE_MS } from '../../src/downstream/verify-token.ts';
import { aGuardedDoor, bearer, challengeOf } from './a-guarded-door.ts';
import { BAD_TOKENS } from './bad-tokens.ts';
import { initialize, post, sendRaw } from './http-client.ts';

describe('a token is not let in', () => {
  test.for(BAD_TOKENS)('$name', async ({ make, why }) => {
    const { url, issuer, gateway, warnings } = await aGuardedDoor();
    const token = await make(issuer);
    const response = await post(url, initialize(), bearer(token));
    expect(response.status).toBe(401);
    expect(challengeOf(response)).toContain('error="invalid_token"');
    expect(challengeOf(response)).toContain(why);
    expect(gateway.requests).toEqual([]);
    // Why is logged, the token is not.
    expect(warnings).toEqual([expect.stringContaining(why) as string]);
    expect([...warnings, challengeOf(response), await response.text()].join()).not.toContain(token);
  });

  test.for([
    { name: 'without the header', headers: {}, status: 401 },
    { name: 'with a header that says nothing', headers: { Authorization: 'Bearer' }, status: 401 },
    { name: 'with a password', headers: { Authorization: 'Basic YTpi' }, status: 401 },
    { name: 'with a token in the address', headers: {}, status: 401, query: '?access_token=TOKEN' },
  ])('$name', async ({ headers, status, query = '' }) => {
    const { url, issuer } = await aGuardedDoor();
    const response = await post(`${url}${query.replace('TOKEN', await issuer.sign())}`, initialize(), headers);
    expect(response.status).toBe(status);
    expect(challengeOf(response)).toMatch(/^Bearer realm="mcp-gateway"/);
  });

  test('with two headers, of which a proxy may have read the other', async () => {
    const { base, issuer } = await aGuardedDoor();
    const token = await issuer.sign();
    const { host } = new URL(base);
    const raw = `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(base, raw)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test.for(['RS256', 'ES256', 'EdDSA'] as const)('a token signed with %s is let in', async (algorithm) => {
  const { url, issuer } = await aGuardedDoor();
  const kid = await issuer.rotate(algorithm);
  expect((await post(url, initialize(), bearer(await issuer.sign({ kid })))).status).toBe(200);
});

test('a token at the edge of its time is let in, whatever the clock of this machine says', async () => {
  const { url, issuer, clock } = await aGuardedDoor();
  const token = await issuer.sign();
  clock.passed = 300_000 + TOLERANCE_MS - 5_000;
  expect((await post(url, initialize(), bearer(token))).status).toBe(200);
  clock.passed += 10_000;
  expect((await post(url, initialize(), bearer(token))).status).toBe(401);
});
