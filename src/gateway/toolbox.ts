import { setTimeout as wait } from 'node:timers/promises';
import { buildCatalog, type Catalog, type CatalogOptions, refuseCollisions } from '../catalog/catalog.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { messageOf } from '../core/errors.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { routeTo, type ToolRoute } from './tool-route.ts';
import type { GovernedServer } from './governed-server.ts';

/** Where the tools of a server are read, and told of when they change. */
export interface ToolSource {
  listTools(server: ServerId): Promise<readonly JsonObject[]>;
  onToolsChanged(listener: (server: ServerId) => void): () => void;
}

/** What is remembered of a server's tools from one start to the next. */
export interface ToolMemory {
  readCatalog(server: string): Promise<Json | undefined>;
  writeCatalog(server: string, definitions: Json): Promise<void>;
}

export interface ToolboxOptions {
  readonly servers: ReadonlyMap<ServerId, GovernedServer>;
  readonly catalog: CatalogOptions;
  readonly source: ToolSource;
  readonly memory: ToolMemory;
  /** Makes ready for a tool before it is shown, such as compiling its schema. */
  readonly prepare: (route: ToolRoute) => Promise<void>;
  /** How long the first list waits for servers of which nothing is remembered. */
  readonly startWaitMs: number;
  readonly logger: Logger;
}

/**
 * The tools of all servers. What a server offered last time is shown at once while it starts behind; one that is down,
 * slow or new holds up nobody but the very first list, and that for `startWaitMs` at most.
 */
export class Toolbox {
  readonly #options: ToolboxOptions;
  readonly #known = new Map<ServerId, readonly JsonObject[]>();
  readonly #listeners = new Set<() => void>();
  #catalog: Catalog | undefined;
  #routes: ReadonlyMap<string, ToolRoute> = new Map();
  #settled: Promise<unknown> = Promise.resolve();
  #rebuilding: Promise<void> = Promise.resolve();
  #stopListening: () => void = () => undefined;

  constructor(options: ToolboxOptions) {
    this.#options = options;
  }

  /** Every tool by the name that clients call it by, in the order in which it is listed. */
  get routes(): ReadonlyMap<string, ToolRoute> {
    return this.#routes;
  }

  /** Shows what is remembered and begins to ask every server. Resolves when what is remembered is shown. */
  async start(): Promise<void> {
    const { servers, source, memory, startWaitMs } = this.#options;
    this.#stopListening = source.onToolsChanged((server) => void this.#ask(server));
    for (const server of servers.keys()) {
      const remembered = asDefinitions(await memory.readCatalog(server));
      if (remembered !== undefined) this.#known.set(server, remembered);
    }
    await this.#rebuild();
    const asked = Promise.all([...servers.keys()].map((server) => this.#ask(server)));
    if (this.#known.size < servers.size)
      this.#settled = Promise.race([asked, wait(startWaitMs, undefined, { ref: false })]);
  }

  /**
   * Resolves when the tools of every server are known, or have been waited for long enough. Throws NAME_COLLISION where
   * plain names were asked for and two tools have one.
   */
  async settled(): Promise<void> {
    await this.#settled;
    if (this.#catalog !== undefined && this.#options.catalog.toolNames === 'plain') refuseCollisions(this.#catalog);
  }

  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#stopListening();
    this.#listeners.clear();
  }

  async #ask(server: ServerId): Promise<void> {
    const { source, memory, logger } = this.#options;
    try {
      const definitions = await source.listTools(server);
      if (canonicalJson(definitions) === canonicalJson(this.#known.get(server) ?? null)) return;
      this.#known.set(server, definitions);
      await this.#rebuild();
      await memory.writeCatalog(server, definitions);
      for (const listener of this.#listeners) listener();
    } catch (thrown) {
      logger.warn('the tools of a server could not be read', { server, problem: messageOf(thrown) });
    }
  }

  /** One after the other, so that a later catalog never gives way to an earlier one that took longer to prepare. */
  #rebuild(): Promise<void> {
    this.#rebuilding = this.#rebuilding.then(() => this.#buildRoutes());
    return this.#rebuilding;
  }

  async #buildRoutes(): Promise<void> {
    const { servers, catalog: options, prepare, logger } = this.#options;
    const lists = [...this.#known].map(([server, definitions]) => ({ server, definitions }));
    const catalog = buildCatalog(lists, options);
    const routes = catalog.listing.flatMap((tool): [string, ToolRoute][] => {
      const server = servers.get(tool.server);
      return server === undefined ? [] : [[tool.exposedName, routeTo(tool, server)]];
    });
    for (const { server, tool, why } of catalog.hidden) logger.warn('a tool is not shown', { server, tool, why });
    await Promise.all(routes.map(([, route]) => prepare(route)));
    this.#catalog = catalog;
    this.#routes = new Map(routes);
  }
}

function asDefinitions(remembered: Json | undefined): readonly JsonObject[] | undefined {
  return Array.isArray(remembered) ? (remembered as readonly JsonObject[]) : undefined;
}
