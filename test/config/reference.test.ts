import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configJsonSchema, type JsonSchema } from '../../src/config/json-schema.ts';
import { configReference } from '../../src/config/reference.ts';

describe('the reference', () => {
  it('in docs/reference/configuration.md is what the schema says', async () => {
    const page = join(import.meta.dirname, '../../docs/reference/configuration.md');
    await expect(configReference()).toMatchFileSnapshot(page);
    expect(readFileSync(page, 'utf8')).toContain('| `mcpServers` | map | _required_ |');
  });

  it('is beside the JSON Schema that editors read', async () => {
    const file = join(import.meta.dirname, '../../docs/reference/mcp-gateway.schema.json');
    await expect(`${JSON.stringify(configJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(file);
  });

  it('describes every field', () => {
    expect(undescribed(configJsonSchema(), '')).toEqual([]);
  });
});

function undescribed(schema: JsonSchema, path: string): readonly string[] {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
    ...(child.description === undefined ? [`${path}.${name}`] : []),
    ...undescribed(child, `${path}.${name}`),
  ]);
  const nested = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? [])];
  return [...fields, ...nested.flatMap((child) => (typeof child === 'object' ? undescribed(child, path) : []))];
}
