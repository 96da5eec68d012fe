import { randomBytes } from 'node:crypto';

import { canonicalJson } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Caller, GatewayPort } from '../gateway/port.ts';
import type { Envelope } from './envelope.ts';
import { type Identity, principalOf } from './identity.ts';
import { InFlight } from './in-flight.ts';
import { Turns } from './turns.ts';

export interface CallersOptions {
  readonly gateway: GatewayPort;
  readonly turns: Turns;
  /** Clients that are remembered at one time. */
  readonly maxClients: number;
  /** Milliseconds without a request after which a client is forgotten. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One client of one identity, by what it says of itself. */
export interface StatelessClient {
  readonly session: string;
  readonly inFlight: InFlight;
  /** Its open `subscriptions/listen`. */
  readonly listening: InFlight;
  lastSeen: number;
}

interface Remembered extends StatelessClient {
  /** Whose it is, whatever it calls itself. */
  readonly owner: string;
  /** By capabilities and version, which each request may say anew. */
  readonly callers: Map<string, Caller>;
}

/** Sets of capabilities that are remembered for one client; clients have one or two. */
const MAX_VARIANTS = 16;

/** Who stateless clients are: one and the same from request to request, as long as it keeps coming. */
export class StatelessCallers {
  readonly #options: CallersOptions;
  readonly #identities = new WeakMap<Identity, string>();
  readonly #clients = new Map<string, Remembered>();
  /** What listens runs for as long as the client likes, so nothing waits for its end. */
  readonly #listeners: Turns;

  constructor(options: CallersOptions) {
    this.#options = options;
    this.#listeners = new Turns({ ...options.turns.limits, maxWaiting: 0 });
  }

  /** Undefined where there are as many as there may be, and all are busy. */
  find(
    identity: Identity,
    envelope: Envelope,
  ): { readonly client: StatelessClient; readonly caller: Caller } | undefined {
    const { name, version } = envelope.client;
    const key = JSON.stringify([this.#keyOf(identity), name, version]);
    const client = this.#clients.get(key) ?? this.#welcome(key, identity);
    if (client === undefined) return undefined;
    client.lastSeen = this.#options.clock.monotonic();
    return { client, caller: callerOf(client, identity, envelope) };
  }

  clients(): Iterable<StatelessClient> {
    return this.#clients.values();
  }

  /** Forgets who has not been heard of for long. */
  sweep(): void {
    const now = this.#options.clock.monotonic();
    for (const [key, client] of this.#clients) {
      if (isBusy(client)) client.lastSeen = now;
      else if (now - client.lastSeen > this.#options.idleMs) void this.#forget(key, client);
    }
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#clients].map(([key, client]) => this.#forget(key, client)));
  }

  #keyOf(identity: Identity): string {
    const known = this.#identities.get(identity);
    if (known !== undefined) return known;
    const { agent, user, credential = '' } = identity;
    const key = canonicalJson({ agent: { ...agent }, user: { ...user }, credential });
    this.#identities.set(identity, key);
    return key;
  }

  #welcome(key: string, identity: Identity): Remembered | undefined {
    const { turns, maxClients, logger } = this.#options;
    if (this.#clients.size >= maxClients && !this.#makeRoom()) return undefined;
    const client = {
      owner: this.#keyOf(identity),
      session: randomBytes(16).toString('hex'),
      inFlight: new InFlight(turns.laneOf(identity), logger),
      listening: new InFlight(this.#listeners.laneOf(identity), logger),
      lastSeen: 0,
      callers: new Map<string, Caller>(),
    };
    this.#clients.set(key, client);
    return client;
  }

  /** Forgets what has been quiet for longest of whoever has the most: names cost nothing, and push nobody else out. */
  #makeRoom(): boolean {
    const counts = new Map<string, number>();
    const quiet = [...this.#clients].filter(([, client]) => !isBusy(client));
    for (const [, { owner }] of quiet) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    const most = [...counts.values()].reduce((largest, count) => Math.max(largest, count), 0);
    const [first, ...others] = quiet.filter(([, { owner }]) => counts.get(owner) === most);
    if (first === undefined) return false;
    const [key, client] = others.reduce((oldest, one) => (one[1].lastSeen < oldest[1].lastSeen ? one : oldest), first);
    void this.#forget(key, client);
    return true;
  }

  async #forget(key: string, { session }: Remembered): Promise<void> {
    this.#clients.delete(key);
    try {
      await this.#options.gateway.endSession(session);
    } catch (error) {
      this.#options.logger.error('What belongs to a client could not be ended.', { error: messageOf(error) });
    }
  }
}

function isBusy({ inFlight, listening }: StatelessClient): boolean {
  return inFlight.size > 0 || listening.size > 0;
}

function callerOf({ session, callers }: Remembered, identity: Identity, envelope: Envelope): Caller {
  const { client, protocol, capabilities } = envelope;
  const key = JSON.stringify([protocol, capabilities]);
  const known = callers.get(key);
  if (known !== undefined) return known;
  if (callers.size >= MAX_VARIANTS) callers.clear();
  const principal = principalOf(identity, client);
  const caller: Caller = { session, principal, client: { ...client, protocol }, era: 'stateless', capabilities };
  callers.set(key, caller);
  return caller;
}
