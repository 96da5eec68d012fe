import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { type AgentReach, isInReach } from './agent-reach.ts';
import { buildInput, type Environment } from './build-input.ts';
import type { Caller } from './port.ts';
import type { ToolRoute } from './tool-route.ts';
import { ListDecisions, type Visibility } from './visibility.ts';

export interface ExposureOptions {
  /** The tools there are now, by the names that clients call them by. */
  readonly routes: () => ReadonlyMap<string, ToolRoute>;
  readonly policy: () => PolicySet;
  readonly reachOf: (agent: string) => AgentReach | undefined;
  readonly environment: Environment;
  readonly clock: Clock;
}

const OUT_OF_REACH: Visibility = { kind: 'hidden', internal: 'gateway.out_of_scope', rules: [] };

/** Which tools exist for whom; lists and calls both ask here. */
export class Exposure {
  readonly #options: ExposureOptions;
  readonly #decisions = new ListDecisions();
  readonly #keys = new WeakMap<Principal, string>();

  constructor(options: ExposureOptions) {
    this.#options = options;
  }

  all(): Iterable<[string, ToolRoute]> {
    return this.#options.routes();
  }

  find(name: string): ToolRoute | undefined {
    return this.#options.routes().get(name);
  }

  visibilityOf(route: ToolRoute, caller: Caller): Visibility {
    const { reachOf, policy, clock, environment } = this.#options;
    const { principal } = caller;
    if (!isInReach(reachOf(principal.agent.id), route.server.id, route.tool)) return OUT_OF_REACH;
    const input = () =>
      buildInput({
        action: 'tool_list',
        principal,
        server: route.server.facts,
        tool: route.facts,
        environment,
        now: clock.now(),
      });
    return this.#decisions.find(policy(), { pin: route.pin, principal: this.#keyOf(principal), input });
  }

  /** A session's principal is one object for as long as it lasts. */
  #keyOf(principal: Principal): string {
    const known = this.#keys.get(principal);
    if (known !== undefined) return known;
    const key = JSON.stringify(principal);
    this.#keys.set(principal, key);
    return key;
  }
}
