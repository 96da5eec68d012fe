import { isBefore } from '../core/revision.ts';
import type { Manifest } from './manifest.ts';

type Floor = Manifest['metadata']['gateway']['floor'];

/**
 * Whether a revision of a bundle may be put in force again, where a manifest names the lowest that may. Both are whole
 * numbers or versions such as `1.4.0`; what cannot be compared may not.
 */
export function isBelowFloor(revision: string, floor: Floor): boolean {
  if (floor === undefined) return false;
  return isBefore(revision, String(floor)) ?? revision !== String(floor);
}
