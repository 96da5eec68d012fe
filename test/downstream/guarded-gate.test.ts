import { describe, expect, test } from 'vitest';

import type { RpcAnswer } from '../../src/core/rpc.ts';
import { aGuardedDoor, bearer, challengeOf, KEY } from './a-guarded-door.ts';
import { aCall, ask, initialize, JSON_HEADERS, openSession, post, sendRaw, tool } from './http-client.ts';

test('G-22 every route but those that say nothing of anybody asks who it is', async () => {
  const { base, gateway } = await aGuardedDoor();
  const asked = [
    ['POST', '/mcp'],
    ['GET', '/mcp'],
    ['DELETE', '/mcp'],
    ['PUT', '/mcp'],
    ['GET', '/sse'],
    ['POST', '/messages?sessionId=x'],
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/.well-known/oauth-protected-resource'],
    ['GET', '/.well-known/oauth-protected-resource/mcp'],
    ['GET', '/.well-known/oauth-protected-resource/sse'],
    ['GET', '/.well-known/oauth-protected-resource/other'],
    ['POST', '/.well-known/oauth-protected-resource'],
    ['GET', '/.well-known/openid-configuration'],
    ['GET', '/mcp/'],
  ];
  const statuses = await Promise.all(
    asked.map(async ([method = '', path = '']) => {
      const response = await fetch(`${base}${path}`, { method, headers: JSON_HEADERS });
      return `${method} ${path} ${String(response.status)}`;
    }),
  );
  expect(statuses).toEqual([
    'POST /mcp 401',
    'GET /mcp 401',
    'DELETE /mcp 401',
    'PUT /mcp 401',
    'GET /sse 401',
    'POST /messages?sessionId=x 401',
    'GET /healthz 200',
    'GET /readyz 200',
    'GET /.well-known/oauth-protected-resource 200',
    'GET /.well-known/oauth-protected-resource/mcp 200',
    'GET /.well-known/oauth-protected-resource/sse 200',
    'GET /.well-known/oauth-protected-resource/other 404',
    'POST /.well-known/oauth-protected-resource 405',
    'GET /.well-known/openid-configuration 404',
    'GET /mcp/ 404',
  ]);
  expect(gateway.calls).toEqual([]);
});

test('G-20 a wrong Host is refused before anything else, also where metadata would name it', async () => {
  const { base } = await aGuardedDoor();
  for (const path of ['/mcp', '/.well-known/oauth-protected-resource']) {
    const raw = `GET ${path} HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(base, raw)).toMatch(/^HTTP\/1\.1 403 /);
  }
});

describe('the metadata of the resource', () => {
  test('says who makes tokens for it, and a challenge says where it lies', async () => {
    const { url, base, issuer } = await aGuardedDoor({ oidc: { requiredScopes: ['use'] } });
    const challenge = challengeOf(await post(url, initialize()));
    expect(challenge).toBe(
      `Bearer realm="mcp-gateway", scope="use", resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`,
    );
    const response = await fetch(`${base}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toEqual({
      resource: url,
      resource_name: 'mcp-gateway',
      authorization_servers: [issuer.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['use'],
    });
    const old = await fetch(`${base}/sse`, { headers: { Accept: 'text/event-stream' } });
    expect(challengeOf(old)).toContain(`resource_metadata="${base}/.well-known/oauth-protected-resource/sse"`);
  });

  test('names the public address, by which clients then may call', async () => {
    const { base } = await aGuardedDoor({ publicUrl: 'https://gateway.example.com/tools/mcp' });
    const raw = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: gateway.example.com\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(base, raw('/mcp'))).toContain(
      'resource_metadata="https://gateway.example.com/.well-known/oauth-protected-resource/tools/mcp"',
    );
    for (const suffix of ['', '/mcp', '/tools/mcp']) {
      const text = await sendRaw(base, raw(`/.well-known/oauth-protected-resource${suffix}`));
      expect(text).toContain('"resource":"https://gateway.example.com/tools/mcp"');
    }
  });
});

