import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { localTarget } from './schema-walk.ts';

/** Which arguments a schema knows by name, at the top level. */
export interface KnownArguments {
  readonly names: ReadonlySet<string>;
  /** Whether the schema itself takes no others (`additionalProperties: false`). */
  readonly isClosed: boolean;
}

const COMBINATORS = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else'] as const;
const MAX_VISITS = 1_000;

/** Undefined where names are matched by patterns: then only validation itself can tell. */
export function knownArguments(schema: JsonObject): KnownArguments | undefined {
  const isClosed = schema['additionalProperties'] === false;
  const names = new Set<string>();
  let visits = 0;
  let hasPatterns = false;
  const visit = (part: Json | undefined): void => {
    visits += 1;
    if (!isJsonObject(part) || visits > MAX_VISITS) return;
    const { properties, patternProperties, dependentSchemas, $ref } = part;
    if (isJsonObject(properties)) Object.keys(properties).forEach((name) => names.add(name));
    if (patternProperties !== undefined) hasPatterns = true;
    // What the schema closes with `additionalProperties` is told apart by its own `properties` alone.
    if (isClosed) return;
    if (typeof $ref === 'string') visit(localTarget(schema, $ref));
    if (isJsonObject(dependentSchemas)) Object.values(dependentSchemas).forEach(visit);
    for (const keyword of COMBINATORS) partsOf(part[keyword]).forEach(visit);
  };
  visit(schema);
  return hasPatterns || visits > MAX_VISITS ? undefined : { names, isClosed };
}

function partsOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}
