import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { sampleText } from './sample-text.ts';
import { localTarget } from './schema-walk.ts';

const MAX_DEPTH = 8;
const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-14',
  'date-time': '2026-01-14T10:00:00Z',
  time: '10:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
};

/**
 * The least that an input schema asks for: what is required and nothing else, with examples, defaults and first choices
 * where the schema gives some. A schema may want more than can be told from its keywords, so what comes out is checked.
 */
export function sampleArguments(schema: JsonObject): JsonObject {
  const sample = sampleOf(schema, { root: schema, depth: 0 });
  return isJsonObject(sample) ? sample : {};
}

interface Place {
  readonly root: JsonObject;
  readonly depth: number;
}

function sampleOf(given: Json | undefined, place: Place): Json {
  const schema = resolved(given, place.root);
  const stated = statedIn(schema);
  if (stated !== undefined) return stated;
  const inner = { ...place, depth: place.depth + 1 };
  if (inner.depth > MAX_DEPTH) return {};
  const [branch] = [schema['oneOf'], schema['anyOf']].flatMap((branches) => (Array.isArray(branches) ? branches : []));
  if (branch !== undefined) return sampleOf(merged([without(schema), resolved(branch, place.root)]), inner);
  const all = schema['allOf'];
  if (Array.isArray(all))
    return sampleOf(merged([without(schema), ...all.map((one) => resolved(one, place.root))]), inner);
  const type = typeOf(schema);
  const make = typeof type === 'string' && Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  return (make ?? membersFor)(schema, inner);
}

const BY_TYPE: Readonly<Record<string, (schema: JsonObject, place: Place) => Json>> = {
  string: textFor,
  integer: numberFor,
  number: numberFor,
  boolean: () => false,
  null: () => null,
  array: itemsFor,
  object: membersFor,
};

function resolved(schema: Json | undefined, root: JsonObject): JsonObject {
  if (!isJsonObject(schema)) return {};
  const { $ref } = schema;
  const target = typeof $ref === 'string' ? localTarget(root, $ref) : undefined;
  return isJsonObject(target) ? target : schema;
}

/** A value that the schema itself names. */
function statedIn({ const: only, enum: choices, default: standard, examples, example }: JsonObject): Json | undefined {
  const [choice] = Array.isArray(choices) ? choices : [];
  const [first] = Array.isArray(examples) ? examples : [];
  return [only, standard, first, example, choice].find((value) => value !== undefined);
}

const BRANCHES = new Set(['oneOf', 'anyOf', 'allOf']);

function without(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !BRANCHES.has(keyword)));
}

function merged(schemas: readonly JsonObject[]): JsonObject {
  const all = (name: string): readonly JsonObject[] =>
    schemas.flatMap((schema) => (isJsonObject(schema[name]) ? [schema[name]] : []));
  const required = schemas.flatMap(({ required: names }) => (Array.isArray(names) ? names : []));
  return { ...Object.assign({}, ...schemas), properties: Object.assign({}, ...all('properties')), required };
}

function typeOf({ type, properties }: JsonObject): Json | undefined {
  if (Array.isArray(type)) return type.find((one) => one !== 'null') ?? 'null';
  return type ?? (properties === undefined ? undefined : 'object');
}

function textFor(schema: JsonObject): string {
  const { pattern, format } = schema;
  const fromPattern = typeof pattern === 'string' ? sampleText(pattern) : undefined;
  const text = fromPattern ?? (typeof format === 'string' ? FORMATS[format] : undefined) ?? 'example';
  const most = numberIn(schema, 'maxLength') ?? Infinity;
  return text.padEnd(Math.min(numberIn(schema, 'minLength') ?? 0, 10_000), 'a').slice(0, most);
}

function numberFor(schema: JsonObject): number {
  const step = numberIn(schema, 'multipleOf') ?? 1;
  const above = numberIn(schema, 'exclusiveMinimum');
  const least = numberIn(schema, 'minimum') ?? (above === undefined ? undefined : above + step);
  const most = numberIn(schema, 'maximum') ?? Infinity;
  return Math.ceil((least ?? Math.min(1, most)) / step) * step;
}

function itemsFor(schema: JsonObject, place: Place): readonly Json[] {
  const least = Math.min(numberIn(schema, 'minItems') ?? 0, 100);
  return Array.from({ length: least }, () => sampleOf(schema['items'], place));
}

function numberIn(schema: JsonObject, name: string): number | undefined {
  const value = schema[name];
  return typeof value === 'number' ? value : undefined;
}

function membersFor({ properties, required }: JsonObject, place: Place): JsonObject {
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  const schemas = isJsonObject(properties) ? properties : {};
  return Object.fromEntries(names.map((name) => [name, sampleOf(schemas[name], place)]));
}
