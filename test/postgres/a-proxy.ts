import { createServer, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What lies between a gateway and its PostgreSQL: the address that moves at a failover, and a network that breaks. */
export interface Proxy {
  readonly port: number;
  /** Where connections lead from now on; those that are open stay where they are. */
  lead(port: number): void;
  /** Ends every connection, as a host that goes down in order does. */
  cut(): void;
  /** The connections that are open now carry nothing any more, and nobody is told. New ones do. */
  swallow(): void;
  /** New ones carry nothing either, until it is called with `false`. */
  swallowNew(isSo: boolean): void;
  /** Everything that was sent towards the server. */
  sent(): Buffer;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export async function aProxy(target: number): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const seen: Buffer[] = [];
  let leadsTo = target;
  let swallowsNew = false;
  const server = createServer((near) => {
    const pair = { near, far: connect(leadsTo, '127.0.0.1') };
    pairs.add(pair);
    near.on('data', (bytes: Buffer) => seen.push(bytes));
    join(pair, () => void pairs.delete(pair));
    if (swallowsNew) silence(pair);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => pairs.forEach(({ near, far }) => [near, far].forEach((socket) => socket.destroy()));
  onTestFinished(() => {
    cut();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    lead: (port) => void (leadsTo = port),
    cut,
    swallow: () => pairs.forEach(silence),
    swallowNew: (isSo) => void (swallowsNew = isSo),
    sent: () => Buffer.concat(seen),
  };
}

function join({ near, far }: Pair, onEnd: () => void): void {
  near.pipe(far);
  far.pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => {
      other.destroy();
      onEnd();
    });
  }
}

/** What comes is taken and thrown away, an end as well: neither side sees anything amiss. */
function silence({ near, far }: Pair): void {
  for (const socket of [near, far]) socket.removeAllListeners('close').on('error', () => undefined);
  near.unpipe(far);
  far.unpipe(near);
  near.resume();
  far.resume();
}
