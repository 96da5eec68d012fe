import { createHash, type Hash } from 'node:crypto';
import { readJsonObject, readYamlObject } from './bundle-data.ts';
import { kindOfFile } from './bundle-path.ts';
import { unmarshal } from './json-numbers.ts';
import { type Term, termOf } from './term.ts';

/** What OPA calls the digests that are taken, and what Node does. MD5, SHA-1 and what is shorter than 256 bits are not. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
  ['SHA-512-256', 'sha512-256'],
]);

const DIGEST_NAMES: readonly string[] = [...DIGESTS.keys()];

/**
 * The digest of one file as OPA's signatures have it, hex: of the manifest and of data over their values, members sorted
 * by the bytes of their names, numbers as they are written; of other files over their bytes. Throws an Error.
 * Source: OPA, "Bundles", section "Signature Format"; OPA's bundle/hash.go.
 */
export function fileDigest(path: string, bytes: Uint8Array, algorithm: string): string {
  const name = DIGESTS.get(algorithm);
  if (name === undefined) throw new Error(`${algorithm || 'no algorithm'} is none of ${DIGEST_NAMES.join(', ')}`);
  const hash = createHash(name);
  const kind = kindOfFile(path);
  if (kind === 'manifest' || kind === 'json') addTerm(hash, termOfJson(path, bytes));
  else if (kind === 'yaml') addTerm(hash, termOfYaml(path, bytes));
  else hash.update(bytes);
  return hash.digest('hex');
}

/** Read strictly before, so that no two readers can see two values in it. */
function termOfJson(path: string, bytes: Uint8Array): Term {
  const read = readJsonObject('', path, bytes);
  if (read.kind === 'refused') throw new Error(read.problems[0]?.message ?? 'the file cannot be read');
  return unmarshal(Buffer.from(bytes).toString());
}

function termOfYaml(path: string, bytes: Uint8Array): Term {
  const read = readYamlObject('', path, bytes);
  if (read.kind === 'refused') throw new Error(read.problems[0]?.message ?? 'the file cannot be read');
  return termOf(read.value);
}

function addTerm(hash: Hash, term: Term): void {
  if (typeof term === 'string') hash.update(goText(term));
  else if (typeof term !== 'object' || term === null) hash.update(String(term));
  else if (term.kind === 'number') hash.update(term.text);
  else if (term.kind === 'object') addMembers(hash, term.entries);
  else addItems(hash, term.items);
}

function addItems(hash: Hash, items: readonly Term[]): void {
  hash.update('[');
  for (const [index, item] of items.entries()) {
    if (index > 0) hash.update(',');
    addTerm(hash, item);
  }
  hash.update(']');
}

function addMembers(hash: Hash, entries: readonly (readonly [Term, Term])[]): void {
  const members = entries.map(([key, value]) => ({ key: typeof key === 'string' ? key : '', value }));
  const sorted = members.toSorted((left, right) => Buffer.compare(Buffer.from(left.key), Buffer.from(right.key)));
  hash.update('{');
  for (const [index, { key, value }] of sorted.entries()) {
    hash.update(`${index > 0 ? ',' : ''}${goText(key)}:`);
    addTerm(hash, value);
  }
  hash.update('}');
}

/** As Go writes a text without escaping for HTML: like JSON.stringify, but for two separators of lines. */
function goText(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
