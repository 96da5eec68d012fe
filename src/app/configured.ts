import { isDeepStrictEqual } from 'node:util';
import type { ConfiguredPolicies } from './generations.ts';
import type { PolicyOptions } from './policies.ts';
import type { FoundServer } from './servers.ts';
import { wantedBundles } from './wanted.ts';
import type { Config } from '../config/paths.ts';
import { LAYERS } from '../core/opinion.ts';

/** What the configuration has no say in. */
export type PolicyBase = Pick<PolicyOptions, 'loader' | 'clock' | 'logger'>;

/** What a configuration wants of policies, for the servers that were found when the gateway started. */
export function configuredPolicies(
  config: Config,
  found: readonly FoundServer[],
  base: PolicyBase,
): ConfiguredPolicies {
  const { layers, evaluationFuel, engine, atomic } = config.policies;
  return {
    wanted: wantedBundles(config, found),
    options: { ...base, required: LAYERS.filter((layer) => layers[layer].required), evaluationFuel, engine },
    atomic,
    mayRelax: (layer) => layers[layer].relax,
  };
}

/**
 * The running configuration with what a changed file says of policies: which bundles there are, how far they count and
 * with which data, the layers. For servers and agents that were there before, the policy they have; where a server's own
 * bundle lies was looked up when the gateway started.
 */
export function takeUp(running: Config, changed: Config): Config {
  const { org, layers, starter, atomic, evaluationFuel, engine, pause } = changed.policies;
  const servers = Object.entries(running.mcpServers).map(([id, server]) => {
    const policy = changed.mcpServers[id]?.policy ?? server.policy;
    return [id, { ...server, policy: { ...policy, source: server.policy.source } }] as const;
  });
  const agents = Object.entries(running.agents).map(([id, agent]) => {
    const now = changed.agents[id];
    const { policy: _, ...rest } = agent;
    const policy = now === undefined ? agent.policy : now.policy;
    return [id, { ...rest, ...(policy && { policy }) }] as const;
  });
  return {
    ...running,
    mcpServers: Object.fromEntries(servers),
    agents: Object.fromEntries(agents),
    policies: { ...running.policies, org, layers, starter, atomic, evaluationFuel, engine, pause },
  };
}

/** What a changed file says and only a restart takes up, such as `mcpServers.github`. */
export function waitingForRestart(taken: Config, changed: Config): readonly string[] {
  return differences(taken, changed).flatMap((section) =>
    differences(memberOf(taken, section), memberOf(changed, section)).map((member) => `${section}.${member}`),
  );
}

function differences(left: object, right: object): readonly string[] {
  const [before, after] = [new Map(Object.entries(left)), new Map(Object.entries(right))];
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)));
}

function memberOf(value: object, name: string): object {
  const member: unknown = new Map<string, unknown>(Object.entries(value)).get(name);
  return typeof member === 'object' && member !== null ? member : { value: member };
}
