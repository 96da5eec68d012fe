import { randomBytes } from 'node:crypto';

import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonLimits } from '../core/json-scan.ts';
import type { Logger } from '../core/logger.ts';
import type { Passes } from '../core/rpc-parse.ts';
import type { GatewayPort } from '../gateway/port.ts';
import { type Identity, isSameIdentity } from './identity.ts';
import type { PeerRoad } from './peer-road.ts';
import { idAt } from './peers.ts';
import { type ServerInfo, Session } from './session.ts';
import type { TurnLimits, Turns } from './turns.ts';

export interface HttpLimits extends JsonLimits, TurnLimits {
  readonly maxSessions: number;
  /** Milliseconds without a request or an open stream after which a session ends. */
  readonly idleMs: number;
  /** Milliseconds that requests in flight have to finish when the door closes. */
  readonly drainMs: number;
  /** Milliseconds after which an answer becomes a stream that can be resumed, for clients that know how. */
  readonly streamAfterMs?: number;
}

export interface SessionsOptions {
  readonly gateway: GatewayPort;
  readonly serverInfo: ServerInfo;
  readonly limits: HttpLimits;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Parameters beyond the protocol that go on; none where it is left out. */
  readonly passes?: Passes | undefined;
  /** The way to sessions of other gateways; absent where there are none. */
  readonly road?: PeerRoad | undefined;
}

/** What a transport keeps beside a session. */
export interface Channel {
  /** Sends a message that belongs to no request. */
  announce(text: string): void;
  /** Whether the client listens, which keeps its session alive. */
  isListening(): boolean;
  /** Now and then, with the time on the clock that only grows. */
  beat(now: number): void;
  close(): void;
}

export interface HeldSession<C extends Channel> {
  /** By which its client finds it: a secret, which is neither recorded nor logged. */
  readonly wireId: string;
  readonly session: Session;
  readonly identity: Identity;
  readonly channel: C;
  lastSeen: number;
}

/**
 * The sessions of one transport, by unguessable ids. A session is found by the identity that opened it and by nobody
 * else, and never by way of another transport.
 */
export class HttpSessions<C extends Channel> {
  readonly #options: SessionsOptions;
  readonly #turns: Turns;
  readonly #held = new Map<string, HeldSession<C>>();

  /** `turns` are those of all transports of the door. */
  constructor(options: SessionsOptions, turns: Turns) {
    this.#options = options;
    this.#turns = turns;
  }

  /** Undefined where there are as many as there may be. */
  open(identity: Identity, channel: C): HeldSession<C> | undefined {
    const { gateway, serverInfo, limits, logger, clock, road } = this.#options;
    if (this.#held.size >= limits.maxSessions && !this.#makeRoom(identity)) return undefined;
    const [secret, id] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    const wireId = road === undefined ? secret : idAt(road.tag, secret);
    const announce = (text: string): void => channel.announce(text);
    const isListening = (): boolean => channel.isListening();
    const session = new Session({
      id,
      gateway,
      identity,
      serverInfo,
      turns: this.#turns,
      maxInFlight: limits.maxInFlight,
      logger,
      announce,
      isListening,
    });
    const held = { wireId, session, identity, channel, lastSeen: clock.monotonic() };
    this.#held.set(wireId, held);
    return held;
  }

  /**
   * Ends the quietest session of whoever has the most, if that is more than the one who asks would have: nobody keeps all
   * others out.
   */
  #makeRoom(identity: Identity): boolean {
    const groups = new Map<string, HeldSession<C>[]>([[JSON.stringify(identity), []]]);
    for (const held of this.#held.values()) {
      const key = JSON.stringify(held.identity);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [held]);
      else group.push(held);
    }
    const [own = [], ...others] = groups.values();
    const most = others.reduce((largest, group) => (group.length > largest.length ? group : largest), own);
    const quiet = most.filter(({ session }) => !session.isBusy);
    const [first, ...rest] = quiet;
    if (first === undefined || most.length <= own.length + 1) return false;
    void this.end(rest.reduce((oldest, held) => (held.lastSeen < oldest.lastSeen ? held : oldest), first));
    return true;
  }

  find(wireId: string, identity: Identity): HeldSession<C> | undefined {
    const held = this.#held.get(wireId);
    if (held === undefined || !isSameIdentity(held.identity, identity)) return undefined;
    held.lastSeen = this.#options.clock.monotonic();
    return held;
  }

  async end(held: HeldSession<C>): Promise<void> {
    if (!this.#held.delete(held.wireId)) return;
    try {
      await held.session.end();
    } catch (error) {
      this.#options.logger.error('A session could not be ended.', { error: messageOf(error) });
    }
    held.channel.close();
  }

  /** Keeps open streams alive and ends sessions that nobody uses. */
  sweep(): void {
    const now = this.#options.clock.monotonic();
    for (const held of this.#held.values()) {
      const { session, channel, lastSeen } = held;
      channel.beat(now);
      if (session.isBusy || channel.isListening()) held.lastSeen = now;
      else if (now - lastSeen > this.#options.limits.idleMs) void this.end(held);
    }
  }

  /** Resolves when no request is in flight in any session. */
  async drained(): Promise<void> {
    await Promise.all([...this.#held.values()].map(({ session }) => session.drained()));
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map((held) => this.end(held)));
  }
}
