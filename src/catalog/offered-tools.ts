import type { JsonObject } from '../core/json.ts';
import type { ServerId } from '../core/names.ts';
import type { ToolPin } from '../core/server-lock.ts';
import { buildCatalog, type ToolFilter } from './catalog.ts';
import { pinOf } from './pins.ts';

/** A tool that clients can get to see, under its server's own name. */
export interface OfferedTool {
  readonly name: string;
  readonly definition: JsonObject;
  readonly pin: ToolPin;
}

/** Of all that a server defines what is offered, by name: less what the configuration excludes and what has no proper name. */
export function offeredTools(
  server: ServerId,
  definitions: readonly JsonObject[],
  filter: ToolFilter,
): readonly OfferedTool[] {
  const filters = new Map([[server, filter]]);
  const { listing } = buildCatalog([{ server, definitions }], { kind: 'tool', toolNames: 'prefixed', filters });
  return listing.map(({ name, definition: shown }) => {
    const definition = { ...shown, name };
    return { name, definition, pin: pinOf(definition) };
  });
}
