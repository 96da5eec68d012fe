import { dirname } from 'node:path';
import type { BundleLoader } from './bundles.ts';
import { bundlesOf } from './generation.ts';
import { remoteBundles } from './addresses.ts';
import { signatureOf } from './signing.ts';
import { cacheOf } from './sources.ts';
import { findPolicies, type ListedBundle, type PolicyPlace } from './policy-list.ts';
import { lockPathOf, readLock } from '../config/lock-file.ts';
import { addressText } from '../core/bundle-address.ts';
import { shortHash } from '../core/generation.ts';
import { messageOf } from '../core/errors.ts';
import type { LockedServer } from '../core/server-lock.ts';
import type { BundleSignature } from '../core/signature.ts';
import { bundleKey } from '../state/generation-store.ts';

/** One bundle that is kept, or was accepted, held against the digest that is known of it. */
export interface VerifiedBundle {
  /** Of what was accepted with a server, the server's. */
  readonly id: string;
  /** Of an address on disk, of a generation in the store, or accepted with its server in `mcp-gateway.lock`. */
  readonly kept: 'disk' | 'store' | 'lock';
  /** SHA-256, hex: on disk of its files, else of what decides; empty where a server was accepted without a bundle. */
  readonly digest: string;
  /** `changed`: it is not what was kept or accepted. `gone`: something names it and nothing is there. */
  readonly state: 'good' | 'changed' | 'gone';
  /** Held to its `signer` now on disk, and when it was put in force or accepted elsewhere. */
  readonly signature: BundleSignature['kind'];
  readonly why: string;
}

const MOST_ACTIVATIONS = 10_000;

/**
 * Everything that is kept of bundles, what addresses had and what was ever in force, and the servers that were accepted, as
 * far as that can be said without starting them. Throws LOCK_INVALID.
 */
export async function verifyPolicies(place: PolicyPlace, loader: BundleLoader): Promise<readonly VerifiedBundle[]> {
  return [...(await verifyDisk(place)), ...(await verifyStore(place)), ...(await verifyLock(place, loader))];
}

async function verifyDisk({ config, home }: PolicyPlace): Promise<readonly VerifiedBundle[]> {
  const verified = remoteBundles(config).map(async (bundle): Promise<readonly VerifiedBundle[]> => {
    const cache = cacheOf(bundle, home);
    const { digest } = await cache.state();
    if (digest === '') return [];
    const { id, address, demand } = bundle;
    const about = { id, kept: 'disk', digest } as const;
    try {
      const files = (await cache.read())?.files ?? new Map<string, Uint8Array>();
      const { kind } = await signatureOf(id, { source: addressText(address), files }, demand);
      return [{ ...about, signature: kind, state: 'good', why: '' }];
    } catch (thrown) {
      return [{ ...about, signature: 'unsigned', state: 'changed', why: messageOf(thrown) }];
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
      const { id, digest, signer } = bundle;
      const about = { id, kept: 'store', digest, signature: signedText(signer) } as const;
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

/** Each accepted server: its command line as it is written, and the bundle that is at hand for it. */
async function verifyLock(place: PolicyPlace, loader: BundleLoader): Promise<readonly VerifiedBundle[]> {
  const { configPath } = place;
  const locked = Object.entries(readLock(lockPathOf(configPath), dirname(configPath)));
  if (locked.length === 0) return [];
  const listed = (await findPolicies(place, loader)).map((found) => found.listed);
  const bundles = new Map(listed.filter(({ layer }) => layer === 'server').map((bundle) => [bundle.id, bundle]));
  return locked.map(([id, server]) => {
    const digest = server.bundle?.digest ?? '';
    const signature = signedText(server.signer);
    return { id, kept: 'lock', digest, signature, ...heldTo(server, { id, place, own: bundles.get(id) }) };
  });
}

function signedText(signer = ''): 'verified' | 'unsigned' {
  return signer === '' ? 'unsigned' : 'verified';
}

interface AtHand {
  readonly id: string;
  readonly place: PolicyPlace;
  /** The bundle that governs the server; undefined where none is at hand. */
  readonly own: ListedBundle | undefined;
}

function heldTo(locked: LockedServer, { id, place, own }: AtHand): Pick<VerifiedBundle, 'state' | 'why'> {
  const { config, commands } = place;
  const server = Object.hasOwn(config.mcpServers, id) ? config.mcpServers[id] : undefined;
  if (server === undefined) return { state: 'gone', why: 'it was accepted, and the configuration has no such server' };
  if (commands[id] !== locked.command)
    return { state: 'changed', why: 'its command line or address is another than was accepted' };
  const accepted = locked.bundle?.digest ?? '';
  // What a server ships is not known before a gateway has found it.
  if (own === undefined && (accepted === '' || server.policy.source.kind === 'auto')) return { state: 'good', why: '' };
  const { digest = '', why = '' } = own ?? {};
  if (digest === accepted) return { state: 'good', why: '' };
  if (digest === '') return { state: 'gone', why: `the bundle that was accepted is not at hand${why && `: ${why}`}` };
  const was = accepted === '' ? 'it was accepted without a bundle' : `${shortHash(accepted)} was accepted`;
  return { state: 'changed', why: `its bundle is ${shortHash(digest)}, ${was}` };
}
