import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { decisionsAbout, type Place } from '../e2e/program.ts';
import type { RawServing } from '../e2e/raw-client.ts';
import { libraryOfFaketime } from './faketime.ts';
import { aFaultPlace, aReadyClient, countOf, expectTruth, report, writeMany } from './truth.ts';

const CALL_MS = 16_000;

test('F-20 G-84 a clock that jumps ends no call, expires nothing that lives, and keeps the order of the log', async () => {
  const place = aFaultPlace();
  const clock = join(place.folder, 'clock');
  writeFileSync(clock, '+0');
  const serving = underClock(place, clock);
  // Two gateways, so that one could take the other for dead.
  const [client, other] = [await aReadyClient(place, serving), await aReadyClient(place, serving)];
  const slow = client.call('journal__slow', { ms: CALL_MS, steps: 1 });
  await wait(500);
  const written = [];
  for (const offset of ['+1d', '-1h', '+0']) {
    writeFileSync(clock, offset);
    // Longer than the time between two heartbeats: each has looked at the other.
    const load = Promise.all([client, other].map((each) => writeMany(each, `${offset} ${each.pid}`, { count: 40 })));
    await wait(CALL_MS / 3 + 500);
    written.push(...(await load).flat());
  }
  expect((await slow).content[0]?.text).toBe('done after 1 steps');
  expect(countOf(written, 'written')).toBe(240);

  const [record] = await decisionsAbout(place, 'slow');
  expect(record?.outcome?.status).not.toBe('unknown');
  // Newest first by number, and a day apart by the clock.
  const writes = await decisionsAbout(place, 'write');
  expect(writes.map(({ seq }) => seq)).toEqual(writes.map(({ seq }) => seq).toSorted((one, two) => two - one));
  const times = writes.map(({ time }) => Date.parse(time));
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(24 * 3_600_000);
  report('F-20 clock', { written: written.length, ...(await expectTruth(place, [client, other])) });
});

/** The wall clock is what the file says; what measures times is left alone, as when somebody sets a clock. */
function underClock(place: Place, file: string): RawServing {
  return {
    env: {
      LD_PRELOAD: libraryOfFaketime(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
      HOME: place.folder,
    },
  };
}
