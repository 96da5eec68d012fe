import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { isText, mapSchema, mayLeadToText } from './schema-walk.ts';

/** What a tool is known by. Both are SHA-256, hex. */
export interface Fingerprint {
  /** Over what a call depends on: name, schemas, annotations. A change of it is a change of the tool. */
  readonly contract: string;
  /** Over all the rest, which a model reads: title, description, examples, defaults, and what we do not know. */
  readonly text: string;
}

const CONTRACT_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'inputSchema',
  'outputSchema',
  'annotations',
  'execution',
]);
const SCHEMA_FIELDS: ReadonlySet<string> = new Set(['inputSchema', 'outputSchema']);
/** Keywords whose lists are sets. Servers written in Python print them in another order on every start. */
const SETS: ReadonlySet<string> = new Set(['required', 'enum', 'type']);

const NO_TEXT = null;

/** Of a definition as the server gave it, under the server's own name. */
export function fingerprintOf(definition: JsonObject): Fingerprint {
  const entries = Object.entries(definition);
  const contract = entries
    .filter(([field]) => CONTRACT_FIELDS.has(field))
    .map(([field, value]) => [field, contractOf(field, value)] as const);
  const text = entries
    .map(([field, value]) => [field, CONTRACT_FIELDS.has(field) ? textsOf(field, value) : value] as const)
    .filter(([field, value]) => value !== NO_TEXT || !CONTRACT_FIELDS.has(field));
  return { contract: hashOf(contract), text: hashOf(text) };
}

/** A schema without what only people and models read, and with its sets sorted. */
function schemaContract(schema: Json): Json {
  const areOnlyRead = !refersToTexts(schema);
  return mapSchema(schema, (keyword, value) =>
    areOnlyRead && isText(keyword) ? undefined : sortedSet(keyword, value),
  );
}

const REFERENCES: ReadonlySet<string> = new Set(['$ref', '$dynamicRef', '$recursiveRef']);

/** A schema may be put among the examples and referred to there: then it says which values fit. */
function refersToTexts(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.some((one: Json) => refersToTexts(one));
  if (!isJsonObject(schema)) return false;
  return Object.entries(schema).some(([keyword, value]) =>
    REFERENCES.has(keyword) && typeof value === 'string' ? mayLeadToText(value) : refersToTexts(value),
  );
}

function contractOf(field: string, value: Json): Json {
  if (SCHEMA_FIELDS.has(field)) return schemaContract(value);
  return field === 'annotations' ? withoutTitle(value) : value;
}

function textsOf(field: string, value: Json): Json {
  if (field === 'annotations' && isJsonObject(value)) return value['title'] ?? NO_TEXT;
  if (!SCHEMA_FIELDS.has(field)) return NO_TEXT;
  const texts: Json[] = [];
  mapSchema(sortedMembers(value), (keyword, member) => {
    if (isText(keyword)) texts.push([keyword, member]);
    return member;
  });
  return texts.length === 0 ? NO_TEXT : texts;
}

/** So that the order in which texts are met is not that of the members in the answer. */
function sortedMembers(value: Json): Json {
  return JSON.parse(canonicalJson(value)) as Json;
}

function sortedSet(keyword: string, value: Json): Json {
  if (keyword === 'dependentRequired' && isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, names]) => [name, sorted(names)]));
  }
  return SETS.has(keyword) ? sorted(value) : value;
}

function sorted(value: Json): Json {
  if (!Array.isArray(value)) return value;
  return [...(value as readonly Json[])].toSorted((left, right) =>
    canonicalJson(left) < canonicalJson(right) ? -1 : 1,
  );
}

function withoutTitle(value: Json): Json {
  if (!isJsonObject(value)) return value;
  const { title: _title, ...hints } = value;
  return hints;
}

function hashOf(entries: readonly (readonly [string, Json])[]): string {
  return sha256Hex(canonicalJson(Object.fromEntries(entries)));
}
