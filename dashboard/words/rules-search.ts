import type { BundleRow, RuleRow } from '../../src/dashboard/api-policies.ts';

/** Bundles with the rules in whose words every word of `text` occurs; a bundle's own name lets all of its rules through. */
export function matchingBundles(bundles: readonly BundleRow[], text: string): readonly BundleRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return bundles;
  const has = (said: string): boolean => words.every((word) => said.toLowerCase().includes(word));
  return bundles
    .map((bundle) => (has(bundle.id) ? bundle : { ...bundle, rules: bundle.rules.filter((rule) => has(saidBy(rule))) }))
    .filter(({ id, rules }) => rules.length > 0 || has(id));
}

function saidBy({ id, title, description, remediation, control, owner }: RuleRow): string {
  return [id, title, description, remediation, owner, ...control].join(' ');
}
