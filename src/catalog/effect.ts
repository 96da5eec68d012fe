import type { ToolEffect } from '../core/action.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

/** What a bundle's manifest says of tools, by the server's own names. */
export type DeclaredEffects = Readonly<Record<string, { readonly effect?: ToolEffect }>>;

/**
 * What a tool does to the world. The bundle's manifest comes before the server's hints, which are often missing and
 * sometimes wrong. Hints have the defaults of the protocol (MCP 2025-11-25, ToolAnnotations): where any hint is given,
 * what is not said is taken to write and to destroy, and of two that contradict each other the worse one counts.
 */
export function effectOf(tool: string, definition: JsonObject, declared: DeclaredEffects = {}): ToolEffect {
  const entry = Object.hasOwn(declared, tool) ? declared[tool] : undefined;
  return entry?.effect ?? effectOfHints(annotationsOf(definition));
}

/** The annotations of a definition, empty where it has none. */
export function annotationsOf(definition: JsonObject): JsonObject {
  const annotations = definition['annotations'];
  return isJsonObject(annotations) ? annotations : {};
}

function effectOfHints(annotations: JsonObject): ToolEffect {
  if (!HINTS.some((hint) => typeof annotations[hint] === 'boolean')) return 'unknown';
  const { readOnlyHint, destructiveHint } = annotations;
  if (readOnlyHint === true) return destructiveHint === true ? 'destroy' : 'read';
  return destructiveHint === false ? 'write' : 'destroy';
}
