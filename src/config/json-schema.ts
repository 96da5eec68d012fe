import * as z from 'zod';
import { withNotBuilt } from './not-built.ts';
import { ConfigFile } from './schema.ts';

/** As much of a JSON Schema, draft-07, as the one of the configuration uses. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: string | number | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | false;
}

/** What editors and `config schema` get: draft-07, because the YAML language server knows it best. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(ConfigFile, { io: 'input', target: 'draft-07' }) as JsonSchema;
  return { ...withMarks(schema, []), title: 'mcp-gateway.yaml' };
}

/** The keys that may stand in the map at `path`; empty where any may, or where there is no map. */
export function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): readonly string[] {
  let level: readonly JsonSchema[] = [schema];
  for (const step of path) {
    level = level.flatMap(branchesOf).flatMap((branch) => childrenOf(branch, step));
  }
  return level.flatMap(branchesOf).flatMap((branch) => Object.keys(branch.properties ?? {}));
}

function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf ?? [schema];
}

function childrenOf(schema: JsonSchema, step: PropertyKey): readonly JsonSchema[] {
  const own = schema.properties?.[String(step)] ?? schema.items ?? schema.additionalProperties;
  return own === undefined || own === false ? [] : [own];
}

function withMarks(schema: JsonSchema, path: readonly string[]): JsonSchema {
  const { properties, items, additionalProperties, anyOf } = schema;
  return {
    ...schema,
    ...(schema.description !== undefined && { description: withNotBuilt(schema.description, path) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, child]) => [name, withMarks(child, [...path, name])]),
      ),
    }),
    ...(items !== undefined && { items: withMarks(items, [...path, '*']) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: withMarks(additionalProperties, [...path, '*']),
    }),
    ...(anyOf !== undefined && { anyOf: anyOf.map((branch) => withMarks(branch, path)) }),
  };
}
