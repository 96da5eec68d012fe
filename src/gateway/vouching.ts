import { pinOf } from '../catalog/pins.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ToolPin } from '../core/server-lock.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { GovernedServer } from './governed-server.ts';
import { isRouteOf, type ToolRoute } from './tool-route.ts';

/** What an instance offers, as of an epoch of it. */
interface Seen {
  readonly epoch: number;
  readonly pins: ReadonlyMap<string, ToolPin>;
}

/** Looks that an instance is given which says again and again that its tools have changed. */
const MOST_LOOKS = 5;

/**
 * Holds every instance of a pinned server to what was accepted: the tools that are shown were read from one instance, and
 * a call may go to another, which was started from other files, or to one that has changed since. Each is looked at after
 * its start and whenever it says that its tools have changed, before a call goes there.
 */
export class Vouching {
  readonly #logger: Logger;
  readonly #seen = new WeakMap<Upstream, Seen>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * What of the tool is another at the caller's instance than was decided on; undefined where nothing is. An instance that
   * cannot be looked at is none that a call goes to: `epochFor` sees to that.
   */
  async driftOf(route: ToolRoute, upstreamOf: () => Upstream, signal?: AbortSignal): Promise<string | undefined> {
    const { server, tool } = route;
    try {
      const seen = await this.#look(upstreamOf(), server, signal);
      const pin = seen.pins.get(tool);
      if (pin === undefined) return undefined;
      return isRouteOf(route, pin) ? driftIn(server, tool, pin) : 'contract';
    } catch (thrown) {
      this.#logger.debug('the tools of an instance could not be read', {
        server: server.id,
        problem: messageOf(thrown),
      });
      return undefined;
    }
  }

  /** The epoch in which the instance offers the tool as it was accepted. Rejects with UPSTREAM_UNAVAILABLE. */
  async epochFor(upstream: Upstream, server: GovernedServer, tool: string): Promise<number> {
    const { epoch, pins } = await this.#look(upstream, server);
    const pin = pins.get(tool);
    if (pin === undefined || driftIn(server, tool, pin) === undefined) return epoch;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', `its tool ${tool} has changed since it was accepted`);
  }

  async #look(upstream: Upstream, { id }: GovernedServer, signal?: AbortSignal): Promise<Seen> {
    const known = this.#seen.get(upstream);
    if (known?.epoch === upstream.toolsEpoch && upstream.state.kind === 'ready') return known;
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const { epoch, tools } = await upstream.readTools(signal);
      if (epoch !== upstream.toolsEpoch) continue;
      const pins = new Map(
        tools.flatMap((tool) => (typeof tool['name'] === 'string' ? [[tool['name'], pinOf(tool)]] : [])),
      );
      const seen = { epoch, pins };
      this.#seen.set(upstream, seen);
      return seen;
    }
    throw new GatewayError('UPSTREAM_UNAVAILABLE', `the tools of "${id}" change again and again`);
  }
}

/** What of a tool that was accepted is another now. */
function driftIn({ pins }: GovernedServer, tool: string, pin: ToolPin): string | undefined {
  const accepted = pins?.tools.get(tool);
  if (accepted === undefined) return undefined;
  if (accepted.contract !== pin.contract) return 'contract';
  return pins?.text === 'quarantine' && accepted.text !== pin.text ? 'text' : undefined;
}
