import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '../core/errors.ts';

/** A file of a client as it was read. */
export type FileText =
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'text';
      /** With its byte-order mark, so that writing it back gives the same bytes. */
      readonly text: string;
      readonly bytes: Buffer;
      readonly hash: string;
    }
  | { readonly kind: 'unreadable'; readonly why: string };

const MAX_BYTES = 64 * 1024 * 1024;

/** Throws nothing: what cannot be read is told in words. */
export function readFileText(path: string): FileText {
  try {
    const found = statSync(path);
    if (!found.isFile()) return unreadable('is no file');
    if (found.size > MAX_BYTES) return unreadable('is larger than 64 MB');
    return textOf(readFileSync(path));
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
    return unreadable(`cannot be read: ${messageOf(thrown)}`);
  }
}

/** SHA-256 in hex. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function textOf(bytes: Buffer): FileText {
  if (isWide(bytes)) return unreadable('is in UTF-16; save it as UTF-8');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { kind: 'text', text, bytes, hash: hashOf(bytes) };
  } catch {
    return unreadable('is not in UTF-8; save it as UTF-8');
  }
}

/** By its mark, or by a zero beside the first character, which is a bracket, a blank or a letter. */
function isWide(bytes: Buffer): boolean {
  const [first, second] = bytes;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return isMarked || (bytes.length > 1 && (first === 0 || second === 0));
}

function unreadable(why: string): FileText {
  return { kind: 'unreadable', why };
}
