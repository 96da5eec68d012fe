/**
 * Whether a revision of a bundle is older than the oldest that may be in force. Both are read as numbers between dots, the
 * first that differs decides; what is no number is older than every number, so that a revision nobody can place is refused.
 */
export function isBelowFloor(revision: string, floor: string | number): boolean {
  const least = partsOf(String(floor));
  const given = partsOf(revision);
  for (let at = 0; at < Math.max(least.length, given.length); at++) {
    const difference = (given[at] ?? 0) - (least[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function partsOf(revision: string): readonly number[] {
  return revision
    .replace(/^v/u, '')
    .split('.')
    .map((part) => (/^\d+$/u.test(part) ? Number(part) : -1));
}
