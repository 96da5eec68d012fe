import { originOf } from './addresses.ts';
import type { WantedBundle } from './policies.ts';
import { demandOf } from './signing.ts';
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
export function agentBundles({ agents, policies }: Pick<Config, 'agents' | 'policies'>): readonly WantedBundle[] {
  return Object.entries(agents).flatMap(([agent, { policy }]): readonly WantedBundle[] => {
    if (policy === undefined) return [];
    const id = `agent-${agent}`;
    const demand = demandOf(policy.signer, policies.layers.identity.signed);
    const origin = originOf({ ...policy, id, layer: 'identity', data: {} }, demand);
    const place = { kind: 'agent', agent } as const;
    return [{ id, layer: 'identity', place, origin, mode: 'enforce', ruleModes: {}, data: {}, demand }];
  });
}
