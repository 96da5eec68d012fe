import { createHash } from 'node:crypto';

import { isJsonObject, type Json } from './json.ts';
import { writeJson } from './lossless-json.ts';

/**
 * The one text that equal values share: members sorted by UTF-16 code units, no space, numbers as ECMAScript writes them
 * (RFC 8785). Numbers that a double would change are written as they were received.
 */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return writeJson(value);
  if (!isJsonObject(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let members = '';
  // Without a comparator, texts are sorted by their UTF-16 code units.
  for (const key of Object.keys(value).toSorted()) {
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`;
  }
  return `{${members}}`;
}

/** 64 hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
