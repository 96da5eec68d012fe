/** Buckets of a time for each doubling: what is read back is at most 4.5 % beside what was measured. */
const EACH_DOUBLING = 8;

/** The bucket that microseconds fall into. */
export function bucketOf(us: number): number {
  return us < 1 ? 0 : 1 + Math.floor(Math.log2(us) * EACH_DOUBLING);
}

/** The middle of a bucket, in microseconds. */
function timeOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(2 ** ((bucket - 0.5) / EACH_DOUBLING));
}

/** Of counts by bucket, the time that this part of all does not exceed (nearest rank); 0 where there are none. */
export function percentileIn(counts: ReadonlyMap<number, number>, part: number): number {
  const buckets = [...counts].toSorted(([left], [right]) => left - right);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(total * part));
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= rank) return timeOf(bucket);
  }
  return 0;
}
