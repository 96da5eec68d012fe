import type { CatalogItem } from '../catalog/catalog.ts';
import { annotationsOf, effectOf } from '../catalog/effect.ts';
import { fingerprintOf } from '../catalog/fingerprint.ts';
import { sortMembers } from '../core/canonical-json.ts';
import { type HeaderParam, headerParamsOf } from '../core/header-params.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
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
}

export function routeToTool(shown: CatalogItem, server: GovernedServer): ToolRoute {
  const { name: tool, definition } = shown;
  const original = { ...definition, name: tool };
  const { contract, text } = fingerprintOf(original);
  const inputSchema = isJsonObject(definition['inputSchema']) ? definition['inputSchema'] : {};
  return {
    server,
    listed: 'tool_list',
    tool,
    about: undefined,
    definition,
    facts: {
      tool,
      annotations: sortMembers(annotationsOf(definition)),
      effect: effectOf(tool, definition, server.effects),
      consent: 'new',
      dataClasses: server.dataClasses[tool] ?? [],
    },
    inputSchema,
    hasOutputSchema: definition['outputSchema'] !== undefined,
    headerParams: headerParamsOf(inputSchema),
    pin: `${server.id}/${tool}@${contract}.${text}`,
  };
}
