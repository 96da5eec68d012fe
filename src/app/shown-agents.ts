import { agentBundles, agentsIn } from './agents.ts';
import { buildCatalog, type OfferedList } from '../catalog/catalog.ts';
import { matchesAny } from '../catalog/glob.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import type { Agents } from '../gateway/agents.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { sourceText } from './source-text.ts';
import { storePlaceOf } from './store-place.ts';

/** What an agent may reach by the configuration. Policies may deny more. */
export interface ShownAgent {
  readonly id: string;
  readonly parent: string | null;
  /** On whose behalf it asks, nearest first. */
  readonly delegated_by: readonly string[];
  readonly scope: string;
  readonly owner_team: string;
  readonly model: string;
  /** The path may be an address. */
  readonly bundle: { readonly id: string; readonly path: string } | null;
  /** The configured identity bundles that are asked, of the agent and of those on whose behalf it asks. */
  readonly identity: readonly { readonly agent: string; readonly bundles: readonly string[] }[];
  readonly servers: readonly ShownServer[];
}

export interface ShownServer {
  readonly id: string;
  readonly reached: boolean;
  /** Names of the tools that are reached, and how many the server has; null where its tools are not known yet. */
  readonly tools: readonly string[] | null;
  readonly of: number | null;
}

/** Every configured agent; no server is started. */
export async function shownAgents(config: Config): Promise<readonly ShownAgent[]> {
  const agents = agentsIn(config);
  const known = await knownTools(config);
  return Object.keys(config.agents).map((id) => shownAgent(id, config, { agents, known }));
}

/** Names of the tools that each server had when it was last listed; a server that never was is not in it. */
type KnownTools = ReadonlyMap<string, readonly string[]>;

interface Lookup {
  readonly agents: Agents;
  readonly known: KnownTools;
}

function shownAgent(id: string, config: Config, { agents, known }: Lookup): ShownAgent {
  const { parent = null, scope = '', owner_team = '', model = '' } = config.agents[id] ?? {};
  const line = agents.delegatorsOf({ id, delegated_by: [] });
  const own = agentBundles(config).find(({ place }) => place.kind === 'agent' && place.agent === id);
  const servers = Object.keys(config.mcpServers).map((server): ShownServer => {
    const reaches = (tool: string): boolean => agents.reaches({ id, delegated_by: line }, server, tool);
    const tools = known.get(server);
    return {
      id: server,
      reached: reaches(''),
      tools: tools?.filter(reaches) ?? null,
      of: tools?.length ?? null,
    };
  });
  return {
    id,
    parent,
    delegated_by: line,
    scope,
    owner_team,
    model,
    bundle: own === undefined ? null : { id: own.id, path: sourceText(config.agents[id]?.policy?.source) },
    identity: [id, ...line].map((agent) => ({ agent, bundles: identityBundles(agent, config) })),
    servers,
  };
}

function identityBundles(agent: string, config: Config): readonly string[] {
  const own = agentBundles(config).filter(({ place }) => place.kind === 'agent' && place.agent === agent);
  const organisation = config.policies.org.filter(
    ({ layer, for: scope }) => layer === 'identity' && matchesAny(scope.agents, agent),
  );
  return [...own, ...organisation].map(({ id }) => id);
}

async function knownTools(config: Config): Promise<KnownTools> {
  const servers = Object.entries(config.mcpServers).flatMap(([id, { tools }]) =>
    isServerId(id) ? [{ id, tools }] : [],
  );
  const lists = await rememberedLists(config, servers);
  const filters = new Map(servers.map(({ id, tools }) => [id, tools]));
  const { listing } = buildCatalog(lists, { kind: 'tool', toolNames: 'prefixed', filters });
  return new Map(
    lists.map((list) => [list.server, listing.filter(({ server }) => server === list.server).map(({ name }) => name)]),
  );
}

/** Empty where there is no store yet. */
async function rememberedLists(
  config: Config,
  servers: readonly { readonly id: ServerId }[],
): Promise<readonly OfferedList[]> {
  const reader = new DecisionReader(storePlaceOf(config));
  try {
    const lists = servers.map(async ({ id: server }) => {
      const definitions = await reader.catalog(server);
      return Array.isArray(definitions) ? [{ server, definitions: definitions.filter(isJsonObject) }] : [];
    });
    return (await Promise.all(lists)).flat();
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'STORE_UNAVAILABLE') return [];
    throw thrown;
  } finally {
    await reader.close();
  }
}
