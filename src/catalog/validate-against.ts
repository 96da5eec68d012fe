import type { Json, JsonObject } from '../core/json.ts';
import { sharedSchemaCompiler } from './compile-schema.ts';
import { scanSchema } from './schema-scan.ts';

/**
 * What keeps a value from fitting a JSON Schema, each as `<pointer>: <what is expected>`; empty where it fits. Meant for
 * what a bundle's author demands of its configuration: a schema that cannot be checked in foreseeable time is refused,
 * since it comes from outside and is checked on the main thread.
 */
export function validateAgainst(schema: JsonObject, value: Json): readonly string[] {
  const scan = scanSchema(schema);
  if (scan.kind === 'unfit') return [`the schema cannot be used: ${scan.why}`];
  if (scan.kind === 'costly') return [COSTLY];
  const validate = sharedSchemaCompiler().compile(scan.schema, scan.dialects);
  if (validate === undefined) return ['the schema cannot be used: it is not a JSON Schema'];
  return validate(value).map(
    ({ pointer, expected }) => `${pointer === '' ? 'the whole' : pointer}: expected ${expected}`,
  );
}

const COSTLY =
  'the schema cannot be used: patterns must be anchored and simple, references may not recur, and uniqueItems, patternProperties and unevaluated… may not stand in it';
