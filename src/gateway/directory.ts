import { setTimeout as wait } from 'node:timers/promises';
import {
  buildCatalog,
  type Catalog,
  type CatalogItem,
  type CatalogOptions,
  type NamedKind,
  refuseCollisions,
} from '../catalog/catalog.ts';
import { pinReader } from '../catalog/pins.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { LISTS, type ListName } from '../core/protocol.ts';
import { DriftNews, type Quarantine } from './drift-news.ts';
import { HiddenNews } from './hidden-news.ts';
import type { GovernedServer } from './governed-server.ts';
import { Rereads } from './rereads.ts';
import { MetUris, ResourceTable } from './resource-table.ts';
import { type PromptRoute, routeToPrompt } from './route.ts';
import { routeToTool, type ToolRoute } from './tool-route.ts';

/** Where the lists of a server are read, and told of when they change. */
export interface ListSource {
  /** Empty where the server has no such list. */
  readList(server: ServerId, list: ListName): Promise<readonly JsonObject[]>;
  /** A change of templates is told as one of resources. */
  onListChanged(listener: (server: ServerId, list: ListName) => void): () => void;
  /** What the server says that it can do; undefined as long as it was never reached. */
  capabilitiesOf(server: ServerId): JsonObject | undefined;
}

/** What is remembered of a server's lists from one start to the next. */
export interface ListMemory {
  read(server: ServerId, list: ListName): Promise<Json | undefined>;
  write(server: ServerId, list: ListName, definitions: Json): Promise<void>;
}

export interface DirectoryOptions {
  readonly servers: Servers;
  readonly names: Omit<CatalogOptions, 'kind'>;
  readonly source: ListSource;
  readonly memory: ListMemory;
  /** Makes ready for a tool before it is shown, such as compiling its schema. */
  readonly prepare: (route: ToolRoute) => Promise<void>;
  /** The tool as it was is shown no more; calls that found it before may still be under way. */
  readonly forget: (route: ToolRoute) => void;
  /** How long the first list waits for servers of which nothing is remembered. */
  readonly startWaitMs: number;
  readonly logger: Logger;
  /** Tools are not what was accepted any more; told once as long as it stays so. */
  readonly onQuarantined?: (quarantine: Quarantine) => void;
}

type Servers = ReadonlyMap<ServerId, GovernedServer>;

/** What is shown under names. */
interface Named<T> {
  readonly routes: ReadonlyMap<string, T>;
  readonly catalog: Catalog | undefined;
}

interface Shown {
  readonly tools: Named<ToolRoute>;
  readonly prompts: Named<PromptRoute>;
  readonly resources: ResourceTable;
}

const NOTHING = { routes: new Map<string, never>(), catalog: undefined };

