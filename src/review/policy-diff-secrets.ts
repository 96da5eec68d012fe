import type { Json } from '../core/json.ts';
import type { DataDiff } from './diff-data.ts';
import type { PolicyDiff } from './policy-diff.ts';

const HIDDEN = '••••';

/**
 * A difference without what must not be shown: an admin may set secrets in the data of bundles. Where one side of a value has
 * one that is known, the other side is hidden too, for it is the one before or the next.
 */
export function withoutSecrets(found: PolicyDiff, secrets: readonly string[]): PolicyDiff {
  const hide = (text: string): string => secrets.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
  const hideAll = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value, (_, member: unknown) => (typeof member === 'string' ? hide(member) : member)),
    ) as T;
  const hasSecret = (value: Json | undefined): boolean => {
    return value !== undefined && JSON.stringify(value) !== JSON.stringify(hideAll(value));
  };
  const hideSides = (diff: DataDiff): DataDiff => {
    const { pointer, before, after } = diff;
    if (!hasSecret(before) && !hasSecret(after)) return diff;
    return { pointer, ...(before !== undefined && { before: HIDDEN }), ...(after !== undefined && { after: HIDDEN }) };
  };
  const bundles = found.bundles.map((bundle) => ({ ...bundle, data: bundle.data.map(hideSides) }));
  return hideAll({ ...found, bundles });
}
