import { hash } from 'node:crypto';

import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { writeJson } from './lossless-json.ts';

/**
 * The one text that equal values share: members sorted by UTF-16 code units, no space, numbers as ECMAScript writes them
 * (RFC 8785). Numbers that a double would change are written as they were received.
 */
export function canonicalJson(value: Json): string {
  return isInOrder(value) ? writeJson(value) : sortedText(value);
}

/** An equal value whose members are sorted, so that its plain text is the canonical one; the same where they are. */
export function sortMembers(value: JsonObject): JsonObject {
  return isInOrder(value) ? value : sortedObject(value);
}

/** 64 hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** Values that the gateway makes itself are; looking is much cheaper than sorting and writing member by member. */
function isInOrder(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!isJsonObject(value)) return value.every(isInOrder);
  let before = '';
  for (const key in value) {
    if (key < before || !isInOrder(value[key] ?? null)) return false;
    before = key;
  }
  return true;
}

function sortedText(value: Json): string {
  if (typeof value !== 'object' || value === null) return writeJson(value);
  if (!isJsonObject(value)) return `[${value.map(sortedText).join(',')}]`;
  let members = '';
  // Without a comparator, texts are sorted by their UTF-16 code units.
  for (const key of Object.keys(value).toSorted()) {
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${sortedText(value[key] ?? null)}`;
  }
  return `{${members}}`;
}

/** Object.fromEntries defines members, so that `__proto__` stays one. Names that are whole numbers keep their own order. */
function sortedObject(value: JsonObject): JsonObject {
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name] ?? null)]));
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  return isJsonObject(value) ? sortedObject(value) : value.map(sorted);
}
