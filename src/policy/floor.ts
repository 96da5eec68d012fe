import type { Manifest } from './manifest.ts';

type Floor = Manifest['metadata']['gateway']['floor'];

/**
 * Whether a revision of a bundle may be put in force again, where a manifest names the lowest that may. Both are whole
 * numbers or versions such as `1.4.0`; what cannot be compared may not.
 */
export function isBelowFloor(revision: string, floor: Floor): boolean {
  if (floor === undefined) return false;
  const [given, least] = [partsOf(revision), partsOf(String(floor))];
  if (given === undefined || least === undefined) return revision !== String(floor);
  for (let index = 0; index < Math.max(given.length, least.length); index += 1) {
    const difference = (given[index] ?? 0) - (least[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function partsOf(text: string): readonly number[] | undefined {
  return /^v?\d{1,9}(\.\d{1,9})*$/.test(text) ? text.replace(/^v/, '').split('.').map(Number) : undefined;
}
