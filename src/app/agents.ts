import { originOf } from './addresses.ts';
import type { WantedBundle } from './policies.ts';
import type { Config } from '../config/paths.ts';
import { Agents, type ConfiguredAgent } from '../gateway/agents.ts';

/** The agents that the configuration tells apart. */
export function agentsIn({ agents }: Pick<Config, 'agents'>): Agents {
  const configured = Object.entries(agents).map(([id, settings]): [string, ConfiguredAgent] => {
    const { scope, owner_team, model, servers, tools, parent } = settings;
    return [id, { scope, owner_team, model, reach: { servers, tools }, parent }];
  });
  return new Agents(new Map(configured));
}

/** The bundles that agents have of their own. */
export function agentBundles({ agents }: Pick<Config, 'agents'>): readonly WantedBundle[] {
  return Object.entries(agents).flatMap(([agent, { policy }]) =>
    policy === undefined
      ? []
      : [
          {
            id: `agent-${agent}`,
            layer: 'identity',
            place: { kind: 'agent', agent },
            origin: originOf({ ...policy, id: `agent-${agent}`, layer: 'identity', data: {} }),
            mode: 'enforce',
            ruleModes: {},
            data: {},
          },
        ],
  );
}
