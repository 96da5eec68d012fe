import { readFileSync } from 'node:fs';
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { text } from './content.ts';

/** Keywords of JSON Schema 2020-12 that a list must carry through unchanged. */
const contact = fromJsonSchema<Readonly<Record<string, unknown>>>(
  JSON.parse(readFileSync(new URL('contact.schema.json', import.meta.url), 'utf8')),
);

/** Arguments that travel in `Mcp-Param-*` headers too: https://modelcontextprotocol.io/seps/2243-http-standardization */
const routed = z.object({
  region: z.string().meta({ 'x-mcp-header': 'Region' }),
  priority: z.int().optional().meta({ 'x-mcp-header': 'Priority' }),
  // Proxies that are not told otherwise lose such a header.
  cost_center: z.string().optional().meta({ 'x-mcp-header': 'Cost_Center' }),
});

/** Tools whose input schemas say more than names and types. */
export function registerSchemaTools(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Takes a contact, described with JSON Schema 2020-12', inputSchema: contact },
    (given) => text(`A contact with ${Object.keys(given).length} fields.`),
  );
  server.registerTool(
    'test_header_parameters',
    { description: 'Takes arguments that are mirrored in headers', inputSchema: routed },
    ({ region, priority }) => text(`Routed to ${region} with priority ${priority ?? 'unset'}.`),
  );
}
