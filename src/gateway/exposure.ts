import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { type AgentReach, isInReach } from './agent-reach.ts';
import { buildInput, type Environment } from './build-input.ts';
import type { Caller } from './port.ts';
import type { Route } from './route.ts';
import { ListDecisions, type Visibility } from './visibility.ts';

export interface ExposureOptions {
  readonly policy: () => PolicySet;
  readonly reachOf: (agent: string) => AgentReach | undefined;
  readonly environment: Environment;
  readonly clock: Clock;
}

const OUT_OF_REACH: Visibility = { kind: 'hidden', internal: 'gateway.out_of_scope', rules: [] };

/** What exists for whom; lists and requests both ask here. */
export class Exposure {
  readonly #options: ExposureOptions;
  readonly #decisions = new ListDecisions();
  readonly #keys = new WeakMap<Principal, string>();

  constructor(options: ExposureOptions) {
    this.#options = options;
  }

  visibilityOf(route: Route, { principal }: Caller): Visibility {
    const { reachOf, policy, clock, environment } = this.#options;
    if (!isInReach(reachOf(principal.agent.id), route.server.id, route.facts.tool)) return OUT_OF_REACH;
    const input = () =>
      buildInput({
        action: route.listed,
        principal,
        server: route.server.facts,
        tool: route.facts,
        about: route.about,
        environment,
        now: clock.now(),
      });
    return this.#decisions.find(policy(), {
      action: route.listed,
      pin: route.pin,
      principal: this.#keyOf(principal),
      input,
    });
  }

  /** Whether the configuration lets the caller's agent reach a server at all. */
  reaches(server: string, { principal }: Caller): boolean {
    return isInReach(this.#options.reachOf(principal.agent.id), server, '');
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