describe('who is let in is', () => {
  test('the user and the client of the token, with its scopes', async () => {
    const { url, issuer, gateway } = await aGuardedDoor();
    const session = await openSession(url, bearer(await issuer.sign({ claims: { scope: 'a b', groups: ['g'] } })));
    await post(url, aCall(1, 'echo'), session);
    expect(gateway.calls[0]?.caller.principal).toMatchObject({
      agent: { id: 'worker', scope: 'a b', delegated_by: [], client: { name: 'raw' } },
      user: { id: 'ana', groups: ['g'] },
    });
  });

  test('the agent of the token’s act, on behalf of those within it', async () => {
    const { url, issuer, gateway } = await aGuardedDoor({ agents: ['lead', 'drafts'] });
    const act = { sub: 'drafts', act: { sub: 'lead' } };
    await post(url, aCall(1, 'echo'), await openSession(url, bearer(await issuer.sign({ claims: { act } }))));
    expect(gateway.calls[0]?.caller.principal.agent).toMatchObject({ id: 'drafts', delegated_by: ['lead'] });
  });

  test('nobody, where the token names an agent that is not configured; the log says which', async () => {
    const { url, issuer, warnings } = await aGuardedDoor({ agents: ['lead'] });
    const response = await post(url, initialize(), bearer(await issuer.sign()));
    expect([response.status, await response.text()]).toEqual([403, expect.not.stringContaining('worker') as string]);
    expect(warnings.join()).toContain(String.raw`there is no agent \"worker\" in the configuration`);
  });

  test('the agent of the key', async () => {
    const { url, gateway } = await aGuardedDoor();
    await post(url, aCall(1, 'echo'), await openSession(url, bearer(KEY)));
    expect(gateway.calls[0]?.caller.principal).toMatchObject({ agent: { id: 'worker' }, user: { id: 'ana' } });
  });

  test('whoever sends a stateless request, each by its own token', async () => {
    const { url, issuer, gateway } = await aGuardedDoor();
    for (const sub of ['ana', 'ben', 'ana']) {
      const headers = bearer(await issuer.sign({ claims: { sub } }));
      expect((await ask(url, { ...tool('echo'), headers })).status).toBe(200);
    }
    const seen = gateway.calls.map(({ caller }) => [caller.principal.user.id, caller.session]);
    expect(seen.map(([user]) => user)).toEqual(['ana', 'ben', 'ana']);
    expect(seen[0]?.[1]).toBe(seen[2]?.[1]);
    expect(seen[0]?.[1]).not.toBe(seen[1]?.[1]);
  });
});

describe('a key', () => {
  test('that is revoked is worth nothing from the next request on, also within its session', async () => {
    const { url, revoked } = await aGuardedDoor();
    const session = await openSession(url, bearer(KEY));
    expect((await post(url, aCall(1, 'echo'), session)).status).toBe(200);
    revoked.add(KEY);
    expect((await post(url, aCall(2, 'echo'), session)).status).toBe(401);
    expect((await fetch(url, { method: 'DELETE', headers: session })).status).toBe(401);
  });

  test('lets nobody in while it cannot be looked up', async () => {
    const { url, revoked } = await aGuardedDoor();
    revoked.add('store');
    expect((await post(url, initialize(), bearer(KEY))).status).toBe(503);
  });
});

describe('more scopes are asked for', () => {
  test('at the door, where the token lacks one that every token must have', async () => {
    const { url, base, issuer } = await aGuardedDoor({ oidc: { requiredScopes: ['use'] } });
    const response = await post(url, initialize(), bearer(await issuer.sign({ claims: { scope: 'other' } })));
    expect([response.status, challengeOf(response)]).toEqual([
      403,
      `Bearer realm="mcp-gateway", error="insufficient_scope", scope="other use", resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`,
    ]);
    expect((await post(url, initialize(), bearer(await issuer.sign({ claims: { scp: ['use'] } })))).status).toBe(200);
  });

  const refused = (...scopes: string[]): RpcAnswer => ({ kind: 'result', result: { isError: true }, scopes });

  test.for([
    { name: 'where a denial asks for one', asks: ['orders:write'], has: 'a', says: 'scope="a orders:write"' },
    { name: 'but not for one that the token has', asks: ['orders:write'], has: 'orders:write', says: '' },
    { name: 'but not for one that is not configured', asks: ['everything'], has: 'a', says: '' },
  ])('$name', async ({ asks, has, says }) => {
    const { url, issuer } = await aGuardedDoor({ answers: refused(...asks) });
    const token = bearer(await issuer.sign({ claims: { scope: has } }));
    const inSession = await post(url, aCall(1, 'echo'), await openSession(url, token));
    const stateless = await ask(url, { ...tool('echo'), headers: token });
    for (const response of [inSession, stateless]) {
      expect(response.status).toBe(says === '' ? 200 : 403);
      expect(challengeOf(response)).toContain(says);
      expect(await response.text()).toContain('"isError":true');
    }
  });

  test('but not of a key, which has none', async () => {
    const { url } = await aGuardedDoor({ answers: refused('orders:write') });
    expect((await post(url, aCall(1, 'echo'), await openSession(url, bearer(KEY)))).status).toBe(200);
  });
});
