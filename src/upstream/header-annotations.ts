import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** One argument that goes into the header `Mcp-Param-<header>` too. */
export interface HeaderAnnotation {
  /** From the arguments down. */
  readonly path: readonly string[];
  readonly header: string;
}

export type HeaderAnnotations =
  | { readonly kind: 'valid'; readonly annotations: readonly HeaderAnnotation[] }
  | { readonly kind: 'invalid'; readonly why: string };

/**
 * The `x-mcp-header` annotations of a tool's input schema (MCP 2026-07-28, server/tools). They may stand on properties of
 * type string, integer or boolean that a chain of `properties` alone leads to, and one header may be named once.
 */
export function readHeaderAnnotations(inputSchema: Json): HeaderAnnotations {
  const annotations: HeaderAnnotation[] = [];
  const why = visit(inputSchema, { path: [], isReachable: true }, annotations);
  return why === undefined ? { kind: 'valid', annotations } : { kind: 'invalid', why };
}

const KEY = 'x-mcp-header';
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
const TYPES: ReadonlySet<Json | undefined> = new Set(['string', 'integer', 'boolean']);
/** Keywords that hold schemas which an argument may or may not meet: one, a list, or an object of them. */
const SCHEMAS: readonly string[] = (
  'items prefixItems contains additionalProperties unevaluatedProperties unevaluatedItems propertyNames ' +
  'oneOf anyOf allOf not if then else'
).split(' ');
const TABLES_OF_SCHEMAS: readonly string[] = 'patternProperties dependentSchemas $defs definitions'.split(' ');

interface Place {
  readonly path: readonly string[];
  readonly isReachable: boolean;
}

/** What is wrong, if anything is. */
function visit(schema: Json, place: Place, found: HeaderAnnotation[]): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  if (Object.hasOwn(schema, KEY)) {
    const annotation = readOne(schema, place, found);
    if (typeof annotation === 'string') return annotation;
    found.push(annotation);
  }
  const { properties } = schema;
  if (isJsonObject(properties)) {
    for (const [key, child] of Object.entries(properties)) {
      const why = visit(child, { ...place, path: [...place.path, key] }, found);
      if (why !== undefined) return why;
    }
  }
  for (const child of schemasBeside(schema)) {
    const why = visit(child, { path: [...place.path, '…'], isReachable: false }, found);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** The annotation, or what is wrong with it. */
function readOne(
  schema: JsonObject,
  { path, isReachable }: Place,
  found: readonly HeaderAnnotation[],
): HeaderAnnotation | string {
  const where = path.join('.');
  const header = schema[KEY];
  if (!isReachable || path.length === 0) return `${KEY} stands where no argument is sure to be (${where})`;
  if (typeof header !== 'string' || !TOKEN.test(header)) return `${KEY} of ${where} is not the name of a header`;
  if (!TYPES.has(schema['type'])) return `${KEY} of ${where} is on a type that has no header`;
  const isTwice = found.some((other) => other.header.toLowerCase() === header.toLowerCase());
  return isTwice ? `${KEY} of ${where} names a header that another argument has` : { path, header };
}

function schemasBeside(schema: JsonObject): readonly Json[] {
  const beside: Json[] = [];
  for (const keyword of SCHEMAS) {
    const held = schema[keyword];
    if (Array.isArray(held)) beside.push(...(held as readonly Json[]));
    else if (held !== undefined) beside.push(held);
  }
  for (const keyword of TABLES_OF_SCHEMAS) {
    const held = schema[keyword];
    if (isJsonObject(held)) beside.push(...Object.values(held));
  }
  return beside;
}
