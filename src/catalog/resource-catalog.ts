import type { JsonObject } from '../core/json.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import { faultOfLabel, faultOfUri } from './naming.ts';
import { readTemplate, type UriTemplate } from './uri-template.ts';

/** What one server answers to `resources/list` and `resources/templates/list`. */
export interface ResourceLists {
  readonly server: ServerId;
  readonly resources: readonly JsonObject[];
  readonly templates: readonly JsonObject[];
}

export interface CatalogResource {
  readonly server: ServerId;
  /** The server's own: of a resource its URI, of a template its text. */
  readonly uri: string;
  readonly exposedUri: string;
  /** As the server gave it, but for `uri` or `uriTemplate`, which is the exposed one. */
  readonly definition: JsonObject;
}

export interface CatalogTemplate extends CatalogResource {
  readonly template: UriTemplate;
}

/** Whose a URI is. `uri` is the server's own. */
export type Claim =
  | {
      readonly kind: 'one';
      readonly server: ServerId;
      readonly uri: string;
      readonly resource: CatalogResource | undefined;
      /** By which it is known where it is not listed. */
      readonly template: CatalogTemplate | undefined;
    }
  /** Of several servers: only their wrapped URIs say which is meant. */
  | { readonly kind: 'several' }
  | { readonly kind: 'none' };

/** What is offered by a server and shown to nobody. */
export interface HiddenResource {
  readonly server: ServerId;
  readonly uri: string;
  /** A sentence for the operator. */
  readonly why: string;
}

/** All resources of all servers. Built anew when a list changes, never edited. Both lists are sorted by exposed URI. */
export interface ResourceCatalog {
  readonly resources: readonly CatalogResource[];
  readonly templates: readonly CatalogTemplate[];
  readonly hidden: readonly HiddenResource[];
  /** By a URI as a client knows it. A URI that one server lists is its own, whoever's template it fits. */
  claim(uri: string): Claim;
}

/**
 * URIs stay as servers give them. Only one that several servers list is wrapped, for each of them, so that it is the same
 * whoever lists first: `mcp-gateway+<server>:<URI>`. A wrapped URI always means what it says, also without need.
 */
export function buildResourceCatalog(lists: readonly ResourceLists[]): ResourceCatalog {
  const hidden: HiddenResource[] = [];
  const resources = offered(
    lists.map(({ server, resources: own }) => ({ server, definitions: own, key: 'uri' })),
    hidden,
  );
  const templates = offered(
    lists.map(({ server, templates: own }) => ({ server, definitions: own, key: 'uriTemplate' })),
    hidden,
  ).map((offer) => ({ ...offer, template: readTemplate(offer.uri) }));
  const servers = new Set(lists.map(({ server }) => server));
  const byUri = groupByUri(resources);
  const claimOf = (uri: string, among: ServerId | undefined): Claim => {
    const listed = (byUri.get(uri) ?? []).filter(({ server }) => isAmong(server, among));
    if (listed.length > 1) return SEVERAL;
    const [resource] = listed;
    if (resource !== undefined) return { kind: 'one', server: resource.server, uri, resource, template: undefined };
    return claimByTemplate(
      uri,
      templates.filter(({ server }) => isAmong(server, among)),
    );
  };
  return {
    resources,
    templates,
    hidden,
    claim: (uri) => {
      const wrapped = unwrapUri(uri);
      if (wrapped === undefined || !servers.has(wrapped.server)) return claimOf(uri, undefined);
      const claim = claimOf(wrapped.uri, wrapped.server);
      return claim.kind === 'one' ? claim : { kind: 'one', ...wrapped, resource: undefined, template: undefined };
    },
  };
}

const SCHEME = 'mcp-gateway+';
const NONE: Claim = { kind: 'none' };
const SEVERAL: Claim = { kind: 'several' };

/** The URI or template under which a server's own is known where it alone would not say whose it is. */
export function wrapUri(server: ServerId, uri: string): string {
  return `${SCHEME}${server}:${uri}`;
}

/** Whether a URI reads as one that was wrapped here. Where a server calls its own so, it is wrapped once more. */
export function readsAsWrapped(uri: string): boolean {
  return uri.startsWith(SCHEME);
}

function unwrapUri(text: string): { readonly server: ServerId; readonly uri: string } | undefined {
  if (!readsAsWrapped(text)) return undefined;
  const colon = text.indexOf(':');
  const server = text.slice(SCHEME.length, colon);
  return colon !== -1 && isServerId(server) ? { server, uri: text.slice(colon + 1) } : undefined;
}

interface Offered {
  readonly server: ServerId;
  readonly definitions: readonly JsonObject[];
  readonly key: 'uri' | 'uriTemplate';
}

/** What is not shown is put to `hidden`. */
function offered(lists: readonly Offered[], hidden: HiddenResource[]): readonly CatalogResource[] {
  const offers = lists
    .flatMap(({ server, definitions, key }) =>
      [...firstsByUri(definitions, key)].map(([uri, definition]) => ({ server, uri, definition, key })),
    )
    .filter(({ server, uri, definition }) => {
      const why = faultOf(uri, definition);
      if (why !== undefined) hidden.push({ server, uri, why });
      return why === undefined;
    });
  const byUri = groupByUri(offers);
  return offers
    .map(({ server, uri, definition, key }): CatalogResource => {
      const isWrapped = (byUri.get(uri)?.length ?? 0) > 1 || readsAsWrapped(uri);
      const exposedUri = isWrapped ? wrapUri(server, uri) : uri;
      return { server, uri, exposedUri, definition: isWrapped ? { ...definition, [key]: exposedUri } : definition };
    })
    .toSorted((left, right) => (left.exposedUri < right.exposedUri ? -1 : 1));
}

/** What people read of a resource must be what it seems. */
function faultOf(uri: string, { name, title }: JsonObject): string | undefined {
  const ofUri = faultOfUri(uri);
  if (ofUri !== undefined) return `its address ${ofUri}`;
  const ofLabel = [name, title].flatMap((label) => (typeof label === 'string' ? (faultOfLabel(label) ?? []) : []))[0];
  return ofLabel && `its name ${ofLabel}`;
}

/** What has no URI cannot be asked for; of what a server lists twice the first one counts. */
function firstsByUri(definitions: readonly JsonObject[], key: string): ReadonlyMap<string, JsonObject> {
  const firsts = new Map<string, JsonObject>();
  for (const definition of definitions) {
    const uri = definition[key];
    if (typeof uri === 'string' && uri !== '' && !firsts.has(uri)) firsts.set(uri, definition);
  }
  return firsts;
}

function groupByUri<T extends { readonly uri: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.uri);
    if (group === undefined) groups.set(item.uri, [item]);
    else group.push(item);
  }
  return groups;
}

/** Of the templates that a URI fits, those with the most literal characters say whose it is. */
function claimByTemplate(uri: string, templates: readonly CatalogTemplate[]): Claim {
  const fitting = templates.filter(({ template }) => template.matches(uri));
  const most = Math.max(...fitting.map(({ template }) => template.literalLength));
  const closest = fitting.filter(({ template }) => template.literalLength === most);
  const [first] = closest;
  if (first === undefined) return NONE;
  if (closest.some(({ server }) => server !== first.server)) return SEVERAL;
  return { kind: 'one', server: first.server, uri, resource: undefined, template: first };
}

function isAmong(server: ServerId, among: ServerId | undefined): boolean {
  return among === undefined || server === among;
}
