import type { AgentsView } from '../dashboard/api-connected.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { type ShownAgent, shownAgents } from './shown-agents.ts';

/** Names beyond that are seldom asked for, and clients can make up as many as they like. */
const MOST_AGENTS = 500;

/** The agents of the configuration, and those that have called without being in it. */
export async function agentsView({ reads, read }: DashboardParts): Promise<AgentsView> {
  const { config } = read();
  const [known, seen] = await Promise.all([
    shownAgents(config),
    reads.names(['agent', 'agent_denied'], 0, MOST_AGENTS),
  ]);
  const calls = new Map(seen.flatMap((one) => (one.kind === 'agent' ? [[one.name, one] as const] : [])));
  const denied = new Map(seen.flatMap((one) => (one.kind === 'agent_denied' ? [[one.name, one.total] as const] : [])));
  const ids = [...new Set([...known.map(({ id }) => id), ...calls.keys()])].filter((id) => id !== '');
  return {
    agents: ids.map((id) => {
      const agent = known.find((one) => one.id === id);
      const found = calls.get(id);
      return {
        id,
        scope: agent?.scope ?? '',
        owner: agent?.owner_team ?? '',
        parent: agent?.parent ?? '',
        servers: agent === undefined ? ['*'] : reachedBy(agent),
        tools: agent === undefined ? ['*'] : toolsOf(agent),
        calls: found?.total ?? 0,
        denied: denied.get(id) ?? 0,
        lastSeen: found === undefined ? '' : new Date(found.lastMs).toISOString(),
      };
    }),
  };
}

function reachedBy({ servers }: ShownAgent): readonly string[] {
  return servers.filter(({ reached }) => reached).map(({ id }) => id);
}

function toolsOf({ servers }: ShownAgent): readonly string[] {
  return servers.flatMap(({ id, reached, tools }) => (reached ? (tools ?? []).map((tool) => `${id}/${tool}`) : []));
}
