import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopbackHost } from '../core/bundle-address.ts';
import type { Clock } from '../core/clock.ts';
import { placeTag } from '../core/place.ts';
import type { Peers } from '../downstream/peers.ts';
import type { KnownInstance } from '../state/instances.ts';
import type { Store } from '../state/store.ts';

/** Milliseconds for which it is believed who lives. */
const BELIEVED_MS = 3_000;
/** Milliseconds between two looks, whatever tags are asked for. */
const PAUSE_MS = 250;

/** The gateways that share a store, as its rows of instances tell. `url`: where they reach this one, if that is configured. */
export function peersOf(store: Pick<Store, 'instance' | 'living'>, clock: Clock, url?: URL): Peers {
  const known = new KnownPeers(() => store.living(), clock);
  return { tag: placeTag(store.instance), url, addressOf: (tag) => known.addressOf(tag) };
}

type Addresses = ReadonlyMap<string, URL>;

class KnownPeers {
  readonly #living: () => Promise<readonly KnownInstance[]>;
  readonly #clock: Clock;
  #addresses: Addresses = new Map();
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** A look that has not begun yet: what it will find is no older than whoever waits for it. */
  #next: Promise<Addresses> | undefined;

  constructor(living: () => Promise<readonly KnownInstance[]>, clock: Clock) {
    this.#living = living;
    this.#clock = clock;
  }

  async addressOf(tag: string): Promise<URL | undefined> {
    const known = this.#addresses.get(tag);
    if (known !== undefined && this.#clock.monotonic() - this.#lookedAt < BELIEVED_MS) return known;
    this.#next ??= this.#look();
    try {
      return (await this.#next).get(tag);
    } catch (thrown) {
      // While the store is away, what was known of it is as good as anything.
      if (known !== undefined) return known;
      throw thrown;
    }
  }

  async #look(): Promise<Addresses> {
    const waitMs = this.#lookedAt + PAUSE_MS - this.#clock.monotonic();
    await (waitMs > 0 ? sleep(waitMs) : undefined);
    this.#next = undefined;
    this.#lookedAt = this.#clock.monotonic();
    this.#addresses = new Map((await this.#living()).flatMap(addressIn));
    return this.#addresses;
  }
}

/** A loopback address on another machine would be one of this machine. */
function addressIn({ id, address, isLocal }: KnownInstance): readonly (readonly [string, URL])[] {
  if (!URL.canParse(address)) return [];
  const url = new URL(address);
  return isLocal || !isLoopbackHost(url.host) ? [[placeTag(id), url]] : [];
}
