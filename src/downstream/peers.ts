import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';

/** The gateways that share the store with this one, as its HTTP door asks after them. */
export interface Peers {
  /** By which the others know this gateway: it stands in the ids that it gives out (`placeTag`). */
  readonly tag: string;
  /** Where they reach this one, if it is not where it listens. */
  readonly url?: URL | undefined;
  /** Where the gateway of a tag is reached; undefined where none lives. Rejects where that cannot be found out. */
  readonly addressOf: (tag: string) => Promise<URL | undefined>;
}

/** An id that says which gateway holds what it names. */
export function idAt(tag: string, secret: string): string {
  return `${tag}-${secret}`;
}

/** The tag of the gateway that gave out an id of `idAt`, as far as its form tells. */
export function holderOf(id: string): string | undefined {
  return /^([0-9a-f]{8})-[0-9a-f]{32}$/.exec(id)?.[1];
}

/** Where other machines reach a listener: of one that listens on all addresses it is the first that is the machine's own. */
export function addressOfListener({ address, port }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? firstOutside(address) : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/** A listener on `::` takes IPv4, too. Addresses with a scope mean nothing on another machine. */
function firstOutside(wildcard: '0.0.0.0' | '::'): string {
  const outside = Object.values(networkInterfaces()).flatMap((addresses = []) => {
    return addresses.filter(({ internal }) => !internal);
  });
  const four = outside.find(({ family }) => family === 'IPv4');
  const six = outside.find((each) => each.family === 'IPv6' && each.scopeid === 0);
  return (four ?? (wildcard === '::' ? six : undefined))?.address ?? '127.0.0.1';
}
