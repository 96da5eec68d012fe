import type { CatalogTool } from '../catalog/catalog.ts';
import { annotationsOf, effectOf } from '../catalog/effect.ts';
import { fingerprintOf } from '../catalog/fingerprint.ts';
import { sortMembers } from '../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ToolFacts } from './build-input.ts';
import type { GovernedServer } from './governed-server.ts';

/** One tool of one server with all that a call of it needs; made once for each definition. */
export interface ToolRoute {
  readonly server: GovernedServer;
  /** The server's own name for it. */
  readonly tool: string;
  /** As clients see it. */
  readonly definition: JsonObject;
  readonly facts: ToolFacts;
  readonly inputSchema: JsonObject;
  readonly hasOutputSchema: boolean;
  /** Names this very definition of this very tool. */
  readonly pin: string;
}

export function routeTo(shown: CatalogTool, server: GovernedServer): ToolRoute {
  const { tool, definition } = shown;
  const original = { ...definition, name: tool };
  const { contract, text } = fingerprintOf(original);
  const inputSchema = definition['inputSchema'];
  return {
    server,
    tool,
    definition,
    facts: {
      tool,
      annotations: sortMembers(annotationsOf(definition)),
      effect: effectOf(tool, definition, server.effects),
      consent: 'new',
      dataClasses: server.dataClasses[tool] ?? [],
    },
    inputSchema: isJsonObject(inputSchema) ? inputSchema : {},
    hasOutputSchema: definition['outputSchema'] !== undefined,
    pin: `${server.id}/${tool}@${contract}.${text}`,
  };
}
