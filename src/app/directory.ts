import type { LockInForce } from './lock.ts';
import type { AppOptions } from './options.ts';
import { type FoundServer, governedServer } from './servers.ts';
import type { ArgumentChecker } from '../catalog/arguments.ts';
import type { JsonObject } from '../core/json.ts';
import type { ServerId } from '../core/names.ts';
import type { ListName } from '../core/protocol.ts';
import { Directory, type ListMemory, type ListSource } from '../gateway/directory.ts';
import type { Quarantine } from '../gateway/drift-news.ts';
import type { GovernedServer } from '../gateway/governed-server.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { CatalogStore } from '../state/catalog-store.ts';
import type { SignIns } from '../upstream/sign-ins.ts';
import type { Upstreams } from '../upstream/upstreams.ts';

export interface DirectoryParts {
  readonly found: readonly FoundServer[];
  readonly policy: PolicySet;
  readonly reader: ListReader;
  readonly memory: CatalogStore;
  readonly checker: ArgumentChecker;
  readonly lock: LockInForce;
  readonly onQuarantined: (quarantine: Quarantine) => void;
}

/** What all servers offer; resolves when what is remembered of it is shown. */
export async function openDirectory(
  { found, policy, reader, memory, checker, lock, onQuarantined }: DirectoryParts,
  { config, logger }: AppOptions,
): Promise<Directory> {
  const directory = new Directory({
    servers: serversUnder(found, policy, lock),
    names: {
      toolNames: config.gateway.toolNames,
      filters: new Map(found.map(({ id, config: server }) => [id, server.tools])),
    },
    source: reader,
    memory: listMemory(memory),
    prepare: async ({ pin, inputSchema }) => void (await checker.prepare(pin, inputSchema)),
    forget: ({ pin }) => checker.forget(pin),
    startWaitMs: config.gateway.startWait,
    logger,
    onQuarantined,
  });
  await directory.start();
  return directory;
}

/** The servers as a generation of policies has them. */
export function serversUnder(
  found: readonly FoundServer[],
  policy: PolicySet,
  lock?: LockInForce,
): ReadonlyMap<ServerId, GovernedServer> {
  return new Map(found.map((server) => [server.id, governedServer(server, policy, lock)]));
}

interface ListParts {
  readonly upstreams: Upstreams;
  readonly signIns: SignIns;
}

/** Reads lists from instances that are then given to whoever comes first. The tools are asked for before anybody asks. */
export class ListReader implements ListSource {
  readonly #upstreams: Upstreams;
  readonly #signIns: SignIns;
  readonly #early: Map<ServerId, Promise<readonly JsonObject[]>>;

  constructor({ upstreams, signIns }: ListParts, servers: readonly ServerId[]) {
    this.#upstreams = upstreams;
    this.#signIns = signIns;
    this.#early = new Map(servers.map((server) => [server, this.#read(server, 'tools')]));
    // They are awaited only when policies are there; a server that has failed by then must not end the process.
    for (const asked of this.#early.values()) asked.catch(() => undefined);
  }

  readList(server: ServerId, list: ListName): Promise<readonly JsonObject[]> {
    const early = list === 'tools' ? this.#early.get(server) : undefined;
    if (early === undefined) return this.#read(server, list);
    this.#early.delete(server);
    return early;
  }

  onListChanged(listener: (server: ServerId, list: ListName) => void): () => void {
    const stops = [
      this.#upstreams.onListChanged(listener),
      // Until then the server has shown nothing.
      this.#signIns.onSignedIn((server) => {
        for (const list of ['tools', 'prompts', 'resources'] as const) listener(server, list);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  capabilitiesOf(server: ServerId): JsonObject | undefined {
    return this.#upstreams.describe(server)?.capabilities;
  }

  async #read(server: ServerId, list: ListName): Promise<readonly JsonObject[]> {
    return this.#upstreams.forDiscovery(server).readList(list);
  }
}

/** The tools stand where they always stood, the other lists beside them. */
function listMemory(memory: CatalogStore): ListMemory {
  return {
    read: (server, list) =>
      list === 'tools' ? memory.readCatalog(server) : memory.readFact(server, `list of ${list}`),
    write: (server, list, definitions) =>
      list === 'tools'
        ? memory.writeCatalog(server, definitions)
        : memory.writeFact(server, `list of ${list}`, definitions),
  };
}
