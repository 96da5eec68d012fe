import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface LosingProxy {
  /** The address of the same database, through the proxy. */
  readonly url: string;
  /** The next commit reaches the server, and its answer nobody; resolves when the server has answered. */
  loseNextCommit(): Promise<void>;
}

const COMMIT = Buffer.from('commit\0');

/** Stands between a gateway and its PostgreSQL until the test has ended. */
export async function losingProxy(url: string): Promise<LosingProxy> {
  const { port } = new URL(url);
  let lost: (() => void) | undefined;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(port), '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    server.pipe(client);
    server.on('close', () => client.destroy());
    client.on('close', () => server.end());
    client.on('data', (bytes) => {
      const said = lost;
      if (said !== undefined && bytes.includes(COMMIT)) {
        lost = undefined;
        server.unpipe(client);
        server.once('data', () => {
          client.destroy();
          said();
        });
        server.resume();
      }
      server.write(bytes);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const through = new URL(url);
  through.port = String(address.port);
  return { url: through.href, loseNextCommit: () => new Promise((resolve) => (lost = resolve)) };
}
