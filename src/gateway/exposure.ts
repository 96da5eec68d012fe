import type { Clock } from '../core/clock.ts';
import type { Bypass } from '../core/pause.ts';
import type { Principal } from '../core/principal.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Agents } from './agents.ts';
import { buildInput, type Environment } from './build-input.ts';
import type { GovernedServer } from './governed-server.ts';
import type { Caller } from './port.ts';
import type { Route } from './route.ts';
import { ListDecisions, type Visibility } from './visibility.ts';

export interface ExposureOptions {
  readonly policy: () => PolicySet;
  readonly agents: Agents;
  readonly environment: Environment;
  readonly clock: Clock;
  /** Whether what rules hide is shown at a time, in milliseconds since the epoch; absent is never. */
  readonly bypass?: (now: number) => Bypass;
}

const OUT_OF_REACH = { kind: 'hidden', internal: 'gateway.out_of_scope', rules: [] } as const;

/** What exists for whom; lists and requests both ask here. */
export class Exposure {
  readonly #options: ExposureOptions;
  readonly #decisions = new ListDecisions();
  readonly #keys = new WeakMap<Principal, string>();

  constructor(options: ExposureOptions) {
    this.#options = options;
  }

  visibilityOf(route: Route, caller: Caller): Visibility {
    const isInReach = this.#options.agents.reaches(caller.principal.agent, route.server.id, route.facts.tool);
    return isInReach ? this.#decide(route, caller) : OUT_OF_REACH;
  }

  /** Whether a server as such exists for the caller. What it offers may be hidden one by one all the same. */
  reachOf(server: GovernedServer, caller: Caller): 'reached' | 'out_of_reach' | 'in_doubt' {
    if (!this.#options.agents.reaches(caller.principal.agent, server.id, '')) return 'out_of_reach';
    const visibility = this.#decide(routeToServer(server), caller);
    if (visibility.kind === 'in_doubt') return 'in_doubt';
    const isInScope = visibility.kind === 'visible' || visibility.internal !== OUT_OF_REACH.internal;
    return isInScope ? 'reached' : 'out_of_reach';
  }

  #decide(route: Listed, { principal, delegators }: Caller): Visibility {
    const { policy, clock, environment, bypass } = this.#options;
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
    return this.#decisions.find(route.server.policy ?? policy(), {
      action: route.listed,
      pin: route.pin,
      principal: this.#keyOf(principal),
      delegators,
      ...(bypass && { bypass: bypass(clock.now()) }),
      input,
    });
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

/** What a list decision is about. */
type Listed = Pick<Route, 'server' | 'listed' | 'facts' | 'about' | 'pin'>;

/** Stands for whatever a server has that is no tool. */
function routeToServer(server: GovernedServer): Listed {
  const facts = { tool: '', annotations: {}, effect: 'read', consent: 'new', dataClasses: [] } as const;
  return { server, listed: 'resource_list', facts, about: undefined, pin: server.id };
}
