import { isDeepStrictEqual } from 'node:util';
import { digestsOf, type Stand } from './stands.ts';

export type Change = { readonly bundle: string } | { readonly why: string };

/** What has changed since the last generation. */
export class Due {
  readonly bundles = new Set<string>();
  readonly #whys = new Set<string>();

  get isThere(): boolean {
    return this.bundles.size + this.#whys.size > 0;
  }

  add(change: Change): void {
    if ('bundle' in change) this.bundles.add(change.bundle);
    else this.#whys.add(change.why);
  }

  addAll(others: Due): void {
    for (const bundle of others.bundles) this.bundles.add(bundle);
    for (const why of others.#whys) this.#whys.add(why);
  }

  /** Why there is another generation, in words. */
  reason(stands: readonly Stand[], before: ReadonlyMap<string, Stand>): string {
    const changed = stands
      .filter((stand) => !isDeepStrictEqual(digestsOf(stand), digestsOf(before.get(stand.wanted.id) ?? NOT_THERE)))
      .map(({ wanted }) => wanted.id);
    const word = changed.length === 1 ? 'bundle' : 'bundles';
    const bundles = changed.length === 0 ? [] : [`${word} ${changed.join(', ')} changed`];
    // The same bundle may be signed by somebody else, or for longer.
    return [...this.#whys, ...bundles].join('; ') || 'signatures changed';
  }
}

const NOT_THERE = { loaded: undefined };
