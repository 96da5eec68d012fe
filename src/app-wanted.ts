import { agentBundles } from './app-agents.ts';
import { starterBundles, type WantedBundle } from './app-policies.ts';
import { bundleOfServer, type FoundServer, modesOf } from './app-servers.ts';
import { originOf } from './app-addresses.ts';
import type { Config } from './config/paths.ts';

/** Every bundle that is to take part: the organisation’s, those of servers and agents, and the starters. */
export function wantedBundles(config: Config, found: readonly FoundServer[]): readonly WantedBundle[] {
  const organisation = config.policies.org.map((bundle): WantedBundle => ({
    id: bundle.id,
    layer: bundle.layer,
    place: { kind: 'organisation', scope: bundle.for },
    origin: originOf(bundle),
    mode: bundle.mode,
    ruleModes: modesOf(bundle.rules),
    data: bundle.data,
  }));
  const own = found.flatMap((server) => {
    // The configuration may have changed since the server was found.
    const configured = config.mcpServers[server.id] ?? server.config;
    return bundleOfServer({ ...server, config: configured }) ?? [];
  });
  return [...organisation, ...own, ...agentBundles(config), ...starterBundles(config.policies.layers)];
}
