import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ExposedToolName, ServerId } from '../core/names.ts';
import { matchesAny } from './glob.ts';
import { exposedName, faultOfName, namesFor, type ToolNames } from './naming.ts';

/** What one server answers to `tools/list`. */
export interface ToolList {
  readonly server: ServerId;
  readonly definitions: readonly JsonObject[];
}

/** Globs over a server's own names; what is excluded is out even where it is included. */
export interface ToolFilter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface CatalogOptions {
  readonly toolNames: ToolNames;
  /** One entry for each configured server, whether its tools are known yet or not. */
  readonly filters: ReadonlyMap<ServerId, ToolFilter>;
}

export interface CatalogTool {
  readonly exposedName: ExposedToolName;
  readonly server: ServerId;
  /** The server's own name for it. */
  readonly tool: string;
  /** As the server gave it, but for `name`, which is the exposed one. */
  readonly definition: JsonObject;
}

/** A tool that is offered by a server and shown to nobody. */
interface HiddenTool {
  readonly kind: 'name' | 'definition' | 'twice' | 'collision';
  readonly server: ServerId;
  readonly tool: string;
  /** A sentence for the operator. */
  readonly why: string;
}

/** All tools of all servers, under the names that clients call them by. Built anew when a list changes, never edited. */
export interface Catalog {
  resolve(name: string): CatalogTool | undefined;
  /** Sorted by exposed name, so that the order is the same however servers sort theirs. */
  readonly listing: readonly CatalogTool[];
  readonly hidden: readonly HiddenTool[];
}

export function buildCatalog(lists: readonly ToolList[], options: CatalogOptions): Catalog {
  const names = namesFor(options.toolNames, options.filters.size);
  const hidden: HiddenTool[] = [];
  const byName = new Map<ExposedToolName, Offer[]>();
  for (const offer of lists.flatMap((list) => offeredBy(list, options.filters.get(list.server)))) {
    const name = exposedName(offer.server, offer.tool, names);
    const others = byName.get(name) ?? [];
    const fault = faultOf(offer, others);
    if (fault === undefined) byName.set(name, [...others, offer]);
    else hidden.push(fault);
  }
  const listing = [...byName].flatMap(([name, offers]) => shown(name, offers)).toSorted(byExposedName);
  const table = new Map<string, CatalogTool>(listing.map((tool) => [tool.exposedName, tool]));
  return {
    resolve: (name) => table.get(name),
    listing,
    hidden: [...hidden, ...[...byName].flatMap(([name, offers]) => collided(name, offers))],
  };
}

/** For the start, where two tools under one plain name are a mistake to mend and not a fact to live with. */
export function refuseCollisions(catalog: Catalog): void {
  const collisions = catalog.hidden.filter(({ kind }) => kind === 'collision');
  if (collisions.length === 0) return;
  const names = collisions.map(({ server, tool }) => `${server}/${tool}`).join(', ');
  throw new GatewayError('NAME_COLLISION', `tools would be shown under one name: ${names}`, {
    mend: 'set gateway.toolNames to prefixed, or leave one out with tools.exclude',
  });
}

interface Offer {
  readonly server: ServerId;
  readonly tool: string;
  readonly definition: JsonObject;
}

/** A server that is not configured offers nothing. */
function offeredBy(list: ToolList, filter: ToolFilter | undefined): readonly Offer[] {
  if (filter === undefined) return [];
  return list.definitions
    .map((definition) => ({ server: list.server, tool: textOf(definition['name']), definition }))
    .filter(({ tool }) => matchesAny(filter.include, tool) && !matchesAny(filter.exclude, tool));
}

function faultOf({ server, tool, definition }: Offer, others: readonly Offer[]): HiddenTool | undefined {
  const nameFault = faultOfName(tool);
  if (nameFault !== undefined) return { kind: 'name', server, tool, why: `its name ${nameFault}` };
  // Clients read a whole list with one schema: a tool that breaks it would take all others with it.
  const schema = definition['inputSchema'];
  if (!isJsonObject(schema) || schema['type'] !== 'object') {
    return { kind: 'definition', server, tool, why: 'its inputSchema is not a schema of type object' };
  }
  const isTwice = others.some((other) => other.server === server && other.tool === tool);
  return isTwice ? { kind: 'twice', server, tool, why: 'the server lists it twice; the first one counts' } : undefined;
}

function shown(name: ExposedToolName, offers: readonly Offer[]): readonly CatalogTool[] {
  const [offer, ...others] = offers;
  if (offer === undefined || others.length > 0) return [];
  return [{ ...offer, exposedName: name, definition: { ...offer.definition, name } }];
}

/** Which of them a client means cannot be known, so none is shown. */
function collided(name: ExposedToolName, offers: readonly Offer[]): readonly HiddenTool[] {
  if (offers.length < 2) return [];
  return offers.map(({ server, tool }) => ({
    kind: 'collision',
    server,
    tool,
    why: `several tools would be called ${name}`,
  }));
}

function byExposedName(left: CatalogTool, right: CatalogTool): number {
  return left.exposedName < right.exposedName ? -1 : 1;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
