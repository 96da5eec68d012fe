import { randomFillSync } from 'node:crypto';
import type { Clock } from '../core/clock.ts';

const POOL_BYTES = 4096;
const RANDOM_BYTES = 8;

/**
 * Makes ids of decisions: UUID version 7 (RFC 9562 §5.7), rising within a process even when the clock is set back. Twelve bits
 * after the time count up within a millisecond (§6.2, method 1), the rest is random.
 */
export function decisionIds(clock: Clock): () => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  let lastMs = 0;
  let counter = 0;

  return () => {
    if (used === POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    // The variant: the two highest bits are one and nought (RFC 9562 §4.1).
    pool[used] = ((pool[used] ?? 0) & 0x3f) | 0x80;
    const random = pool.toString('hex', used, used + RANDOM_BYTES);
    used += RANDOM_BYTES;
    const now = clock.now();
    counter = now > lastMs ? 0 : counter + 1;
    if (now > lastMs) lastMs = now;
    if (counter > 0xfff) {
      counter = 0;
      lastMs += 1;
    }
    return format(lastMs, counter, random);
  };
}

function format(ms: number, counter: number, random: string): string {
  const time = ms.toString(16).padStart(12, '0');
  const count = counter.toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${random.slice(0, 4)}-${random.slice(4)}`;
}
