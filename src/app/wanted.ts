import { originOf } from './addresses.ts';
import { agentBundles } from './agents.ts';
import { starterBundles, type WantedBundle } from './policies.ts';
import { demandOf } from './signing.ts';
import { bundleOfServer, type FoundServer, modesOf } from './servers.ts';
import type { Config } from '../config/paths.ts';

/** Every bundle that is to take part: the organisation’s, those of servers and agents, and the starters. */
export function wantedBundles(config: Config, found: readonly FoundServer[]): readonly WantedBundle[] {
  const own = found.flatMap((server) => {
    // The configuration may have changed since the server was found.
    const configured = config.mcpServers[server.id] ?? server.config;
    return bundleOfServer({ ...server, config: configured }, config.policies.layers.server.signed) ?? [];
  });
  return withServers(config, own);
}

/** Those that the configuration itself names with a path or an address, and the starters: no server is looked for. */
export function configuredBundles(config: Config): readonly WantedBundle[] {
  const named = Object.entries(config.mcpServers).flatMap(([id, { policy }]): readonly WantedBundle[] => {
    const { mode, rules, data } = policy;
    const demand = demandOf(policy.signer, config.policies.layers.server.signed);
    const origin = originOf({ ...policy, id, layer: 'server' }, demand);
    if (origin === undefined) return [];
    const place = { kind: 'server', server: id } as const;
    return [{ id, layer: 'server', place, origin, mode, ruleModes: modesOf(rules), data, demand }];
  });
  return withServers(config, named);
}

function withServers(config: Config, servers: readonly WantedBundle[]): readonly WantedBundle[] {
  const { org, layers } = config.policies;
  const organisation = org.map((bundle): WantedBundle => {
    const { id, layer, mode, rules, data, signer, for: scope } = bundle;
    const demand = demandOf(signer, layers[layer].signed);
    const origin = originOf(bundle, demand);
    return { id, layer, place: { kind: 'organisation', scope }, origin, mode, ruleModes: modesOf(rules), data, demand };
  });
  return [...organisation, ...servers, ...agentBundles(config), ...starterBundles(layers)];
}
