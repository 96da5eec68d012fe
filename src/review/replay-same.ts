import { isJsonObject } from '../core/json.ts';

/** What stands in a record for a text that is kept out of it. */
const HASH = /^hmac:[0-9a-f]{12}$/;

/**
 * Whether two values have the same canonical JSON; a text of which the record has only the hash is taken for the same.
 * Members that are undefined are absent. Loops: this runs for every replayed decision.
 */
export function sameAsRecorded(recorded: unknown, again: unknown): boolean {
  if (recorded === again) return true;
  if (Array.isArray(recorded)) return Array.isArray(again) && sameItems(recorded, again);
  if (isJsonObject(recorded)) return isJsonObject(again) && sameMembers(recorded, again);
  return typeof recorded === 'string' && typeof again === 'string' && HASH.test(recorded);
}

function sameItems(recorded: readonly unknown[], again: readonly unknown[]): boolean {
  if (recorded.length !== again.length) return false;
  for (let index = 0; index < recorded.length; index += 1) {
    if (!sameAsRecorded(recorded[index], again[index])) return false;
  }
  return true;
}

function sameMembers(recorded: Readonly<Record<string, unknown>>, again: Readonly<Record<string, unknown>>): boolean {
  for (const name in recorded) if (!sameAsRecorded(recorded[name], again[name])) return false;
  for (const name in again) if (again[name] !== undefined && recorded[name] === undefined) return false;
  return true;
}
