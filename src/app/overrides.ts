import { type BundleLoader, checkBundle, type CheckedBundle, findBundle } from './bundles.ts';
import { modesOf } from './servers.ts';
import { demandOf } from './signing.ts';
import { originAtHand } from './sources.ts';
import { originOf } from './addresses.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { toSource } from '../policy/bundle.ts';
import type { People } from '../core/opinion.ts';
import { peopleBehind } from '../policy/participant.ts';
import { PermitElement } from '../policy/opinion-elements.ts';
import { isValid } from '../policy/permit-terms.ts';
import { writtenPermits } from '../policy/written-permits.ts';
import { listOverrides, type ListedOverride, type OverrideBundle, silentRules } from '../review/overrides.ts';
import { permitKey, type SeenPermit, type SeenPermits, seePermits } from '../review/seen-permits.ts';
import type { DecisionReader } from '../state/decision-reader.ts';

/** All that can be known of permits without a call at hand. */
export interface Overrides {
  readonly overrides: readonly ListedOverride[];
  /** Full names of rules that permit, and of whose permits nothing is known. */
  readonly silent_rules: readonly string[];
  /** Override bundles that cannot be used; each denies what it governs. */
  readonly unusable: readonly { readonly bundle: string; readonly problem: string }[];
}

export interface OverridesQuestion {
  readonly config: Config;
  /** `MCP_GATEWAY_HOME`, where the last good of bundles with an address is kept. */
  readonly home: string;
  /** Absent while there is no log. */
  readonly reader: DecisionReader | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How far back the log is read; milliseconds since the epoch. */
  readonly since: number;
}

/**
 * The permits that stand in the data of the configured override bundles, and those that were said of recorded calls.
 * One that only the log knows is asked about: its bundle, as it is now, gets the recorded input once more.
 */
export async function findOverrides(question: OverridesQuestion, loader: BundleLoader): Promise<Overrides> {
  const { config, reader, now, since } = question;
  const found = await Promise.all(
    config.policies.org.filter(({ layer }) => layer === 'override').map((bundle) => load(bundle, question, loader)),
  );
  const seen = reader === undefined ? new Map<string, SeenPermit>() : await readSeen(reader, since);
  const still = await sayStill(found, { seen, now }, loader);
  const bundles = found.map(({ known }) => known);
  const overrides = listOverrides({ bundles, seen, now, saysStill: (permit) => still.get(permit) });
  return {
    overrides,
    silent_rules: silentRules(bundles, overrides),
    unusable: bundles.flatMap(({ id, problem }) => (problem === '' ? [] : [{ bundle: id, problem }])),
  };
}

interface Found {
  readonly known: OverrideBundle;
  readonly checked: CheckedBundle | undefined;
}

type ConfiguredBundle = Config['policies']['org'][number];

async function load(
  bundle: ConfiguredBundle,
  { config, home }: OverridesQuestion,
  loader: BundleLoader,
): Promise<Found> {
  const { id, mode, rules, data, signer, for: scope } = bundle;
  const demand = demandOf(signer, config.policies.layers.override.signed);
  const origin = await originAtHand(originOf(bundle, demand), home);
  const people: People = 'unverified';
  const known = { id, mode, scope, ruleModes: modesOf(rules), written: [], rules: [], people };
  if (origin === undefined) return { known: { ...known, problem: 'it is not at hand' }, checked: undefined };
  try {
    const checked = await checkBundle(await findBundle({ id, origin, data, demand }, loader), loader);
    return { known: { ...known, ...permitsOf(checked), problem: layerProblem(checked) }, checked };
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return { known: { ...known, problem: thrown.message }, checked: undefined };
  }
}

function layerProblem({ bundle }: CheckedBundle): string {
  return bundle.layer === 'override' ? '' : `it says that it is of layer ${bundle.layer}`;
}

function permitsOf({ bundle, inspection, rules }: CheckedBundle): Pick<OverrideBundle, 'written' | 'rules' | 'people'> {
  const permitting = inspection.rules.filter(({ ruleSet }) => ruleSet === 'permit');
  const ids = new Set(permitting.flatMap((rule) => (rule.hasUnknownId ? [...rules.keys()] : rule.ids)));
  return {
    people: peopleBehind(bundle),
    written: writtenPermits(bundle.data),
    rules: [...ids].map((id) => ({
      id,
      title: rules.get(id)?.title ?? '',
      owner: rules.get(id)?.owner ?? '',
      reads: permitting.filter((rule) => rule.hasUnknownId || rule.ids.includes(id)).flatMap((rule) => rule.dataReads),
    })),
  };
}

async function readSeen(reader: DecisionReader, since: number): Promise<SeenPermits> {
  let seen: SeenPermits = new Map();
  let afterSeq = 0;
  for (;;) {
    const { records, lastSeq } = await reader.permitted({ since, afterSeq });
    if (records.length === 0) return seen;
    seen = seePermits(seen, records);
    afterSeq = lastSeq;
  }
}

/** A bundle is asked about no more of its old calls than this; of the others it stays open. */
const MOST_ASKED = 100;

/** Which permits their bundles say still, of the same call, now. Those of which that cannot be told are not in it. */
async function sayStill(
  found: readonly Found[],
  { seen, now }: { readonly seen: SeenPermits; readonly now: number },
  loader: BundleLoader,
): Promise<ReadonlyMap<SeenPermit, boolean>> {
  const still = new Map<SeenPermit, boolean>();
  for (const { known, checked } of found) {
    const written = new Set(known.written.map(({ terms }) => permitKey(known.id, terms)));
    const asked = [...seen]
      .filter(([key, { bundle }]) => bundle === known.id && !written.has(key))
      .map(([, permit]) => permit)
      .filter(({ terms, last }) => isValid(terms, now) && last.replayable.kind === 'fully')
      .slice(-MOST_ASKED);
    if (checked === undefined || asked.length === 0) continue;
    for (const [permit, answer] of await askAgain(checked, { asked, now }, loader)) still.set(permit, answer);
  }
  return still;
}

async function askAgain(
  { bundle }: CheckedBundle,
  { asked, now }: { readonly asked: readonly SeenPermit[]; readonly now: number },
  { toolchain, library }: BundleLoader,
): Promise<readonly (readonly [SeenPermit, boolean])[]> {
  const timeNs = `${now}000000`;
  const answer = await toolchain.evaluate({
    bundles: [toSource(bundle)],
    library,
    entrypoint: bundle.id,
    inputs: asked.map(({ last }) => ({ input: last.input, timeNs })),
  });
  if (answer.kind === 'refused') return [];
  return asked.flatMap((permit, index) => {
    const keys = permitsIn(answer.results[index]?.value, bundle.id);
    return keys === undefined ? [] : [[permit, keys.has(permitKey(bundle.id, permit.terms))] as const];
  });
}

function permitsIn(decision: unknown, bundle: string): ReadonlySet<string> | undefined {
  const permits = isJsonObject(decision) ? decision['permit'] : undefined;
  if (!Array.isArray(permits)) return undefined;
  const read = permits.flatMap((permit: unknown) => PermitElement.safeParse(permit).data ?? []);
  return new Set(read.map((permit) => permitKey(bundle, permit)));
}
