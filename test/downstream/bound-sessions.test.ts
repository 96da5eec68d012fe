import { describe, expect, onTestFinished, test } from 'vitest';

import { TOLERANCE_MS } from '../../src/downstream/verify-token.ts';
import { aGuardedDoor, bearer, KEY, OTHER_KEY } from './a-guarded-door.ts';
import { aCall, initialize, openSession, post } from './http-client.ts';

describe('G-23 a session', () => {
  test('is its principal’s alone, on every method, and a refreshed token of the same principal finds it', async () => {
    const { url, issuer, gateway } = await aGuardedDoor();
    const session = await openSession(url, bearer(await issuer.sign()));
    const id = session['Mcp-Session-Id'];
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const others = [
      await issuer.sign({ claims: { sub: 'eve' } }),
      await issuer.sign({ claims: { client_id: 'other' } }),
      KEY,
    ];
    for (const other of others) {
      const headers = { ...bearer(other), 'Mcp-Session-Id': id, Accept: 'text/event-stream' };
      expect((await post(url, aCall(1, 'echo'), headers)).status).toBe(404);
      expect((await fetch(url, { headers })).status).toBe(404);
      expect((await fetch(url, { headers: { ...headers, 'Last-Event-ID': '1-1' } })).status).toBe(404);
      expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(404);
    }
    expect(gateway.calls).toEqual([]);
    const refreshed = { ...session, ...bearer(await issuer.sign({ claims: { jti: 'another' } })) };
    expect((await post(url, aCall(1, 'echo'), refreshed)).status).toBe(200);
    expect((await fetch(url, { method: 'DELETE', headers: refreshed })).status).toBe(204);
    expect((await post(url, aCall(2, 'echo'), session)).status).toBe(404);
  });

  test('of one key is not found by another key of the same agent and user', async () => {
    const { url } = await aGuardedDoor();
    const session = await openSession(url, bearer(KEY));
    expect((await post(url, aCall(1, 'echo'), { ...session, ...bearer(OTHER_KEY) })).status).toBe(404);
  });

  test('is recorded under another id than the one that opens it', async () => {
    const { url, gateway } = await aGuardedDoor();
    const session = await openSession(url, bearer(KEY));
    await post(url, aCall(1, 'echo'), session);
    expect(gateway.calls[0]?.caller.session).toMatch(/^[0-9a-f]{32}$/);
    expect(gateway.calls[0]?.caller.session).not.toBe(session['Mcp-Session-Id']);
  });

  test('of the old transport takes messages of its own principal alone', async () => {
    const { base, url, issuer, gateway } = await aGuardedDoor();
    const gone = new AbortController();
    onTestFinished(() => gone.abort());
    const headers = { ...bearer(await issuer.sign()), Accept: 'text/event-stream' };
    const stream = await fetch(`${base}/sse`, { headers, signal: gone.signal });
    const first = await stream.body?.pipeThrough(new TextDecoderStream()).getReader().read();
    const id = /sessionId=([0-9a-f]{32})/.exec(first?.value ?? '')?.[1] ?? '';
    const messages = `${base}/messages?sessionId=${id}`;
    const eve = bearer(await issuer.sign({ claims: { sub: 'eve' } }));
    expect((await post(messages, initialize())).status).toBe(401);
    expect((await post(messages, initialize(), eve)).status).toBe(404);
    expect((await post(url, aCall(1, 'echo'), { ...headers, 'Mcp-Session-Id': id })).status).toBe(404);
    expect((await post(messages, initialize(), bearer(await issuer.sign()))).status).toBe(202);
    expect(gateway.calls).toEqual([]);
  });
});

describe('an open stream ends', () => {
  test.for([
    { name: 'when its token has expired', token: undefined },
    { name: 'when its key is revoked', token: KEY },
  ])('$name', async ({ token }) => {
    const { url, issuer, clock, revoked } = await aGuardedDoor({ idleMs: 1_000 });
    const session = await openSession(url, bearer(token ?? (await issuer.sign())));
    const stream = await fetch(url, { headers: { ...session, Accept: 'text/event-stream' } });
    expect(stream.status).toBe(200);
    const ended = stream.text().then(
      () => 'ended',
      () => 'ended',
    );
    if (token === undefined) clock.passed += 300_000 + TOLERANCE_MS;
    else revoked.add(token);
    expect(await ended).toBe('ended');
  });
});
