import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Place } from '../e2e/program.ts';
import type { RawClient } from '../e2e/raw-client.ts';
import { journal, receivedBy } from '../e2e/servers.ts';
import { heldByAnother } from '../faults/held-store.ts';
import { isRunning, openFilesOf, residentBytesOf } from '../faults/processes.ts';
import { aFaultPlace, aReadyClient, expectTruth, report, write, type Written } from '../faults/truth.ts';

/** How long, minutes; the figures in docs/security.md are of as many as stand here. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 60);
const CALLS_A_SECOND = 50;
/** Of so many calls one is of a tool that does not exist. */
const ONE_UNKNOWN_IN = 10;
const MINUTE_MS = 60_000;
const SAMPLE_MS = 1_000;
const MB = 1024 * 1024;

/** What may be more at the end than a quarter of the way, when all is warm: the young generation alone swings by 8 MB. */
const MOST_GROWTH_MB = 24;
const MOST_MORE_FILES = 8;

test('F-60 an hour of calls, with a fault each minute, leaves memory and open files as they were, and all recorded', async () => {
  const other = (folder: string): string => `  other: { ${journal(folder, 'other')} }\n`;
  const place = aFaultPlace({ durability: 'normal', server: ', timeout: 2s', more: other });
  const client = await aReadyClient(place);
  const samples = watch(client.pid);
  const faults = faultsEachMinute(place);
  const written = await callSteadily(client, MINUTES * MINUTE_MS);
  const faultsSeen = await faults.stop();
  const { residentMB, files } = samples.stop();

  const figures = await expectTruth(place, [client]);
  report('F-60 soak', { minutes: MINUTES, kinds: kindsOf(written), faultsSeen, residentMB, files, ...figures });
  expect(figures.received).toBeGreaterThan(0);
  expect(residentMB.last - residentMB.warm).toBeLessThan(MOST_GROWTH_MB);
  expect(files.last - files.warm).toBeLessThanOrEqual(MOST_MORE_FILES);
});

/** So many calls a second to two servers and to a tool that is not there, whether or not they are answered. */
async function callSteadily(client: RawClient, forMs: number): Promise<readonly Written[]> {
  const sent: Promise<Written>[] = [];
  const startedAtMs = performance.now();
  for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - startedAtMs) {
    const due = Math.floor((passedMs / 1_000) * CALLS_A_SECOND);
    while (sent.length < due) sent.push(write(client, `soak ${sent.length}`, toolOf(sent.length)));
    await wait(5);
  }
  return Promise.all(sent);
}

function toolOf(call: number): string {
  if (call % ONE_UNKNOWN_IN === 0) return 'journal__absent';
  return call % 2 === 0 ? 'journal__write' : 'other__write';
}

function kindsOf(written: readonly Written[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of written) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** What goes wrong, by its class; each is over before the next. */
const FAULTS: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'F-01': async (place) => {
    const neighbour = await aReadyClient(place);
    for (let call = 0; call < 50; call++) neighbour.begin('tools/call', writing(`neighbour ${neighbour.pid} ${call}`));
    neighbour.signal('SIGKILL');
    await neighbour.ended;
  },
  'F-14': async (place) => {
    const letGo = await heldByAnother(place);
    await wait(2_000);
    await letGo();
  },
  'F-30': async (place) => signalServer(place, 'SIGSTOP'),
  'F-31': async (place) => signalServer(place, 'SIGKILL'),
};

function writing(text: string): object {
  return { name: 'journal__write', arguments: { text } };
}

async function signalServer(place: Place, signal: NodeJS.Signals): Promise<void> {
  const pid = receivedBy(place).findLast((call) => isRunning(call.pid))?.pid;
  if (pid !== undefined) process.kill(pid, signal);
}

/** One fault of the table a minute, by chance. Stopping waits for the last one, and counts them. */
function faultsEachMinute(place: Place): { stop(): Promise<Readonly<Record<string, number>>> } {
  const ending = new AbortController();
  const seen: Record<string, number> = {};
  const going = (async () => {
    while (!ending.signal.aborted) {
      await wait(MINUTE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      const [name, make] = Object.entries(FAULTS)[Math.floor(Math.random() * Object.keys(FAULTS).length)] ?? [];
      if (ending.signal.aborted || name === undefined) return;
      await make?.(place);
      seen[name] = (seen[name] ?? 0) + 1;
    }
  })();
  return {
    stop: async () => {
      ending.abort();
      await going;
      return seen;
    },
  };
}

interface Growth {
  /** The median of the second quarter, and that of the last. */
  readonly warm: number;
  readonly last: number;
}

/** Memory and open files of a process, looked at every second until it is stopped. */
function watch(pid: number): { stop(): { readonly residentMB: Growth; readonly files: Growth } } {
  const resident: number[] = [];
  const files: number[] = [];
  const timer = setInterval(() => {
    resident.push(residentBytesOf(pid) / MB);
    files.push(openFilesOf(pid));
  }, SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return { residentMB: growthOf(resident), files: growthOf(files) };
    },
  };
}

function growthOf(samples: readonly number[]): Growth {
  const quarter = Math.floor(samples.length / 4);
  return { warm: median(samples.slice(quarter, 2 * quarter)), last: median(samples.slice(-quarter)) };
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
}
