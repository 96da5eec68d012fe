import type { CatalogItem } from '../catalog/catalog.ts';
import { annotationsOf, effectOf } from '../catalog/effect.ts';
import { consentOf, pinOf, type PinReader, pinReader, type PinState } from '../catalog/pins.ts';
import { sortMembers } from '../core/canonical-json.ts';
import { type HeaderParam, headerParamsOf } from '../core/header-params.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ToolPin } from '../core/server-lock.ts';
import type { GovernedServer } from './governed-server.ts';
import type { Route } from './route.ts';

/** One tool of one server with all that a call of it needs; made once for each definition. */
export interface ToolRoute extends Route {
  /** The server's own name for it. */
  readonly tool: string;
  readonly inputSchema: JsonObject;
  readonly hasOutputSchema: boolean;
  /** The arguments that the headers of an HTTP request repeat. */
  readonly headerParams: readonly HeaderParam[];
  /** Present where it is another than was accepted: what has changed is not used until somebody has seen it. */
  readonly drift?: ToolDrift;
}

export interface ToolDrift {
  readonly kind: 'quarantined' | 'text';
  /** What has changed, such as `contract`. */
  readonly why: string;
  /** As the server gave it now. */
  readonly offered: JsonObject;
}

const NOBODY_ACCEPTED = pinReader(undefined, []);

export function routeToTool(
  { name: tool, definition: offered }: CatalogItem,
  server: GovernedServer,
  stateOf: PinReader = NOBODY_ACCEPTED,
): ToolRoute {
  const pin = pinOf(offered);
  const state = stateOf(tool, pin);
  const definition = state.kind === 'changed' ? noticeFor(offered) : offered;
  const inputSchema = isJsonObject(definition['inputSchema']) ? definition['inputSchema'] : {};
  return {
    server,
    listed: 'tool_list',
    tool,
    about: undefined,
    definition,
    facts: {
      tool,
      annotations: sortMembers(annotationsOf(offered)),
      effect: effectOf(tool, offered, server.effects),
      consent: consentOf(state),
      dataClasses: server.dataClasses[tool] ?? [],
    },
    inputSchema,
    hasOutputSchema: definition['outputSchema'] !== undefined,
    headerParams: headerParamsOf(inputSchema),
    pin: `${server.id}/${tool}@${pin.contract}.${standingIn(state, pin)}`,
    ...driftOf(state, offered),
  };
}

/** Whether a definition of a tool at one of its server's instances is the one that a route was made of. */
export function isRouteOf({ server, tool, pin }: ToolRoute, { contract }: ToolPin): boolean {
  return pin.startsWith(`${server.id}/${tool}@${contract}.`);
}

/** What was never looked at does not reach a model, and the name alone was. */
function noticeFor({ name }: JsonObject): JsonObject {
  return { name: name ?? '', description: NOTICE, inputSchema: { type: 'object' } };
}

const NOTICE =
  'Cannot be used now: its server has changed it since it was accepted. Whoever runs the gateway has to look at the change.';

/** What was accepted stays what it is when its text alone changes; some servers print theirs anew at every start. */
function standingIn(state: PinState, { text }: ToolPin): string {
  if (state.kind === 'accepted') return state.kind;
  return state.kind === 'unpinned' ? text : `${state.kind}.${text}`;
}

function driftOf(state: PinState, offered: JsonObject): { readonly drift?: ToolDrift } {
  if (state.kind === 'changed') return { drift: { kind: 'quarantined', why: state.why, offered } };
  return state.kind === 'accepted' && state.isTextChanged ? { drift: { kind: 'text', why: 'text', offered } } : {};
}
