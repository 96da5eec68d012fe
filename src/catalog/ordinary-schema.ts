import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject, type Json } from '../core/json.ts';

/**
 * Whether a schema uses nothing but the common keywords, each as the meta-schemas of draft-07 and of 2020-12 alike demand
 * it. Nearly all schemas of tools do, and to see that takes no compiled meta-schema; of any other one nothing is said.
 *
 * Source: JSON Schema validation 2020-12, appendix A (meta-schema), and draft-07's.
 */
export function isOrdinarySchema(schema: Json | undefined): boolean {
  if (typeof schema === 'boolean') return true;
  if (schema === undefined || !isJsonObject(schema)) return false;
  return Object.entries(schema).every(([keyword, value]) => SHAPES.get(keyword)?.(value) === true);
}

type Shape = (value: Json) => boolean;

const isText: Shape = (value) => typeof value === 'string';
const isNumber: Shape = (value) => typeof value === 'number';
const isCount: Shape = (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isList: Shape = (value) => Array.isArray(value) && value.length > 0;
const isTexts: Shape = (value) => Array.isArray(value) && value.every(isText) && new Set(value).size === value.length;
/** Draft-07 wants no member twice; 1 and 1.0 are one. */
const isEnum: Shape = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  new Set(value.map((member: Json) => canonicalJson(member))).size === value.length;
const isSchemas: Shape = (value) => Array.isArray(value) && value.length > 0 && value.every(isOrdinarySchema);
const isNamedSchemas: Shape = (value) => isJsonObject(value) && Object.values(value).every(isOrdinarySchema);

const TYPES: ReadonlySet<Json> = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);

const isType: Shape = (value) => {
  if (!Array.isArray(value)) return TYPES.has(value);
  return isList(value) && isTexts(value) && value.every((name: Json) => TYPES.has(name));
};

const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['type', isType],
  ['const', () => true],
  ['enum', isEnum],
  ['properties', isNamedSchemas],
  ['required', isTexts],
  ['additionalProperties', isOrdinarySchema],
  ['propertyNames', isOrdinarySchema],
  ['minProperties', isCount],
  ['maxProperties', isCount],
  ['items', isOrdinarySchema],
  ['contains', isOrdinarySchema],
  ['minItems', isCount],
  ['maxItems', isCount],
  ['minLength', isCount],
  ['maxLength', isCount],
  ['pattern', isText],
  ['format', isText],
  ['minimum', isNumber],
  ['maximum', isNumber],
  ['exclusiveMinimum', isNumber],
  ['exclusiveMaximum', isNumber],
  ['multipleOf', (value) => typeof value === 'number' && value > 0],
  ['anyOf', isSchemas],
  ['oneOf', isSchemas],
  ['allOf', isSchemas],
  ['not', isOrdinarySchema],
  ['if', isOrdinarySchema],
  ['then', isOrdinarySchema],
  ['else', isOrdinarySchema],
  ['$defs', isNamedSchemas],
  ['definitions', isNamedSchemas],
  ['$ref', isText],
]);