/**
 * The tools, prompts and resources of all servers. What a server offered last time is shown at once while it starts
 * behind; one that is down, slow or new holds up nobody but the very first list, and that for `startWaitMs` at most.
 */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #known: Readonly<Record<ListName, Map<ServerId, readonly JsonObject[]>>>;
  readonly #listeners = new Set<(list: ListName) => void>();
  readonly #met = new MetUris();
  readonly #drifts: DriftNews;
  readonly #hidden: HiddenNews;
  readonly #settled = new Map<ListName, Promise<unknown>>();
  readonly #rereads = new Rereads<ServerId>((server) => this.#ask(server, 'tools'));
  #servers: Servers;
  #current: Shown;
  #rebuilding: Promise<void> = Promise.resolve();
  #stopListening: () => void = () => undefined;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#servers = options.servers;
    this.#drifts = new DriftNews(options.logger, options.onQuarantined);
    this.#hidden = new HiddenNews(options.logger);
    this.#known = { tools: new Map(), prompts: new Map(), resources: new Map(), templates: new Map() };
    this.#current = { ...this.#shown(options.servers), tools: NOTHING };
  }

  /** Every tool by the name that clients call it by, in the order in which it is listed. */
  get tools(): ReadonlyMap<string, ToolRoute> {
    return this.#current.tools.routes;
  }

  /** As `tools`. */
  get prompts(): ReadonlyMap<string, PromptRoute> {
    return this.#current.prompts.routes;
  }

  get resources(): ResourceTable {
    return this.#current.resources;
  }

  /** In the order of the configuration. */
  get servers(): Servers {
    return this.#servers;
  }

  /** Shows what is remembered and begins to ask every server. Resolves when what is remembered is shown. */
  async start(): Promise<void> {
    const { source, startWaitMs } = this.#options;
    this.#stopListening = source.onListChanged((server, list) => {
      void this.#ask(server, list);
      if (list === 'resources') void this.#ask(server, 'templates');
    });
    await Promise.all(LISTS.map((list) => this.#recall(list)));
    for (const list of LISTS) await this.#rebuild(list);
    const late = wait(startWaitMs, undefined, { ref: false });
    const asked = [...this.#servers.keys()].map((server) => this.#askAll(server));
    for (const list of LISTS) {
      if (this.#known[list].size === this.#servers.size) continue;
      this.#settled.set(list, Promise.race([Promise.all(asked.map((lists) => lists[list])), late]));
    }
  }

  /**
   * Resolves when this list of every server is known, or has been waited for long enough. Throws NAME_COLLISION where
   * plain names were asked for and two tools or prompts have one.
   */
  async settled(list: ListName): Promise<void> {
    await this.#settled.get(list);
    if (this.#options.names.toolNames !== 'plain') return;
    const { tools, prompts } = this.#current;
    if (list === 'tools' && tools.catalog !== undefined) refuseCollisions(tools.catalog, 'tool');
    if (list === 'prompts' && prompts.catalog !== undefined) refuseCollisions(prompts.catalog, 'prompt');
  }

  /** What is known of each server, in the order of the configuration; undefined of one that was never reached. */
  capabilities(): readonly { readonly server: ServerId; readonly has: JsonObject | undefined }[] {
    return [...this.#servers.keys()].map((server) => ({ server, has: this.#options.source.capabilitiesOf(server) }));
  }

  /**
   * Shows the servers as they are under other policies or pins, asked for when it is their turn; `onSwap` is called at the
   * very moment. Everything that is shown may be different then.
   */
  async govern(serversNow: () => Servers, onSwap: () => void): Promise<void> {
    await this.#inTurn(async () => {
      const servers = serversNow();
      const next = { ...this.#shown(servers), tools: await this.#prepared(servers) };
      this.#servers = servers;
      this.#swap(next);
      onSwap();
    });
    for (const list of LISTS) this.#tell(list);
  }

  /** The tools of a server may be others, though it has not said so. */
  reread(server: ServerId): void {
    this.#rereads.wish(server);
  }

  onChanged(listener: (list: ListName) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#stopListening();
    this.#listeners.clear();
  }

  async #recall(list: ListName): Promise<void> {
    for (const server of this.#servers.keys()) {
      const remembered = await this.#options.memory.read(server, list);
      if (Array.isArray(remembered)) this.#known[list].set(server, remembered as readonly JsonObject[]);
    }
  }

  /** The tools first: they are what is asked for first. A server that cannot be reached is not asked for more. */
  #askAll(server: ServerId): Readonly<Record<ListName, Promise<boolean>>> {
    const tools = this.#ask(server, 'tools');
    const after = async (list: ListName): Promise<boolean> => (await tools) && (await this.#ask(server, list));
    return { tools, prompts: after('prompts'), resources: after('resources'), templates: after('templates') };
  }

  /** Whether the server could be asked. */
  async #ask(server: ServerId, list: ListName): Promise<boolean> {
    const { source, memory, logger } = this.#options;
    const known = this.#known[list];
    try {
      const definitions = await source.readList(server, list);
      const before = known.get(server);
      const isSame = canonicalJson(definitions) === canonicalJson(before ?? []);
      if (isSame && before !== undefined) return true;
      known.set(server, definitions);
      if (!isSame) await this.#rebuild(list);
      await memory.write(server, list, definitions);
      if (!isSame) this.#tell(list);
      return true;
    } catch (thrown) {
      const mend = thrown instanceof GatewayError ? thrown.mend : undefined;
      logger.warn('a list of a server could not be read', { server, list, problem: messageOf(thrown), mend });
      return false;
    }
  }

  #tell(list: ListName): void {
    for (const listener of this.#listeners) listener(list);
  }

  #rebuild(list: ListName): Promise<void> {
    return this.#inTurn(async () => {
      if (list === 'tools') this.#swap({ ...this.#current, tools: await this.#prepared(this.#servers) });
      else this.#swap({ ...this.#current, ...this.#shown(this.#servers) });
    });
  }

  #swap(next: Shown): void {
    const before = this.#current.tools;
    this.#current = next;
    if (before === next.tools) return;
    const pins = new Set([...next.tools.routes.values()].map(({ pin }) => pin));
    for (const route of before.routes.values()) if (!pins.has(route.pin)) this.#options.forget(route);
  }

  /** One after the other, so that a later catalog never gives way to an earlier one that took longer to prepare. */
  #inTurn(build: () => Promise<void>): Promise<void> {
    const built = this.#rebuilding.then(build);
    // Whoever wanted this one is told; the next one is built all the same.
    this.#rebuilding = built.catch(() => undefined);
    return built;
  }

  async #prepared(servers: Servers): Promise<Named<ToolRoute>> {
    const readers = new Map(
      [...servers.values()].map(({ id, pins }) => [id, pinReader(pins, namesIn(this.#known.tools.get(id)))]),
    );
    const tools = this.#named('tool', servers, (item, server) => routeToTool(item, server, readers.get(server.id)));
    this.#drifts.tell(tools.routes.values());
    await Promise.all([...tools.routes.values()].map((route) => this.#options.prepare(route)));
    return tools;
  }

  #shown(servers: Servers): Omit<Shown, 'tools'> {
    return { prompts: this.#named('prompt', servers, routeToPrompt), resources: this.#tableOf(servers) };
  }

  #named<T>(kind: NamedKind, servers: Servers, make: (item: CatalogItem, server: GovernedServer) => T): Named<T> {
    const { names } = this.#options;
    const lists = [...this.#known[kind === 'tool' ? 'tools' : 'prompts']].map(([server, definitions]) => ({
      server,
      definitions,
    }));
    const catalog = buildCatalog(lists, { ...names, kind });
    this.#hidden.tell(kind, catalog.hidden);
    const routes = catalog.listing.flatMap((item): [string, T][] => {
      const server = servers.get(item.server);
      return server === undefined ? [] : [[item.exposedName, make(item, server)]];
    });
    return { routes: new Map(routes), catalog };
  }

  #tableOf(servers: Servers): ResourceTable {
    const { resources, templates } = this.#known;
    const { source } = this.#options;
    const table = new ResourceTable({
      servers,
      lists: [...servers.keys()].map((server) => ({
        server,
        resources: resources.get(server) ?? [],
        templates: templates.get(server) ?? [],
      })),
      mayHaveResources: (server) => {
        const capabilities = source.capabilitiesOf(server);
        return capabilities === undefined || capabilities['resources'] !== undefined;
      },
      met: this.#met,
    });
    this.#hidden.tell(
      'resource',
      table.hidden.map(({ server, uri, why }) => ({ server, name: uri, why })),
    );
    return table;
  }
}

function namesIn(definitions: readonly JsonObject[] = []): readonly string[] {
  return definitions.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}
