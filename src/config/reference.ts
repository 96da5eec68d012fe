import { configJsonSchema, type JsonSchema } from './json-schema.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from src/config/schema.ts. Do not edit. -->

\`mcp-gateway.yaml\` is looked for at \`--config\`, \`MCP_GATEWAY_CONFIG\`, the working folder and \`MCP_GATEWAY_HOME\`, in this
order; JSON with comments is read too. Only \`version\` and \`mcpServers\` are required. Unknown keys are errors. Relative paths
are relative to the file they stand in. Times and sizes are text with a unit: \`30s\`, \`10m\`, \`4MB\`.

In every value \`\${NAME}\` and \`\${env:NAME}\` stand for an environment variable, \`\${NAME:-default}\` for one that may be unset
or empty, \`\${secret:NAME}\` for a secret (docs/secrets.md), \`\${file:PATH}\` for the text of a file, and \`$$\` for a dollar
sign. What is not set is an error.
A block of \`mcpServers\` from any client can be pasted in as it is.

| Key | Value | Default | What it is for |
|---|---|---|---|`;

/** The reference page, \`docs/reference/configuration.md\`, whole. */
export function configReference(): string {
  return `${[INTRODUCTION, ...rowsOf(configJsonSchema(), '')].join('\n')}\n`;
}

function rowsOf(schema: JsonSchema, path: string): readonly string[] {
  const required = new Set(schema.required);
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    rowsOfField(child, join(path, name), required.has(name)),
  );
  const listed = schema.items === undefined ? [] : rowsOf(schema.items, `${path}[]`);
  const others =
    typeof schema.additionalProperties === 'object'
      ? rowsOf(schema.additionalProperties, join(path, isOfLayers(schema) ? '<layer>' : '<id>'))
      : [];
  const branches = (schema.anyOf ?? []).flatMap((branch) => rowsOf(branch, path));
  return [...named, ...listed, ...others, ...branches];
}

function isOfLayers(schema: JsonSchema): boolean {
  return schema.propertyNames?.enum !== undefined;
}

function rowsOfField(schema: JsonSchema, path: string, isRequired: boolean): readonly string[] {
  const standard = isRequired ? '_required_' : defaultOf(schema);
  const cells = [`\`${path}\``, kindOf(schema), standard, schema.description ?? ''];
  return [`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`, ...rowsOf(schema, path)];
}

/** A map of settings has no default of its own: its members do. */
function defaultOf(schema: JsonSchema): string {
  const isEmptyMap =
    typeof schema.default === 'object' && schema.default !== null && Object.keys(schema.default).length === 0;
  if (schema.default === undefined || schema.default === '' || isEmptyMap) return '';
  return `\`${JSON.stringify(schema.default)}\``.replaceAll('"', '');
}

function kindOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(kindOf).join(' or ');
  if (schema.items !== undefined) return `list of ${kindOf(schema.items)}`;
  return (
    {
      string: 'text',
      integer: 'whole number',
      number: 'number',
      boolean: '`true`, `false`',
      object: 'map',
      array: 'list',
    }[schema.type ?? ''] ?? 'any'
  );
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
