import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import type { JsonObject } from '../core/json.ts';
import type { Layer } from '../core/opinion.ts';
import type { BundleSource, RegoProblem } from '../core/rego.ts';
import type { BundleSignature } from '../core/signature.ts';
import { readData, readJsonObject } from './bundle-data.ts';
import { kindOfFile, SIGNATURES } from './bundle-path.ts';
import { invalidBundle, problemOf } from './bundle-problems.ts';
import { Manifest } from './manifest.ts';
import { manifestProblems } from './manifest-problems.ts';

/** One deployable policy of one layer, read and checked except for its Rego. */
export interface Bundle {
  readonly id: string;
  readonly layer: Layer;
  readonly root: string;
  readonly manifest: Manifest;
  /** As it ships, as canonical JSON. */
  readonly manifestText: string;
  /** Rego files by path, tests left out. */
  readonly modules: Readonly<Record<string, string>>;
  /** Rego files whose names end in `_test.rego`. */
  readonly tests: Readonly<Record<string, string>>;
  /** The data document from the top (its only member is the root), with the admin's configuration merged in. */
  readonly data: JsonObject;
  /** The same as it ships. */
  readonly shippedData: JsonObject;
  /** SHA-256 over manifest, modules and shipped data, hex. Tests and the admin's data do not count. */
  readonly digest: string;
  /** SHA-256 over `data` as it is in force, hex. */
  readonly dataDigest: string;
  readonly source: string;
  /** What is known of its signatures. They are not part of the digest. */
  readonly signature: BundleSignature;
}

/** Checks everything but the Rego. Throws BUNDLE_INVALID with all problems. */
export function makeBundle(id: string, { source, files }: BundleFiles): Bundle {
  const manifest = readManifest(id, files.get('.manifest'));
  const rego = readModules(id, files);
  const tree = readData(id, files);
  const problems = [...manifest.problems, ...rego.problems, ...tree.problems];
  if (manifest.value === null || problems.length > 0) throw invalidBundle(id, source, problems);

  const [root] = manifest.value.roots;
  const strays = Object.keys(tree.data).filter((member) => member !== root);
  if (strays.length > 0) {
    const outside = strays.map((member) => `data.${member} lies outside the bundle’s root ${root}`);
    throw invalidBundle(
      id,
      source,
      outside.map((message) => problemOf(id, 'bundle_data', ['', message])),
    );
  }
  const data: JsonObject = { [root]: {}, ...tree.data };
  const { modules, tests } = rego;
  const manifestText = manifest.canonical;
  return {
    id,
    layer: manifest.value.metadata.gateway.layer,
    root,
    manifest: manifest.value,
    manifestText,
    modules,
    tests,
    data,
    shippedData: data,
    digest: digestOf([...Object.entries(modules), ['manifest', manifestText], ['data', canonicalJson(data)]]),
    dataDigest: digestOfData(data),
    source,
    signature: { kind: files.has(SIGNATURES) ? 'unverified' : 'unsigned' },
  };
}

/** The bundle in the words of the toolchain. */
export function toSource({ id, root, modules, tests, data }: Bundle): BundleSource {
  return { id, root, files: { ...modules, ...tests }, data };
}

export function digestOfData(data: JsonObject): string {
  return digestOf([['data', canonicalJson(data)]]);
}

interface FoundManifest {
  readonly value: Manifest | null;
  readonly canonical: string;
  readonly problems: readonly RegoProblem[];
}

function readManifest(id: string, bytes: Uint8Array | undefined): FoundManifest {
  const refused = (problems: readonly RegoProblem[]): FoundManifest => ({ value: null, canonical: '', problems });
  if (bytes === undefined) return refused([problemOf(id, 'bundle_manifest', ['.manifest', 'the file is missing'])]);
  const read = readJsonObject(id, '.manifest', bytes);
  if (read.kind === 'refused') return refused(read.problems);
  const parsed = Manifest.safeParse(read.value);
  if (parsed.success) return { value: parsed.data, canonical: canonicalJson(read.value), problems: [] };
  const text = Buffer.from(bytes).toString();
  return refused(manifestProblems({ bundle: id, text, value: read.value, issues: parsed.error.issues }));
}

interface FoundModules {
  readonly modules: Readonly<Record<string, string>>;
  readonly tests: Readonly<Record<string, string>>;
  readonly problems: readonly RegoProblem[];
}

function readModules(id: string, files: ReadonlyMap<string, Uint8Array>): FoundModules {
  const modules: Record<string, string> = {};
  const tests: Record<string, string> = {};
  const problems: RegoProblem[] = [];
  for (const [file, bytes] of [...files].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const kind = kindOfFile(file);
    if (kind !== 'module' && kind !== 'test') continue;
    const text = decode(bytes);
    if (text === null) problems.push(problemOf(id, 'bundle_file', [file, 'the file is not UTF-8']));
    else if (kind === 'test') tests[file] = text;
    else modules[file] = text;
  }
  if (Object.keys(modules).length === 0 && problems.length === 0) {
    problems.push(problemOf(id, 'bundle_file', ['', 'there is no Rego file in it']));
  }
  return { modules, tests, problems };
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Lengths stand before names and contents, so that no two lists of files have one encoding. */
function digestOf(parts: readonly (readonly [string, string])[]): string {
  return sha256Hex(parts.map(([name, content]) => `${lengthPrefixed(name)}${lengthPrefixed(content)}`).join(''));
}

function lengthPrefixed(text: string): string {
  return `${Buffer.byteLength(text)}:${text}`;
}
