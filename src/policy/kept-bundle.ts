import { shortHash } from '../core/generation.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { LibraryFiles } from '../core/rego.ts';
import { type Bundle, digestOfData, makeBundle } from './bundle.ts';
import { readJsonObject } from './bundle-data.ts';
import { invalidBundle, problemOf } from './bundle-problems.ts';

/** Which bundle is meant: what it shipped with, and the data it was in force with. Both SHA-256, hex. */
export type BundleDigests = Pick<Bundle, 'digest' | 'dataDigest'>;

/** A bundle as it was in force, as text, so that it can be asked again when nothing else is left of it. */
export function writeKeptBundle({ manifestText, modules, tests, shippedData, data }: Bundle): string {
  const files = { ...modules, ...tests, '.manifest': manifestText, 'data.json': canonicalJson(shippedData) };
  return canonicalJson({ files, data });
}

/** The bundle again. Throws BUNDLE_INVALID where the text is not the bundle that the digests name. */
export function readKeptBundle(id: string, text: string, digests: BundleDigests): Bundle {
  const source = `kept ${shortHash(digests.digest)}`;
  const kept = readJsonObject(id, '', Buffer.from(text));
  const { files, data } = kept.kind === 'ok' ? kept.value : {};
  const changed = invalidBundle(id, source, [problemOf(id, 'bundle_kept', ['', 'what was kept of it has changed'])]);
  if (!isJsonObject(files) || !isJsonObject(data)) throw changed;
  const bundle = { ...makeBundle(id, { source, files: asBytes(files) }), data, dataDigest: digestOfData(data) };
  if (bundle.digest !== digests.digest || bundle.dataDigest !== digests.dataDigest) throw changed;
  return bundle;
}

function asBytes(files: JsonObject): ReadonlyMap<string, Uint8Array> {
  return new Map(
    Object.entries(files).map(([path, text]) => [path, Buffer.from(typeof text === 'string' ? text : '')]),
  );
}

/** The library again, from its canonical text; undefined where the text is not the one that the digest names. */
export function readKeptLibrary(text: string, digest: string): LibraryFiles | undefined {
  if (sha256Hex(text) !== digest) return undefined;
  const files: unknown = JSON.parse(text);
  const entries = isJsonObject(files) ? Object.entries(files) : [];
  return Object.fromEntries(entries.map(([path, source]) => [path, typeof source === 'string' ? source : '']));
}
