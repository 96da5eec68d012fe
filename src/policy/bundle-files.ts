import { existsSync, type Stats } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import {
  belongsToBundle,
  collisionKey,
  isLeftAlone,
  kindOfFile,
  MAX_ARCHIVE_BYTES,
  MAX_BYTES,
  MAX_ENTRIES,
  pathProblem,
} from './bundle-path.ts';

/** Reads a bundle from a folder or a `.tar.gz`. Throws BUNDLE_UNREADABLE. */
export async function readBundle(path: string): Promise<BundleFiles> {
  try {
    const found = await stat(path);
    const files = found.isDirectory() ? await readFolder(path) : await readArchiveFile(path, found);
    return { source: path, files };
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = isAbsent ? 'there is no such file or folder' : messageOf(cause);
    throw new GatewayError('BUNDLE_UNREADABLE', `the policy bundle ${path} cannot be read: ${why}`, {
      mend: /larger than/.test(why) ? SMALLER : 'Name a folder with a .manifest in it, or a .tar.gz of such a folder.',
      cause,
    });
  }
}

const SMALLER = 'Keep large tables where the server can look them up; a policy reads its data at every start.';

function inMegabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

/** Asks for the size first: what is no regular file may have no end. */
async function readArchiveFile(path: string, found: Stats): Promise<ReadonlyMap<string, Uint8Array>> {
  if (!found.isFile()) throw new Error('it is neither a folder nor a file');
  if (found.size > MAX_ARCHIVE_BYTES) throw new Error('it is larger than 16 MB');
  // Most bundles are folders, and only these need a reader of archives.
  const { readArchive } = await import('./archive.ts');
  const bytes = await readFile(path);
  const other = otherThanGzip(bytes);
  if (other !== '') throw new Error(other);
  return readArchive(bytes);
}

/** What was found in place of an archive, where that is plain to see; a page of a web server is the usual case. */
function otherThanGzip(bytes: Buffer): string {
  const start = bytes.subarray(0, 256).toString('latin1').trimStart();
  if (/^<(?:!doctype|html|\?xml)/i.test(start)) return 'it is a web page, not a .tar.gz';
  if (start.startsWith('PK')) return 'it is a zip archive, not a .tar.gz';
  return start.startsWith('package ') || start.startsWith('#')
    ? 'it is one Rego file; a bundle is a folder with a .manifest'
    : '';
}

/** The files of a folder that belong to a bundle; a README, documents and what is hidden beside them are left alone. */
async function readFolder(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  // A folder that is no bundle may be somebody's whole disk: it is not walked.
  if (!existsSync(join(folder, '.manifest'))) throw new Error('there is no .manifest in it');
  const files = new Map<string, Uint8Array>();
  const seen = new Set<string>();
  let bytes = 0;
  for (const path of await bundlePaths(folder)) {
    if (files.size >= MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} files`);
    const problem = pathProblem(path);
    if (problem !== '') throw new Error(`${JSON.stringify(path)}: ${problem}`);
    if (seen.has(collisionKey(path))) throw new Error(`${path} differs from another file only by case`);
    seen.add(collisionKey(path));
    const { size } = await lstat(join(folder, path));
    bytes += size;
    if (bytes > MAX_BYTES) throw new Error(`it is larger than 64 MB; ${path} alone has ${inMegabytes(size)} MB`);
    files.set(path, await readFile(join(folder, path)));
  }
  return files;
}

/** The files of a folder that belong to a bundle, as paths below it; those beyond `MAX_ENTRIES` are left out. */
export function bundlePaths(folder: string): Promise<readonly string[]> {
  return listFiles(folder, '');
}

async function listFiles(folder: string, below: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!isLeftAlone(entry.name)) paths.push(...(await listFiles(folder, path)));
    } else if (kindOfFile(path) !== null) {
      if (!entry.isFile()) throw new Error(`${path} is no regular file`);
      paths.push(path);
    }
    if (paths.length > MAX_ENTRIES) break;
  }
  return paths;
}

/** Files that a source gave one by one, held to what holds in a folder. Throws an Error that says what is wrong. */
export function checkedFiles(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const wanted = [...files].filter(([path]) => belongsToBundle(path));
  if (!files.has('.manifest')) throw new Error('there is no .manifest in it');
  if (wanted.length > MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} files`);
  const seen = new Set<string>();
  for (const [path] of wanted) {
    const problem = pathProblem(path);
    if (problem !== '') throw new Error(`${JSON.stringify(path.slice(0, 200))}: ${problem}`);
    if (seen.has(collisionKey(path))) throw new Error(`${path} differs from another file only by case`);
    seen.add(collisionKey(path));
  }
  return new Map(wanted);
}
