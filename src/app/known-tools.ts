import { rememberedTools } from './trial.ts';
import { buildCatalog, type Catalog } from '../catalog/catalog.ts';
import type { Config } from '../config/paths.ts';
import type { JsonObject } from '../core/json.ts';
import { isServerId, type ServerId } from '../core/names.ts';

/** What the servers of a configuration offered when a gateway last listed them; none is started. */
export interface KnownTools {
  readonly lists: ReadonlyMap<ServerId, readonly JsonObject[]>;
  /** As clients are shown them, less what is hidden by rules or out of an agent's reach. */
  readonly catalog: Catalog;
  /** Servers that no gateway has listed yet. */
  readonly unlisted: readonly ServerId[];
}

export async function readKnownTools(config: Config): Promise<KnownTools> {
  const servers = Object.keys(config.mcpServers).filter(isServerId);
  const read = await Promise.all(servers.map(async (id) => [id, await rememberedTools(config, id)] as const));
  const lists = new Map(read.flatMap(([id, tools]) => (tools === undefined ? [] : [[id, tools] as const])));
  const filters = new Map(servers.map((id) => [id, config.mcpServers[id]?.tools ?? ALL]));
  const offered = [...lists].map(([server, definitions]) => ({ server, definitions }));
  const catalog = buildCatalog(offered, { kind: 'tool', toolNames: config.gateway.toolNames, filters });
  return { lists, catalog, unlisted: servers.filter((id) => !lists.has(id)) };
}

const ALL = { include: ['*'], exclude: [] };
