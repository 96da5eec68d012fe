import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** Keywords whose members are schemas under names of the author's choosing. */
const NAMED_SCHEMAS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);
/** Keywords whose values are schemas, or lists of them. */
const SCHEMAS: ReadonlySet<string> = new Set([
  'items',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
  'contentSchema',
]);

const TEXTS: ReadonlySet<string> = new Set(['title', 'description', '$comment', 'examples', 'example', 'default']);

/** What a keyword of a schema becomes; undefined takes it out. */
export type KeywordChange = (keyword: string, value: Json) => Json | undefined;

/** The schema with every keyword of it and of its subschemas changed. Values, such as those of `enum`, are left alone. */
export function mapSchema(schema: Json, change: KeywordChange): Json {
  if (!isJsonObject(schema)) return schema;
  const members = Object.entries(schema).flatMap(([keyword, value]): readonly (readonly [string, Json])[] => {
    const changed = change(keyword, value);
    return changed === undefined ? [] : [[keyword, mapSubschemas(keyword, changed, change)]];
  });
  return Object.fromEntries(members);
}

/** Whether a keyword is there for people and models only; it says nothing about which values fit. */
export function isText(keyword: string): boolean {
  return TEXTS.has(keyword);
}

export function withoutTexts(schema: Json): Json {
  return mapSchema(schema, (keyword, value) => (isText(keyword) ? undefined : value));
}

/** The schemas that stand directly in a schema, with the keyword and the name or number they stand under. */
export function subschemasOf(schema: JsonObject): readonly Subschema[] {
  return Object.entries(schema).flatMap(([keyword, value]): readonly Subschema[] => {
    if (NAMED_SCHEMAS.has(keyword) && isJsonObject(value)) {
      return Object.entries(value).map(([name, child]) => ({ keyword, name, schema: child }));
    }
    if (!SCHEMAS.has(keyword)) return [];
    if (!Array.isArray(value)) return [{ keyword, name: '', schema: value }];
    return value.map((child: Json, index) => ({ keyword, name: String(index), schema: child }));
  });
}

export interface Subschema {
  readonly keyword: string;
  readonly name: string;
  readonly schema: Json;
}

/** What a `$ref` within the same document names: `#`, or `#` and a JSON pointer. Undefined for every other. */
export function localTarget(root: JsonObject, ref: string): Json | undefined {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let target: Json | undefined = root;
  for (const segment of ref.slice(2).split('/')) {
    target = memberOf(target, decoded(segment));
  }
  return target;
}

/** Whether what a `$ref` names may stand among the texts of a schema; of a name that is no JSON pointer nobody knows. */
export function mayLeadToText(ref: string): boolean {
  if (ref === '#') return false;
  if (!ref.startsWith('#/')) return true;
  let isName = false;
  for (const segment of ref.slice(2).split('/').map(decoded)) {
    if (!isName && isText(segment)) return true;
    isName = !isName && NAMED_SCHEMAS.has(segment);
  }
  return false;
}

function mapSubschemas(keyword: string, value: Json, change: KeywordChange): Json {
  if (NAMED_SCHEMAS.has(keyword) && isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, mapSchema(child, change)]));
  }
  if (!SCHEMAS.has(keyword)) return value;
  return Array.isArray(value) ? value.map((child: Json) => mapSchema(child, change)) : mapSchema(value, change);
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(value)) return value[Number(name)] as Json | undefined;
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A fragment is percent-encoded (RFC 3986) around the escapes of a JSON pointer (RFC 6901). */
function decoded(segment: string): string {
  let text = segment;
  try {
    text = decodeURIComponent(segment);
  } catch {
    // Not encoded after all: taken as it is written.
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}
