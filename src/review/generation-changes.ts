import { isDeepStrictEqual } from 'node:util';
import { type GenerationBundle, type GenerationFacts, shortHash } from '../core/generation.ts';
import type { Mode } from '../core/opinion.ts';

/** What is different between two generations, bundle by bundle, in the order of their ids. */
export interface GenerationChanges {
  readonly added: readonly GenerationBundle[];
  readonly removed: readonly GenerationBundle[];
  readonly changed: readonly BundleChange[];
  /** What is different beside the bundles, in words: required layers, fuel, the library, the toolchain. */
  readonly beside: readonly string[];
}

export interface BundleChange {
  readonly before: GenerationBundle;
  readonly after: GenerationBundle;
  /** What of it: its rules, what an admin sets, how far it counts, whom it is for. */
  readonly what: readonly ('rules' | 'data' | 'modes' | 'scope')[];
}

export function changesBetween(before: GenerationFacts, after: GenerationFacts): GenerationChanges {
  const [old, now] = [byId(before), byId(after)];
  const changed = before.bundles.flatMap((bundle): readonly BundleChange[] => {
    const next = now.get(bundle.id);
    const what = next === undefined ? [] : differencesOf(bundle, next);
    return next === undefined || what.length === 0 ? [] : [{ before: bundle, after: next, what }];
  });
  return {
    added: after.bundles.filter(({ id }) => !old.has(id)),
    removed: before.bundles.filter(({ id }) => !now.has(id)),
    changed,
    beside: besides(before, after),
  };
}

/** One line for a list; empty where nothing is different. */
export function changesText({ added, removed, changed, beside }: GenerationChanges): string {
  const parts = [
    ...added.map(({ id }) => `+${id}`),
    ...removed.map(({ id }) => `-${id}`),
    ...changed.map((change) => changeText(change)),
    ...beside,
  ];
  return parts.join(', ');
}

function changeText({ before, after, what }: BundleChange): string {
  const parts = what.map((part) => {
    if (part === 'rules') return `${hashText(before.digest)} → ${hashText(after.digest)}`;
    return part === 'modes' ? modesText(before, after) : part;
  });
  return `${after.id} ${parts.join(' and ')}`;
}

function modesText(before: GenerationBundle, after: GenerationBundle): string {
  const own = before.mode === after.mode ? [] : [`${before.mode} → ${after.mode}`];
  const ids = new Set([...Object.keys(before.ruleModes), ...Object.keys(after.ruleModes)]);
  const rules = [...ids].toSorted().flatMap((rule) => {
    const [left, right] = [modeOf(before, rule), modeOf(after, rule)];
    return left === right ? [] : [`${rule} ${left} → ${right}`];
  });
  return [...own, ...rules].join(', ');
}

/** How far one rule of a bundle counts. */
export function modeOf({ mode, ruleModes }: Pick<GenerationBundle, 'mode' | 'ruleModes'>, rule: string): Mode {
  return (Object.hasOwn(ruleModes, rule) ? ruleModes[rule] : undefined) ?? mode;
}

/** A missing bundle has no hash. */
export function hashText(hash: string): string {
  return hash === '' ? 'nothing' : shortHash(hash);
}

function byId({ bundles }: GenerationFacts): ReadonlyMap<string, GenerationBundle> {
  return new Map(bundles.map((bundle) => [bundle.id, bundle]));
}

function differencesOf(before: GenerationBundle, after: GenerationBundle): BundleChange['what'] {
  // The digest is that of what the bundle ships, the other one that of the data in force, which follows from it.
  const isShipped = before.digest !== after.digest;
  const isModes = before.mode !== after.mode || !isDeepStrictEqual(before.ruleModes, after.ruleModes);
  return [
    ...(isShipped ? (['rules'] as const) : []),
    ...(!isShipped && before.dataDigest !== after.dataDigest ? (['data'] as const) : []),
    ...(isModes ? (['modes'] as const) : []),
    ...(isDeepStrictEqual(before.place, after.place) && before.layer === after.layer ? [] : (['scope'] as const)),
  ];
}

function besides(before: GenerationFacts, after: GenerationFacts): readonly string[] {
  const required = `required layers ${before.required.join(', ') || 'none'} → ${after.required.join(', ') || 'none'}`;
  return [
    ...(isDeepStrictEqual(before.required, after.required) ? [] : [required]),
    ...(before.evaluationFuel === after.evaluationFuel
      ? []
      : [`fuel ${before.evaluationFuel} → ${after.evaluationFuel}`]),
    ...(before.library === after.library ? [] : ['the library']),
    ...(before.toolchain === after.toolchain ? [] : ['the toolchain']),
  ];
}
