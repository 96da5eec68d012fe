import { pinOf } from '../catalog/pins.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import type { ToolPin } from '../core/server-lock.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { GovernedServer } from './governed-server.ts';
import { isRouteOf, type ToolRoute } from './tool-route.ts';

/** What an instance offers, as of an epoch of it. */
interface Seen {
  readonly epoch: number;
  /** Of a tool by its name; undefined where it is not offered. */
  readonly pinOf: (tool: string) => ToolPin | undefined;
}

/** What is known of one instance. */
interface Watched {
  seen: Seen | undefined;
  reading: Promise<Seen> | undefined;
  /** When it was last read, in milliseconds on the monotonic clock, and how often it may still be read in that second. */
  secondMs: number;
  left: number;
}

/** Looks that an instance is given which says again and again that its tools have changed. */
const MOST_LOOKS = 5;

/** Readings of one instance in a second: more would cost a busy server more than its calls. */
const MOST_IN_A_SECOND = 20;
const SECOND_MS = 1_000;

export interface VouchingOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly logger: Logger;
  /** An instance offers another tool than is shown, and has not said so. */
  readonly onDrift: (server: ServerId) => void;
}

/**
 * Holds every instance of a pinned server to what was accepted: the tools that are shown were read from one instance, and
 * a call may go to another, which was started from other files, or to one that has changed since, with or without a word.
 * Each is read before a call is decided that would go there, and the call goes out only as long as that reading holds.
 */
export class Vouching {
  readonly #options: VouchingOptions;
  readonly #watched = new WeakMap<Upstream, Watched>();

  constructor(options: VouchingOptions) {
    this.#options = options;
  }

  /**
   * What of the tool is another at the caller's instance than was decided on; undefined where nothing is. An instance that
   * cannot be read is none that a call goes to: `epochFor` sees to that.
   */
  async driftOf(route: ToolRoute, upstreamOf: () => Upstream): Promise<string | undefined> {
    const { server, tool } = route;
    try {
      const seen = await this.#read(upstreamOf());
      const pin = seen.pinOf(tool);
      if (pin === undefined) return undefined;
      const drift = isRouteOf(route, pin) ? driftIn(server, tool, pin) : 'contract';
      if (drift !== undefined) this.#options.onDrift(server.id);
      return drift;
    } catch (thrown) {
      const { logger } = this.#options;
      logger.debug('the tools of an instance could not be read', { server: server.id, problem: messageOf(thrown) });
      return undefined;
    }
  }

  /** The epoch in which the instance offers the tool as it was accepted. Rejects with UPSTREAM_UNAVAILABLE. */
  async epochFor(upstream: Upstream, server: GovernedServer, tool: string): Promise<number> {
    const { seen } = this.#watchedOf(upstream);
    const known = isCurrent(seen, upstream) ? seen : await this.#read(upstream);
    const pin = known.pinOf(tool);
    if (pin === undefined || driftIn(server, tool, pin) === undefined) return known.epoch;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', `its tool ${tool} has changed since it was accepted`);
  }

  /** Of a busy instance what was read a moment ago; whoever comes while it is read is told the same. */
  #read(upstream: Upstream): Promise<Seen> | Seen {
    const watched = this.#watchedOf(upstream);
    if (watched.reading !== undefined) return watched.reading;
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - watched.secondMs >= SECOND_MS) Object.assign(watched, { secondMs: nowMs, left: MOST_IN_A_SECOND });
    if (watched.left === 0 && isCurrent(watched.seen, upstream)) return watched.seen;
    watched.left = Math.max(watched.left - 1, 0);
    watched.reading = readInto(watched, upstream);
    return watched.reading;
  }

  #watchedOf(upstream: Upstream): Watched {
    const known = this.#watched.get(upstream);
    if (known !== undefined) return known;
    const watched: Watched = { seen: undefined, reading: undefined, secondMs: Number.NEGATIVE_INFINITY, left: 0 };
    this.#watched.set(upstream, watched);
    return watched;
  }
}

/** Whether the instance runs and has not said since that its tools have changed. */
function isCurrent(seen: Seen | undefined, upstream: Upstream): seen is Seen {
  return seen?.epoch === upstream.toolsEpoch && upstream.state.kind === 'ready';
}

/** Where it cannot be read, what was read before does not hold either. */
async function readInto(watched: Watched, upstream: Upstream): Promise<Seen> {
  try {
    watched.seen = undefined;
    watched.seen = await readTools(upstream);
    return watched.seen;
  } finally {
    watched.reading = undefined;
  }
}

async function readTools(upstream: Upstream): Promise<Seen> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const { epoch, tools } = await upstream.readTools();
    if (epoch !== upstream.toolsEpoch) continue;
    return { epoch, pinOf: pinsOf(tools) };
  }
  throw new GatewayError('UPSTREAM_UNAVAILABLE', 'its tools change again and again');
}

/** Only what is called is hashed, and once: a list may be long. */
function pinsOf(definitions: readonly JsonObject[]): Seen['pinOf'] {
  const byName = new Map<unknown, JsonObject[]>();
  for (const definition of definitions) {
    const same = byName.get(definition['name']);
    if (same === undefined) byName.set(definition['name'], [definition]);
    else same.push(definition);
  }
  const pins = new Map<string, ToolPin>();
  return (tool) => {
    const same = byName.get(tool);
    if (same === undefined) return undefined;
    const pin = pins.get(tool) ?? onePinOf(same);
    pins.set(tool, pin);
    return pin;
  };
}

/** Which of several a call would run is for the server to say, so that they must be one. */
function onePinOf([first, ...others]: readonly JsonObject[]): ToolPin {
  const pin = pinOf(first ?? {});
  return others.every((other) => pinOf(other).contract === pin.contract) ? pin : NONE;
}

/** That of no tool. */
const NONE: ToolPin = { contract: '', text: '' };

/** What of a tool that was accepted is another now. */
function driftIn({ pins }: GovernedServer, tool: string, pin: ToolPin): string | undefined {
  const accepted = pins?.tools.get(tool);
  if (accepted === undefined) return undefined;
  if (accepted.contract !== pin.contract) return 'contract';
  return pins?.text === 'quarantine' && accepted.text !== pin.text ? 'text' : undefined;
}
