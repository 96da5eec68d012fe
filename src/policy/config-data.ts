import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { type Bundle, digestOfData } from './bundle.ts';
import { unfitPart } from './bundle-data.ts';
import { invalidBundle, problemOf } from './bundle-problems.ts';
import { countersIn } from './counters.ts';

/** Says what is wrong with a value by a JSON Schema, each thing with its pointer. */
export type ValidateSchema = (schema: JsonObject, value: Json) => readonly string[] | Promise<readonly string[]>;

/**
 * The bundle with what the admin sets merged into `data.<root>.config`: objects
 * member by member, everything else replaced. The whole is checked against the
 * schema in the manifest, the author's defaults included, and so are the limits and
 * costs that counters read. Throws BUNDLE_INVALID.
 */
export async function configure(bundle: Bundle, data: JsonObject, validate: ValidateSchema): Promise<Bundle> {
  const unfit = unfitPart(data, 'data', 0);
  const own = bundle.data[bundle.root];
  const shipped = isJsonObject(own) ? own : {};
  const config = merge(shipped['config'] ?? {}, data);
  const schema = bundle.manifest.metadata.gateway.config;
  const wrong = unfit === '' && schema !== undefined ? await validate(schema, config) : [unfit];
  const problems = wrong.filter((message) => message !== '');
  if (problems.length > 0) {
    throw invalidBundle(
      bundle.id,
      bundle.source,
      problems.map((message) => problemOf(bundle.id, 'bundle_config', [`data.${bundle.root}.config`, message])),
    );
  }
  const whole = Object.keys(data).length === 0 ? bundle : withData(bundle, { [bundle.root]: { ...shipped, config } });
  // Throws where limits or costs that it reads are not there.
  countersIn(whole);
  return whole;
}

function withData(bundle: Bundle, data: JsonObject): Bundle {
  return { ...bundle, data, dataDigest: digestOfData(data) };
}

function merge(shipped: Json, set: Json): Json {
  if (!isJsonObject(shipped) || !isJsonObject(set)) return set;
  const merged: Record<string, Json> = { ...shipped };
  for (const [key, value] of Object.entries(set)) {
    const before = Object.hasOwn(shipped, key) ? shipped[key] : undefined;
    merged[key] = before === undefined ? value : merge(before, value);
  }
  return merged;
}
