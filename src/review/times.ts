/**
 * Times in classes, each a tenth wider than the one before: memory does not grow with how many there are, and a
 * percentile is at most a tenth off. Counts by the number of the class.
 */
export type Times = ReadonlyMap<number, number>;

export const NO_TIMES: Times = new Map();

const WIDTH = Math.log(1.1);

/** Microseconds. */
export function addTimes(times: Times, more: readonly number[]): Times {
  const counts = new Map(times);
  for (const us of more) {
    const number = Math.ceil(Math.log(Math.max(us, 1)) / WIDTH);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

/** The upper edge of the class in which the nearest rank lies, in microseconds; 0 where there are no times. */
export function percentileOf(times: Times, part: number): number {
  const total = [...times.values()].reduce((sum, count) => sum + count, 0);
  let left = Math.ceil(total * part);
  for (const [number, count] of [...times].toSorted(([one], [other]) => one - other)) {
    left -= count;
    if (left <= 0) return Math.exp(number * WIDTH);
  }
  return 0;
}
