/** Whether revisions such as this one stand in an order: whole numbers, and versions such as `1.4.0`. */
export function isOrdered(revision: string): boolean {
  return partsOf(revision) !== undefined;
}

/** Whether one revision comes before the other; undefined where either stands in no order. */
export function isBefore(revision: string, other: string): boolean | undefined {
  const [given, least] = [partsOf(revision), partsOf(other)];
  if (given === undefined || least === undefined) return undefined;
  for (let index = 0; index < Math.max(given.length, least.length); index += 1) {
    const difference = (given[index] ?? 0) - (least[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function partsOf(text: string): readonly number[] | undefined {
  return /^v?\d{1,9}(\.\d{1,9})*$/.test(text) ? text.replace(/^v/, '').split('.').map(Number) : undefined;
}
