import { type BundleLoader, type CheckedBundle, checkBundle, findBundle } from './bundles.ts';
import { bundlesOf } from './generation.ts';
import type { WantedBundle } from './policies.ts';
import { configuredBundles } from './wanted.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { Mode } from '../core/opinion.ts';
import type { RuleInForce } from '../review/find-rules.ts';
import type { DecisionReader } from '../state/decision-reader.ts';

/** The rules that decide, as far as can be said without starting anything. */
export interface RulesInForce {
  /** Which generation they are of; empty where no gateway has put one in force yet, and the configuration is read. */
  readonly generation: string;
  /** RFC 3339; since when it is in force, else empty. */
  readonly since: string;
  readonly rules: readonly RuleInForce[];
  /** The Rego of the bundles, by bundle and file. */
  readonly modules: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Bundles that cannot be used, with why; each denies what it governs. */
  readonly unusable: readonly { readonly bundle: string; readonly problem: string }[];
}

/**
 * What the newest generation in the store says of itself; where there is none yet, the configuration's bundles. A
 * bundle that travels with a server is known only once the gateway has found it, so it is missing from the latter.
 */
export async function rulesInForce(
  { config, reader }: { readonly config: Config; readonly reader: DecisionReader | undefined },
  loader: BundleLoader,
): Promise<RulesInForce> {
  const [newest] = (await reader?.generations.activations(1)) ?? [];
  const wanted =
    newest === undefined || reader === undefined
      ? configuredBundles(config)
      : await bundlesOf(newest, reader.generations);
  const read = await Promise.all(wanted.map((bundle) => readOne(bundle, loader)));
  return {
    generation: newest?.generation ?? '',
    since: newest === undefined ? '' : new Date(newest.at).toISOString(),
    rules: read.flatMap(({ rules }) => rules),
    modules: new Map(read.flatMap(({ id, modules }) => (modules === undefined ? [] : [[id, modules] as const]))),
    unusable: read.flatMap(({ id, problem }) => (problem === '' ? [] : [{ bundle: id, problem }])),
  };
}

interface ReadBundle {
  readonly id: string;
  readonly rules: readonly RuleInForce[];
  readonly modules?: Readonly<Record<string, string>>;
  readonly problem: string;
}

async function readOne(wanted: WantedBundle, loader: BundleLoader): Promise<ReadBundle> {
  const { id, origin, data, demand } = wanted;
  if (origin === undefined) return { id, rules: [], problem: 'it is missing' };
  try {
    const checked = await checkBundle(await findBundle({ id, origin, data, demand }, loader), loader);
    return { id, rules: rulesOf(wanted, checked), modules: checked.bundle.modules, problem: '' };
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return { id, rules: [], problem: thrown.message };
  }
}

function rulesOf(wanted: WantedBundle, { bundle, rules, inspection }: CheckedBundle): readonly RuleInForce[] {
  return [...rules.values()].map((rule): RuleInForce => {
    const emitting = inspection.rules.filter(({ ids, hasUnknownId }) => hasUnknownId || ids.includes(rule.id));
    const read = new Set(emitting.flatMap(({ dataReads }) => dataReads));
    return {
      name: `${wanted.id}/${rule.id}`,
      bundle: wanted.id,
      layer: wanted.layer,
      mode: modeOf(wanted, rule.id),
      rule,
      sets: [...new Set(emitting.map(({ ruleSet }) => ruleSet).filter((set) => set !== ''))],
      data: [...read].flatMap((path) => textsAt(bundle.data, path)),
    };
  });
}

function modeOf({ mode, ruleModes }: WantedBundle, id: string): Mode {
  return Object.hasOwn(ruleModes, id) ? (ruleModes[id] ?? mode) : mode;
}

/** More texts than that are a table, which says nothing of a rule. */
const MOST_TEXTS = 20;

function textsAt(data: JsonObject, path: string): readonly string[] {
  let value: Json | undefined = data;
  for (const name of path.split('.'))
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  const texts = textsIn(value);
  return texts.length > MOST_TEXTS ? [] : texts;
}

function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item: Json) => typeof item === 'string') : [];
}
