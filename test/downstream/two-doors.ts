import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { onTestFinished } from 'vitest';

import { admitted } from '../../src/downstream/gate.ts';
import type { HttpOptions } from '../../src/downstream/http.ts';
import { idAt } from '../../src/downstream/peers.ts';
import { aFakeGateway, anIdentity } from './fake-gateway.ts';
import { anHttpDoor, type OpenDoor } from './http-client.ts';

export const HERE = 'aaaaaaaa';
export const THERE = 'bbbbbbbb';

/** Id of a session as the gateway there would have given it. */
export function aStrayId(): string {
  return idAt(THERE, randomBytes(16).toString('hex'));
}

export interface Reached {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A door among others of one store, with what has reached it. */
export interface PeerDoor extends OpenDoor {
  readonly reached: Reached[];
}

/** A door with a tag that finds others by a table; the user is whoever the Authorization header names. */
export async function aPeerDoor(
  tag: string,
  addresses: ReadonlyMap<string, URL>,
  options: Partial<HttpOptions> = {},
): Promise<PeerDoor> {
  const reached: Reached[] = [];
  const gateway = aFakeGateway();
  const door = await anHttpDoor({
    gateway,
    gate: {
      admit: ({ method = '', url = '', headers }) => {
        reached.push({ method, url, headers });
        return admitted(anIdentity(headers.authorization === 'bob' ? 'bob' : 'ada'));
      },
      describe: () => undefined,
    },
    peers: { tag, addressOf: async (asked) => addresses.get(asked) },
    ...options,
  });
  return { ...door, gateway, reached };
}

/** Two doors of one store, each of which knows the other. */
export async function twoDoors(options: Partial<HttpOptions> = {}) {
  const addresses = new Map<string, URL>();
  const here = await aPeerDoor(HERE, addresses, options);
  const there = await aPeerDoor(THERE, addresses, options);
  addresses.set(HERE, new URL(here.door.peerAddress));
  addresses.set(THERE, new URL(there.door.peerAddress));
  return { here, there, addresses };
}

/** Something that listens where a gateway should, until the test ends. */
export async function aListener(answer: RequestListener): Promise<URL> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
}

/** An address of this machine at which nothing listens any more. */
export async function aDeadAddress(): Promise<URL> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return new URL(`http://127.0.0.1:${String(port)}`);
}
