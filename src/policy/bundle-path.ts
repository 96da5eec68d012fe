import { posix } from 'node:path';
import { FORBIDDEN_NAMES } from '../core/names.ts';

/** What a file of a bundle is, by its name alone. */
export type FileKind = 'manifest' | 'module' | 'test' | 'json' | 'yaml' | 'signatures';

/** Largest packed archive. */
export const MAX_ARCHIVE_BYTES = 16 * 1024 * 1024;
/** At most this many files, and this much of them together. */
export const MAX_ENTRIES = 2_000;
export const MAX_BYTES = 64 * 1024 * 1024;

/** Where the signatures of a bundle stand. */
export const SIGNATURES = '.signatures.json';

const SAFE_NAME = /^[\w./-]+$/;

/** The kind of a file that a bundle may have, or null. Manifest and signatures lie at the top. */
export function kindOfFile(path: string): FileKind | null {
  if (path === '.manifest') return 'manifest';
  if (path === SIGNATURES) return 'signatures';
  const name = posix.basename(path);
  if (name === 'data.json') return 'json';
  if (name === 'data.yaml' || name === 'data.yml') return 'yaml';
  if (name.endsWith('_test.rego')) return 'test';
  return name.endsWith('.rego') ? 'module' : null;
}

/** What is wrong with a path inside a bundle, or the empty text. */
export function pathProblem(path: string): string {
  if (!SAFE_NAME.test(path)) return 'the name has characters other than letters, digits and _ . / -';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'the name is not a plain relative path';
  if (parts.some((part) => FORBIDDEN_NAMES.has(part))) return 'the name is not allowed';
  return '';
}

/** Two paths with one key would be one file on some disks. */
export function collisionKey(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** Whether a file that a source names, by its path from the top of the bundle, is part of it. */
export function belongsToBundle(path: string): boolean {
  return kindOfFile(path) !== null && !path.split('/').slice(0, -1).some(isLeftAlone);
}

/** `vendor` holds the copy of the gateway's library that is for editors and plain OPA. */
export function isLeftAlone(folderName: string): boolean {
  return folderName.startsWith('.') || folderName === 'node_modules' || folderName === 'vendor';
}
