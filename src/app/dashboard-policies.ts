import type { Config } from '../config/paths.ts';
import { type Activation, type GenerationBundle, shortHash } from '../core/generation.ts';
import type { BundleRow, PoliciesView, RuleRow } from '../dashboard/api-policies.ts';
import { type RememberedRule, readWords, wordsFact } from '../review/rule-words.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { namesIn } from './dashboard-report.ts';

const MOST_ACTIVATIONS = 200;

/**
 * What is in force, in the words that its rules had when it was put in force. Where no gateway has ever run on the store,
 * what the configuration would put in force.
 */
export async function policiesView(parts: DashboardParts): Promise<PoliciesView> {
  const { reads, read, bench } = parts;
  const activations = await reads.activations(MOST_ACTIVATIONS);
  const [newest] = activations;
  if (newest === undefined) return bench.policies();
  const { config } = read();
  const bundles = newest.facts.bundles.map(async (bundle): Promise<BundleRow> => {
    const words = readWords(await reads.fact(bundle.id, wordsFact(bundle.digest)));
    return bundleRow(bundle, { words, config, activations });
  });
  return { generation: shortHash(newest.generation), bundles: await Promise.all(bundles) };
}

interface Facts {
  readonly words: ReadonlyMap<string, RememberedRule>;
  readonly config: Config;
  readonly activations: readonly Activation[];
}

function bundleRow(bundle: GenerationBundle, { words, config, activations }: Facts): BundleRow {
  const { id, layer, mode, ruleModes, digest, source, signer = '' } = bundle;
  return {
    id,
    layer,
    mode,
    source,
    digest,
    signer,
    since: sinceWhen(bundle, activations),
    scope: scopeText(bundle),
    stale: staleWords(bundle, config),
    rules: [...words].map(([rule, said]) => ruleRow(rule, said, ruleModes[rule] ?? mode)),
  };
}

/** A rule in words; where its bundle is not in force yet, as its annotation says it. */
export function ruleRow(
  id: string,
  rule: Omit<RuleRow, 'id' | 'kind' | 'mode' | 'control'> & { readonly control: string },
  mode: RuleRow['mode'],
): RuleRow {
  const { title, description, remediation, owner, control } = rule;
  return { id, kind: '', title, description, remediation, owner, control: namesIn(control), mode };
}

/** The first of the newest activations that all have the bundle as it is now. */
export function sinceWhen(
  { id, digest }: Pick<GenerationBundle, 'id' | 'digest'>,
  activations: readonly Activation[],
): string {
  const end = activations.findIndex(
    ({ facts }) => !facts.bundles.some((one) => one.id === id && one.digest === digest),
  );
  const first = end < 0 ? activations.at(-1) : activations[end - 1];
  return first === undefined ? '' : new Date(first.at).toISOString();
}

function scopeText({ place }: GenerationBundle): string {
  if (place.kind === 'server') return `server ${place.server}`;
  if (place.kind === 'agent') return `agent ${place.agent}`;
  if (place.kind === 'starter') return 'whatever no other bundle of its layer is for';
  return selectorText(place.scope);
}

/** For whom a bundle of the organisation is, in words. */
export function selectorText(scope: Readonly<Record<'servers' | 'agents' | 'tools', readonly string[]>>): string {
  const parts = (['servers', 'agents', 'tools'] as const).filter((kind) => scope[kind].join() !== '*');
  return parts.map((kind) => `${kind} ${scope[kind].join(', ')}`).join('; ') || 'everything';
}

/** As far as can be told without asking its source. */
function staleWords({ id, digest, place, mode }: GenerationBundle, { policies }: Config): string {
  if (digest === '') return 'it is missing, so what it governs is denied';
  if (place.kind !== 'organisation') return '';
  const configured = policies.org.find((bundle) => bundle.id === id);
  if (configured === undefined) return 'the configuration does not have it any more';
  return configured.mode === mode ? '' : `the configuration has it in mode ${configured.mode}`;
}
