import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { LIMITS } from './fake-gateway.ts';
import { aCall, post, sendRaw } from './http-client.ts';
import { aDeadAddress, aListener, aPeerDoor, aStrayId, HERE } from './two-doors.ts';

describe('where the gateway that holds a session', () => {
  async function aDoor(address: URL | undefined | Error) {
    const addressOf = async (): Promise<URL | undefined> => {
      if (address instanceof Error) throw address;
      return address;
    };
    const door = await aPeerDoor(HERE, new Map(), { peers: { tag: HERE, addressOf } });
    return (): Promise<Response> => post(door.url, aCall(1, 'echo'), { 'Mcp-Session-Id': aStrayId() });
  }

  test('lives no more, the session is unknown', async () => {
    expect((await (await aDoor(undefined))()).status).toBe(404);
  });

  test('refuses connections, the session is unknown', async () => {
    expect((await (await aDoor(await aDeadAddress()))()).status).toBe(404);
  });

  test('cannot be asked for, the request may be sent again', async () => {
    expect((await (await aDoor(new Error('the store is away')))()).status).toBe(503);
  });

  test('breaks off before its answer, the request is not sent anywhere again', async () => {
    let taken = 0;
    const send = await aDoor(
      await aListener((request) => {
        taken += 1;
        request.socket.destroy();
      }),
    );
    const answer = await send();
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain('It may have happened there.');
    expect(taken).toBe(1);
  });

  test.each([
    ['a short', 100, 502],
    ['a long', 1_000_000, 200],
  ])('breaks off within %s answer, the client is told or sees it', async (_, length, status) => {
    const address = await aListener((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': length });
      response.write('{"jsonrpc":', () => response.destroy());
    });
    const answer = await (await aDoor(address))();
    expect(answer.status).toBe(status);
    const read = await answer.text().catch((error: unknown) => String(error));
    expect(read).toMatch(status === 502 ? /It may have happened there/ : /terminated/);
  });

  test('answers with no status of HTTP, the request fails and nothing else', async () => {
    const address = await aListener(({ socket }) => void socket.end('HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'));
    expect((await (await aDoor(address))()).status).toBeGreaterThanOrEqual(500);
  });

  test('answers faster than its client reads, it waits', async () => {
    let written = 0;
    const address = await aListener((_, response) => {
      const piece = Buffer.alloc(1024 * 1024);
      const go = (): void => {
        do written += piece.length;
        while (response.write(piece));
      };
      response.on('drain', go);
      go();
    });
    const peers = { tag: HERE, addressOf: async () => address };
    const door = await aPeerDoor(HERE, new Map(), { peers });
    const { hostname, port, host } = new URL(door.base);
    const socket = connect(Number(port), hostname).pause();
    onTestFinished(() => void socket.destroy());
    socket.write(`DELETE /mcp HTTP/1.1\r\nHost: ${host}\r\nMcp-Session-Id: ${aStrayId()}\r\n\r\n`);
    const isStill = async (): Promise<boolean> => {
      const before = written;
      await sleep(200);
      return before > 0 && written === before;
    };
    await expect.poll(isStill, { timeout: 10_000 }).toBe(true);
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  test('redirects, nobody follows', async () => {
    const address = await aListener((_, response) => response.writeHead(307, { Location: 'http://a.example' }).end());
    expect((await (await aDoor(address))()).status).toBe(502);
  });

  test('asks for more, the client hears what it asks for', async () => {
    const address = await aListener((_, response) => {
      response.writeHead(403, { 'WWW-Authenticate': 'Bearer scope="x"', 'Set-Cookie': 'a=b' }).end('{}');
    });
    const answer = await (await aDoor(address))();
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([403, 'Bearer scope="x"']);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  test('has as many requests to answer as may be, one more is refused', async () => {
    let answerFirst = (): void => undefined;
    const address = await aListener((_, response) => void (answerFirst = () => response.end('{}')));
    const limits = { ...LIMITS, maxConnections: 1 };
    const peers = { tag: HERE, addressOf: async () => address };
    const door = await aPeerDoor(HERE, new Map(), { peers, limits });
    const head = `DELETE /mcp HTTP/1.1\r\nHost: ${new URL(door.base).host}\r\nMcp-Session-Id: ${aStrayId()}\r\n`;
    // Both on one connection; the answers come in the order of the requests.
    const answers = sendRaw(door.base, `${head}\r\n${head}Connection: close\r\n\r\n`);
    await expect.poll(() => door.reached.length).toBe(2);
    answerFirst();
    expect((await answers).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 503']);
  });
});
