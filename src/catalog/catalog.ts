import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ExposedName, ServerId } from '../core/names.ts';
import { matchesAny } from './glob.ts';
import { exposedName, faultOfName, namesFor, type ToolNames } from './naming.ts';

/** What one server answers to `tools/list` or `prompts/list`. */
export interface OfferedList {
  readonly server: ServerId;
  readonly definitions: readonly JsonObject[];
}

/** What a catalog is of: both are called by a name. */
export type NamedKind = 'tool' | 'prompt';

/** Globs over a server's own names; what is excluded is out even where it is included. */
export interface ToolFilter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface CatalogOptions {
  readonly kind: NamedKind;
  readonly toolNames: ToolNames;
  /** One entry for each configured server, whether its list is known yet or not. */
  readonly filters: ReadonlyMap<ServerId, ToolFilter>;
}

export interface CatalogItem {
  readonly exposedName: ExposedName;
  readonly server: ServerId;
  /** The server's own name for it. */
  readonly name: string;
  /** As the server gave it, but for `name`, which is the exposed one. */
  readonly definition: JsonObject;
}

/** What is offered by a server and shown to nobody. */
interface HiddenItem {
  readonly kind: 'name' | 'definition' | 'twice' | 'collision';
  readonly server: ServerId;
  readonly name: string;
  /** A sentence for the operator. */
  readonly why: string;
}

/** All tools or prompts of all servers, under the names that clients call them by. Built anew when a list changes, never edited. */
export interface Catalog {
  resolve(name: string): CatalogItem | undefined;
  /** Sorted by exposed name, so that the order is the same however servers sort theirs. */
  readonly listing: readonly CatalogItem[];
  readonly hidden: readonly HiddenItem[];
}

export function buildCatalog(lists: readonly OfferedList[], options: CatalogOptions): Catalog {
  const names = namesFor(options.toolNames, options.filters.size);
  const hidden: HiddenItem[] = [];
  const byName = new Map<ExposedName, Offer[]>();
  const spellings = new Map<string, string>();
  for (const offer of lists.flatMap((list) => offeredBy(list, options.filters.get(list.server)))) {
    const name = exposedName(offer.server, offer.name, names);
    const others = byName.get(name) ?? [];
    const fault = faultOf(offer, others, options.kind) ?? faultOfSpelling(offer, spellings);
    if (fault === undefined) byName.set(name, [...others, offer]);
    else hidden.push(fault);
  }
  const listing = [...byName].flatMap(([name, offers]) => shown(name, offers)).toSorted(byExposedName);
  const table = new Map<string, CatalogItem>(listing.map((item) => [item.exposedName, item]));
  return {
    resolve: (name) => table.get(name),
    listing,
    hidden: [...hidden, ...[...byName].flatMap(([name, offers]) => collided(name, offers))],
  };
}

/** For the start, where two under one plain name are a mistake to mend and not a fact to live with. */
export function refuseCollisions(catalog: Catalog, kind: NamedKind): void {
  const collisions = catalog.hidden.filter((item) => item.kind === 'collision');
  if (collisions.length === 0) return;
  const names = collisions.map(({ server, name }) => `${server}/${name}`).join(', ');
  throw new GatewayError('NAME_COLLISION', `${kind}s would be shown under one name: ${names}`, {
    mend: `set gateway.toolNames to prefixed${kind === 'tool' ? ', or leave one out with tools.exclude' : ''}`,
  });
}

interface Offer {
  readonly server: ServerId;
  readonly name: string;
  readonly definition: JsonObject;
}

/** A server that is not configured offers nothing. */
function offeredBy(list: OfferedList, filter: ToolFilter | undefined): readonly Offer[] {
  if (filter === undefined) return [];
  return list.definitions
    .map((definition) => ({ server: list.server, name: textOf(definition['name']), definition }))
    .filter(({ name }) => matchesAny(filter.include, name) && !matchesAny(filter.exclude, name));
}

function faultOf(offer: Offer, others: readonly Offer[], kind: NamedKind): HiddenItem | undefined {
  const { server, name } = offer;
  const nameFault = faultOfName(name);
  if (nameFault !== undefined) return { kind: 'name', server, name, why: `its name ${nameFault}` };
  const fault = kind === 'tool' ? faultOfTool(offer) : undefined;
  if (fault !== undefined) return { kind: 'definition', server, name, why: fault };
  const isTwice = others.some((other) => other.server === server && other.name === name);
  return isTwice ? { kind: 'twice', server, name, why: 'the server lists it twice; the first one counts' } : undefined;
}

/** To people, and to some file systems and clients, two names that differ by case alone are one. */
function faultOfSpelling({ server, name }: Offer, spellings: Map<string, string>): HiddenItem | undefined {
  const folded = `${server}/${name.toLowerCase()}`;
  const first = spellings.get(folded);
  if (first === undefined) spellings.set(folded, name);
  return first === undefined
    ? undefined
    : { kind: 'twice', server, name, why: `the server lists ${first} too; the first one counts` };
}

/** Clients read a whole list with one schema: a tool that breaks it would take all others with it. */
function faultOfTool({ definition }: Offer): string | undefined {
  const schema = definition['inputSchema'];
  const isFit = isJsonObject(schema) && schema['type'] === 'object';
  return isFit ? undefined : 'its inputSchema is not a schema of type object';
}

function shown(name: ExposedName, offers: readonly Offer[]): readonly CatalogItem[] {
  const [offer, ...others] = offers;
  if (offer === undefined || others.length > 0) return [];
  return [{ ...offer, exposedName: name, definition: { ...offer.definition, name } }];
}

/** Which of them a client means cannot be known, so none is shown. */
function collided(name: ExposedName, offers: readonly Offer[]): readonly HiddenItem[] {
  if (offers.length < 2) return [];
  return offers.map((offer) => ({
    kind: 'collision',
    server: offer.server,
    name: offer.name,
    why: `several would be called ${name}`,
  }));
}

function byExposedName(left: CatalogItem, right: CatalogItem): number {
  return left.exposedName < right.exposedName ? -1 : 1;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
