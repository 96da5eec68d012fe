import { posix } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { FORBIDDEN_NAMES } from '../core/names.ts';
import type { RegoProblem } from '../core/rego.ts';
import { parseRequestBytes } from '../core/strict-json.ts';
import { kindOfFile, MAX_BYTES } from './bundle-path.ts';
import { problemOf } from './bundle-problems.ts';

const LIMITS = { maxBytes: MAX_BYTES, maxDepth: 64, maxKeys: 5_000_000, maxStringBytes: MAX_BYTES };

export interface DataTree {
  readonly data: JsonObject;
  readonly problems: readonly RegoProblem[];
}

/**
 * The data document of a bundle: a file in a folder lands below the folder's
 * path. Two files may fill one object, but not one member.
 * Source: OPA, "Bundles", section "Bundle File Format".
 */
export function readData(bundle: string, files: ReadonlyMap<string, Uint8Array>): DataTree {
  const problems: RegoProblem[] = [];
  let data: JsonObject = {};
  for (const [file, bytes] of [...files].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const kind = kindOfFile(file);
    if (kind !== 'json' && kind !== 'yaml') continue;
    const read = kind === 'json' ? readJsonObject(bundle, file, bytes) : readYamlObject(bundle, file, bytes);
    if (read.kind === 'refused') {
      problems.push(...read.problems);
      continue;
    }
    const overlaps: string[] = [];
    data = unite(data, below(posix.dirname(file), read.value), { path: 'data', overlaps });
    problems.push(
      ...overlaps.map((path) => problemOf(bundle, 'bundle_data', [file, `${path} is set by another file, too`])),
    );
  }
  return { data, problems };
}

export type ReadObject =
  | { readonly kind: 'ok'; readonly value: JsonObject }
  | { readonly kind: 'refused'; readonly problems: readonly RegoProblem[] };

/** A JSON file as strictly as a request is read: no key twice, no number that a double cannot hold. */
export function readJsonObject(bundle: string, file: string, bytes: Uint8Array): ReadObject {
  const parsed = parseRequestBytes(bytes, LIMITS);
  if (parsed.kind === 'ok') return parsed;
  const { line, column } = parsed;
  const message = parsed.message.replace(/^The message /, 'the file ').replace(/ \(line \d+, column \d+\)\.$/, '');
  return { kind: 'refused', problems: [{ bundle, code: 'bundle_json', message, file, row: line, column }] };
}

export function readYamlObject(bundle: string, file: string, bytes: Uint8Array): ReadObject {
  const refuse = (message: string, row = 0, column = 0): ReadObject => ({
    kind: 'refused',
    problems: [{ bundle, code: 'bundle_yaml', message, file, row, column }],
  });
  const text = decode(bytes);
  if (text === null) return refuse('the file is not UTF-8');
  const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: true });
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) return refuse(firstLine(first.message), first.linePos?.[0].line, first.linePos?.[0].col);
  const value: unknown = toPlain(document);
  const unfit = unfitPart(value, 'data', 0);
  if (unfit !== '') return refuse(unfit);
  return isJsonObject(value) ? { kind: 'ok', value } : refuse('the file is no object');
}

/** Null for an alias bomb, which is then no object. */
function toPlain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return null;
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;
}

/** The first part of a value that policy could not hold exactly, in words; empty where there is none. */
export function unfitPart(value: unknown, path: string, depth: number): string {
  if (depth > LIMITS.maxDepth) return `${path.slice(0, 200)} lies deeper than ${LIMITS.maxDepth} levels`;
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return isExact ? '' : `${path} is a number that cannot be held exactly; write it as text`;
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return '';
  if (Array.isArray(value)) return firstUnfit(value.entries(), path, depth);
  if (!isJsonObject(value)) return `${path} is nothing that JSON has`;
  const forbidden = Object.keys(value).find((key) => FORBIDDEN_NAMES.has(key));
  return forbidden === undefined
    ? firstUnfit(Object.entries(value), path, depth)
    : `${path}.${forbidden}: this name is not allowed`;
}

function firstUnfit(members: Iterable<readonly [string | number, unknown]>, path: string, depth: number): string {
  for (const [key, member] of members) {
    const unfit = unfitPart(member, `${path}.${key}`, depth + 1);
    if (unfit !== '') return unfit;
  }
  return '';
}

function below(folder: string, value: JsonObject): JsonObject {
  if (folder === '.') return value;
  return folder.split('/').reduceRight<JsonObject>((inner, part) => ({ [part]: inner }), value);
}

interface Place {
  readonly path: string;
  readonly overlaps: string[];
}

function unite(left: JsonObject, right: JsonObject, place: Place): JsonObject {
  const united: Record<string, Json> = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const before = Object.hasOwn(left, key) ? left[key] : undefined;
    const path = `${place.path}.${key}`;
    if (before === undefined) united[key] = value;
    else if (isJsonObject(before) && isJsonObject(value)) united[key] = unite(before, value, { ...place, path });
    else place.overlaps.push(path);
  }
  return united;
}
