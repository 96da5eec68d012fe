import { readFileSync } from 'node:fs';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { blankComments } from './json-comments.ts';
import { readYaml } from './read-yaml.ts';
import { nodeAt, toJson } from './tree.ts';

/** Written beside the configuration, so that editors complete and check it without asking anybody. */
export const SCHEMA_FILE = 'mcp-gateway.schema.json';

/** A configuration without servers, to which they are added. */
export function emptyConfig(): string {
  return `# yaml-language-server: $schema=${SCHEMA_FILE}
version: 1
# Tools are shown as SERVER__TOOL, so that a further server renames nothing.
gateway: { toolNames: prefixed }
mcpServers: {}
`;
}

/** The servers of a file as they are written, nothing put in for `\${…}`, by id; empty where it cannot be read. */
export function writtenServers(path: string): Readonly<Record<string, JsonObject>> {
  const text = readFileSync(path, 'utf8');
  const isJson = /\.jsonc?$/i.test(path);
  const { root } = readYaml({ path, name: path, text: isJson ? blankComments(text) : text });
  const node = root === undefined ? undefined : nodeAt(root, ['mcpServers']);
  const servers = node === undefined ? undefined : toJson(node);
  if (!isJsonObject(servers)) return {};
  return Object.fromEntries(
    Object.entries(servers).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1])),
  );
}
