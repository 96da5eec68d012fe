import {
  buildResourceCatalog,
  type CatalogResource,
  type Claim,
  type HiddenResource,
  readsAsWrapped,
  type ResourceCatalog,
  type ResourceLists,
  wrapUri,
} from '../catalog/resource-catalog.ts';
import type { ServerId } from '../core/names.ts';
import type { GovernedServer } from './governed-server.ts';
import { type ResourceRoute, routeToResource } from './route.ts';

/** What a URI means that a client named. */
export interface FoundResource {
  readonly route: ResourceRoute;
  /** By which a resource is known that is in no list. */
  readonly template: ResourceRoute | undefined;
}

export interface ResourceTableParts {
  readonly servers: ReadonlyMap<ServerId, GovernedServer>;
  readonly lists: readonly ResourceLists[];
  /** Whether a server has resources, as far as that is known: of one that was never reached it may be so. */
  readonly mayHaveResources: (server: ServerId) => boolean;
  /** Whose the URIs are that were met in results and are in no list. */
  readonly met: MetUris;
}

/** The resources of all servers by the URIs that clients know them by. Built anew when a list changes, never edited. */
export class ResourceTable {
  /** By exposed URI, in the order in which they are listed. */
  readonly resources: ReadonlyMap<string, ResourceRoute>;
  /** By exposed text, in the order in which they are listed. */
  readonly templates: ReadonlyMap<string, ResourceRoute>;
  readonly #parts: ResourceTableParts;
  readonly #catalog: ResourceCatalog;

  constructor(parts: ResourceTableParts) {
    this.#parts = parts;
    this.#catalog = buildResourceCatalog(parts.lists);
    this.resources = this.#routesTo(this.#catalog.resources);
    this.templates = this.#routesTo(this.#catalog.templates);
  }

  /** What is shown to nobody, with the reason. */
  get hidden(): readonly HiddenResource[] {
    return this.#catalog.hidden;
  }

  /**
   * Whose resource a URI names: that of the one server that lists it, or whose template it fits, or in whose results it
   * was met. Where only one server has resources, it is asked about any URI.
   */
  find(uri: string): FoundResource | undefined {
    const claim = this.#catalog.claim(uri);
    if (claim.kind === 'several') return undefined;
    return claim.kind === 'one' ? this.#claimed(claim) : this.#unclaimed(uri);
  }

  /** What a completion refers to: a template by its text, or a resource. */
  findReferred(uri: string): FoundResource | undefined {
    const template = this.templates.get(uri);
    return template === undefined ? this.find(uri) : { route: template, template: undefined };
  }

  /** The URI under which clients reach what a server calls so; wrapped where it alone would mean that of another. */
  expose(server: ServerId, uri: string): string {
    if (readsAsWrapped(uri)) return wrapUri(server, uri);
    const claim = this.#catalog.claim(uri);
    if (claim.kind === 'one') return claim.server === server ? uri : wrapUri(server, uri);
    if (claim.kind === 'several') return wrapUri(server, uri);
    // What a server without resources mentions is not its to give out: a client opens it by itself.
    if (!this.#parts.mayHaveResources(server)) return uri;
    return this.#parts.met.claim(uri, server) ? uri : wrapUri(server, uri);
  }

  #claimed({ server: id, uri, resource, template }: Extract<Claim, { kind: 'one' }>): FoundResource | undefined {
    const server = this.#parts.servers.get(id);
    if (server === undefined) return undefined;
    const listed = resource === undefined ? undefined : this.resources.get(resource.exposedUri);
    return {
      route: listed ?? routeToResource({ uri, definition: {} }, server),
      template: template === undefined ? undefined : this.templates.get(template.exposedUri),
    };
  }

  #unclaimed(uri: string): FoundResource | undefined {
    const { servers, met, mayHaveResources } = this.#parts;
    const candidates = [...servers.keys()].filter(mayHaveResources);
    const only = candidates.length === 1 ? candidates[0] : undefined;
    const owner = met.ownerOf(uri) ?? only;
    const server = owner === undefined ? undefined : servers.get(owner);
    return server && { route: routeToResource({ uri, definition: {} }, server), template: undefined };
  }

  #routesTo(items: readonly CatalogResource[]): ReadonlyMap<string, ResourceRoute> {
    return new Map(
      items.flatMap((item): [string, ResourceRoute][] => {
        const server = this.#parts.servers.get(item.server);
        return server === undefined ? [] : [[item.exposedUri, routeToResource(item, server)]];
      }),
    );
  }
}

/** So many URIs are remembered; a client asks soon for what a result has pointed it to. */
const MOST_MET = 10_000;

/** URIs that are in no list, by the server in whose result each was met first. */
export class MetUris {
  readonly #owners = new Map<string, ServerId>();

  ownerOf(uri: string): ServerId | undefined {
    return this.#owners.get(uri);
  }

  /** Whether the URI is this server's; it becomes so where it was nobody's. */
  claim(uri: string, server: ServerId): boolean {
    const owner = this.#owners.get(uri);
    if (owner !== undefined) return owner === server;
    for (const oldest of this.#owners.keys()) {
      if (this.#owners.size < MOST_MET) break;
      this.#owners.delete(oldest);
    }
    this.#owners.set(uri, server);
    return true;
  }
}
