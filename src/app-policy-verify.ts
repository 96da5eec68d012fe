import { bundlesOf } from './app-generation.ts';
import { remoteBundles } from './app-addresses.ts';
import { cacheOf } from './app-sources.ts';
import type { PolicyPlace } from './app-policy-list.ts';
import { messageOf } from './core/errors.ts';
import { bundleKey } from './state/generation-store.ts';

/** One bundle that is kept, held against the digest that it was kept under. */
export interface VerifiedBundle {
  readonly id: string;
  /** Of an address on disk, or of a generation in the store. */
  readonly kept: 'disk' | 'store';
  /** SHA-256, hex: on disk of its files, in the store of what decides. */
  readonly digest: string;
  /** `changed`: it is not what was kept. `gone`: a generation names it and nothing is there. */
  readonly state: 'good' | 'changed' | 'gone';
  readonly signature: 'unsigned';
  readonly why: string;
}

const MOST_ACTIVATIONS = 10_000;

/** Everything that is kept of bundles: what addresses had, and what was ever in force. */
export async function verifyPolicies(place: PolicyPlace): Promise<readonly VerifiedBundle[]> {
  return [...(await verifyDisk(place)), ...(await verifyStore(place))];
}

async function verifyDisk({ config, home }: PolicyPlace): Promise<readonly VerifiedBundle[]> {
  const verified = remoteBundles(config).map(async (bundle): Promise<readonly VerifiedBundle[]> => {
    const cache = cacheOf(bundle, home);
    const { digest } = await cache.state();
    if (digest === '') return [];
    const about = { id: bundle.id, kept: 'disk', digest, signature: 'unsigned' } as const;
    try {
      await cache.read();
      return [{ ...about, state: 'good', why: '' }];
    } catch (thrown) {
      return [{ ...about, state: 'changed', why: messageOf(thrown) }];
    }
  });
  return (await Promise.all(verified)).flat();
}

/** Each bundle once, however many generations it was in. */
async function verifyStore({ reader }: PolicyPlace): Promise<readonly VerifiedBundle[]> {
  if (reader === undefined) return [];
  const verified = new Map<string, VerifiedBundle>();
  for (const { facts } of await reader.generations.activations(MOST_ACTIVATIONS)) {
    for (const bundle of facts.bundles) {
      const key = bundleKey(bundle);
      // One that was missing then has no digest.
      if (bundle.digest === '' || verified.has(key)) continue;
      const { id, digest } = bundle;
      const about = { id, kept: 'store', digest, signature: 'unsigned' } as const;
      try {
        const [read] = await bundlesOf({ facts: { ...facts, bundles: [bundle] } }, reader.generations);
        const isThere = read?.origin !== undefined;
        verified.set(key, { ...about, state: isThere ? 'good' : 'gone', why: isThere ? '' : 'nothing is kept of it' });
      } catch (thrown) {
        verified.set(key, { ...about, state: 'changed', why: messageOf(thrown) });
      }
    }
  }
  return [...verified.values()];
}
