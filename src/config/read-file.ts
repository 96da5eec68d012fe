import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { blankComments } from './json-comments.ts';
import type { Problem } from './problems.ts';
import type { SourceFile } from './tree.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_SECRET_BYTES = 64 * 1024;
const WRITABLE_BY_ALL = 0o002;

export type ReadSource = { readonly file: SourceFile; readonly problems: readonly Problem[] };

/** As `readText`, of a file that names programs: nobody else may have written it. */
export function readSource(path: string, workingFolder: string): ReadSource {
  const { file, problems } = readText(path, workingFolder);
  return { file, problems: problems.length > 0 ? problems : permissionProblems({ ...file, text: '' }) };
}

/** Reads a file of YAML or JSON as UTF-8. What stands in the way is a problem of that file, not an exception. */
export function readText(path: string, workingFolder: string): ReadSource {
  const name = relative(workingFolder, path);
  const file = { path, name: name.startsWith('..') || name === '' ? path : name, text: '' };
  try {
    const text = contentOf(path, MAX_BYTES);
    return { file: { ...file, text: isJson(path) ? blankComments(text) : text }, problems: [] };
  } catch (thrown) {
    return { file, problems: [problem(file, `cannot be read: ${reasonOf(thrown)}`)] };
  }
}

/** The text of a small file for `${file:…}`. */
export function readSecretText(path: string): string {
  return contentOf(path, MAX_SECRET_BYTES);
}

/** The files that a path of `include` names, sorted by name; `*` and `?` may stand in the last part. */
export function expandGlob(path: string): readonly string[] {
  const pattern = basename(path);
  if (!/[*?]/.test(pattern)) return [path];
  const matcher = new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  const folder = dirname(path);
  try {
    return readdirSync(folder)
      .filter((name) => matcher.test(name) && !name.startsWith('.'))
      .toSorted()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function contentOf(path: string, maxBytes: number): string {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error('it is not a file');
  if (stats.size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024} KB`);
  return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
}

/** The file names programs to start, so whoever may write it may run them. Windows has no such bits. */
function permissionProblems(file: SourceFile): readonly Problem[] {
  if (process.platform === 'win32') return [];
  if ((statSync(file.path).mode & WRITABLE_BY_ALL) === 0) return [];
  return [
    {
      ...problem(file, 'every user of this machine may change this file, and so start programs as you'),
      help: `chmod o-w ${file.path}`,
    },
  ];
}

function problem(file: SourceFile, message: string): Problem {
  return { code: 'E_FILE', path: '', message, place: { file, start: 0, end: 0 } };
}

function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'the gateway has no right to';
  return code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : messageOf(thrown);
}

function isJson(path: string): boolean {
  return /\.jsonc?$/i.test(path);
}
