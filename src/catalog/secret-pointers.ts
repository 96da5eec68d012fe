import { isJsonObject, type JsonObject } from '../core/json.ts';
import { localTarget, subschemasOf, type Subschema } from './schema-walk.ts';

/** A schema that refers to itself has places without end; so many parts are looked at, the nearest first. */
const MAX_PARTS = 2_000;

/**
 * JSON pointers into arguments at which the schema announces a secret (`writeOnly`, or `format: password`). The segment
 * `*` is any one member or item.
 */
export function secretPointers(schema: JsonObject): readonly string[] {
  const parts: Part[] = [{ schema, pointer: '' }];
  // The list grows while it is walked.
  for (const part of parts) {
    const room = MAX_PARTS - parts.length;
    parts.push(...partsWithin(part, schema).slice(0, Math.max(0, room)));
  }
  const secret = parts.filter(({ schema: { writeOnly, format } }) => writeOnly === true || format === 'password');
  return [...new Set(secret.map(({ pointer }) => pointer))].toSorted();
}

interface Part {
  readonly schema: JsonObject;
  readonly pointer: string;
}

function partsWithin({ schema, pointer }: Part, root: JsonObject): readonly Part[] {
  const { $ref } = schema;
  const target = typeof $ref === 'string' ? localTarget(root, $ref) : undefined;
  const children = subschemasOf(schema).map((child) => ({ schema: child.schema, step: stepOf(child) }));
  return [{ schema: target, step: '' }, ...children].flatMap(({ schema: child, step }) =>
    isJsonObject(child) && step !== undefined ? [{ schema: child, pointer: pointer + step }] : [],
  );
}

/** How a subschema's values stand to those of the schema around it; undefined where they are no part of them. */
function stepOf({ keyword, name }: Subschema): string | undefined {
  switch (keyword) {
    case 'properties':
      return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    case 'prefixItems':
      return `/${name}`;
    case 'items':
    case 'additionalItems':
    case 'unevaluatedItems':
    case 'contains':
    case 'additionalProperties':
    case 'unevaluatedProperties':
    case 'patternProperties':
      return '/*';
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
    case 'then':
    case 'else':
    case 'dependentSchemas':
      return '';
    default:
      return undefined;
  }
}
