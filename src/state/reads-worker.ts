import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from '../core/called-thread.ts';
import type { Clock } from '../core/clock.ts';
import { DRIVERS } from './drivers.ts';
import type { ReadsSettings } from './reads-thread.ts';
import { LocalReads } from './store-reads.ts';

/** The thread that reads for pages, so that no decision waits for what a person looks at. */
const settings = workerData as ReadsSettings;
const driver = DRIVERS.find(({ name }) => name === settings.driver);
if (driver === undefined || parentPort === null) throw new Error('the reader is started by the dashboard only');

/** Between two looks for new rows. */
const IDLE_MS = 1_000;
const SHRINK_EVERY_MS = 10 * 60_000;

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const reads = new LocalReads({ place: settings.place, home: settings.home, driver, clock });
const ending = new AbortController();
const kept = keepIndex();
answerCalls(parentPort, reads, async () => {
  ending.abort();
  await kept;
  await reads.close();
});

/** In pieces of some milliseconds, with as much time between them: others want the processor and the disk, too. */
async function keepIndex(): Promise<void> {
  const { signal } = ending;
  let shrinkAt = 0;
  while (!signal.aborted) {
    let restMs = IDLE_MS;
    try {
      const begun = performance.now();
      if (await reads.fill()) restMs = Math.ceil(performance.now() - begun);
      if (Date.now() >= shrinkAt) {
        await reads.shrink(Date.now());
        shrinkAt = Date.now() + SHRINK_EVERY_MS;
      }
    } catch {
      // Whoever asks next is told; a store that is back by then is read again.
    }
    await wait(restMs, undefined, { signal }).catch(() => undefined);
  }
}
