import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { quantile } from '../../bench/statistics.ts';
import { httpConnection } from '../../bench/http-connection.ts';
import { INITIALIZE } from '../../bench/connection.ts';
import { aPlace, decisionsAbout, end, type HttpGateway, type Place, runProgram, serveHttp } from '../e2e/program.ts';
import { residentBytesOf } from '../faults/processes.ts';

const CROWD = 1000;
/** What one client has room for, in the test of the overload, and how much more it offers. */
const ROOM = { inFlight: 128, waiting: 128 };
const TIMES = 10;
const PEAK_MS = 15_000;
const OVERLOAD_MS = Number(process.env['OVERLOAD_SECONDS'] ?? 60) * 1000;
const ROUNDS = 3;
const CALLS_A_ROUND = 300;
const MB = 1024 * 1024;

test.for(['normal', 'full'] as const)(
  'G-30 a thousand calls in flight of one client hold bounded memory, are all recorded, and others go on (durability %s)',
  async (durability) => {
    const place = crowdPlace(durability);
    const gateway = await serveHttp(place);
    const other = await aCaller(gateway.url);
    await callOften(other, CALLS_A_ROUND);
    const restingBytes = residentBytesOf(gateway.process.pid ?? 0);

    // In turns, so that what else runs on this machine weighs on both alike.
    const alone: number[] = [];
    const beside: number[] = [];
    const crowded = { answered: 0, refused: 0, failed: 0, ms: 0, peakBytes: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      alone.push(...(await callOften(other, CALLS_A_ROUND)));
      const crowd = await startCrowd(gateway, CROWD);
      const startedAt = performance.now();
      beside.push(...(await callOften(other, CALLS_A_ROUND)));
      crowded.ms += performance.now() - startedAt;
      crowded.peakBytes = Math.max(crowded.peakBytes, residentBytesOf(gateway.process.pid ?? 0));
      const counts = await crowd.stop();
      for (const name of ['answered', 'refused', 'failed'] as const) crowded[name] += counts[name];
    }
    other.close();

    print({ durability, alone: shown(alone), beside: shown(beside), restingMB: restingBytes / MB, crowded });
    expect(crowded.answered).toBeGreaterThan(0);
    expect([crowded.refused, crowded.failed]).toEqual([0, 0]);
    expect(crowded.peakBytes - restingBytes).toBeLessThan(256 * MB);
    await end(gateway.process);
    const allowed = (await decisionsAbout(place, 'echo')).filter(({ effect }) => effect === 'allow').length;
    expect(allowed).toBeGreaterThanOrEqual(crowded.answered + alone.length + beside.length);
    expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
  },
);

test(`F-51 for a while ${TIMES} times what can be done is offered: the rest is refused, what was answered is on record`, async () => {
  const place = crowdPlace('normal', ROOM);
  const gateway = await serveHttp(place);
  const other = await aCaller(gateway.url);
  await callOften(other, CALLS_A_ROUND);
  const room = ROOM.inFlight + ROOM.waiting;
  const peak = await crowdFor(PEAK_MS, await startCrowd(gateway, room));
  const crowd = await startCrowd(gateway, room * TIMES, Math.round(peak.perSecond * TIMES));
  let isOver = false;
  const besides = callOften(other, Infinity, () => isOver);
  const over = await crowdFor(OVERLOAD_MS, crowd);
  isOver = true;
  const beside = await besides;
  const memoryMB = residentBytesOf(gateway.process.pid ?? 0) / MB;
  other.close();
  print({
    what: 'overload',
    peak,
    over,
    goodput: (over.perSecond / peak.perSecond).toFixed(2),
    p99: (over.p99Ms / peak.p99Ms).toFixed(2),
    beside: shown(beside),
    memoryMB,
  });
  expect(peak.refused).toBe(0);
  expect(over.refused).toBeGreaterThan(over.answered);
  await end(gateway.process);
  const allowed = (await decisionsAbout(place, 'echo')).filter(({ effect }) => effect === 'allow').length;
  expect(allowed).toBeGreaterThanOrEqual(peak.answered + over.answered + beside.length);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

function crowdPlace(durability: string, limits: object = {}): Place {
  const upstream = `command: ${process.execPath}, args: [${resolve('bench/upstream.mjs')}]`;
  return aPlace(
    () => `version: 1
gateway: { toolNames: plain, limits: ${JSON.stringify(limits)} }
decisions: { durability: ${durability} }
mcpServers: { bench: { ${upstream} } }
`,
  );
}

type Caller = ReturnType<typeof httpConnection>;

async function aCaller(url: string): Promise<Caller> {
  const connection = httpConnection(url);
  await connection.request('initialize', INITIALIZE);
  await connection.notify('notifications/initialized');
  return connection;
}

/** Milliseconds of each call, one after the other. */
async function callOften(caller: Caller, count: number, isOver = (): boolean => false): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let call = 0; call < count && !isOver(); call += 1) {
    const sentAt = performance.now();
    const { result } = await caller.request('tools/call', { name: 'echo', arguments: { text: `other ${call}` } });
    tookMs.push(performance.now() - sentAt);
    expect(result?.content?.[0]?.text).toBe(`other ${call}`);
  }
  return tookMs;
}

interface Counts {
  readonly answered: number;
  readonly refused: number;
  readonly failed: number;
  /** Of the answered ones. */
  readonly p99Ms: number;
}

interface Crowd {
  counts(): Counts;
  stop(): Promise<Counts>;
}

/** What a crowd gets in this time. */
async function crowdFor(ms: number, crowd: Crowd): Promise<Counts & { readonly perSecond: number }> {
  const before = crowd.counts();
  const startedAt = performance.now();
  await wait(ms);
  const perSecond = ((crowd.counts().answered - before.answered) / (performance.now() - startedAt)) * 1000;
  return { ...(await crowd.stop()), perSecond: Math.round(perSecond) };
}

/** In a process of its own, so that it takes no time from who measures. Resolves once its calls are answered. */
async function startCrowd({ url }: HttpGateway, inFlight: number, perSecond = 0): Promise<Crowd> {
  const args = [resolve('test/long/hostile-crowd.mjs'), url, String(inFlight), String(perSecond)];
  const crowd = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => end(crowd));
  let last: Counts = { answered: 0, refused: 0, failed: 0, p99Ms: 0 };
  crowd.stdout.setEncoding('utf8').on('data', (text: string) => {
    const line = text.trimEnd().split('\n').at(-1);
    if (line !== undefined) last = JSON.parse(line) as Counts;
  });
  while (last.answered === 0) await wait(20);
  return {
    counts: () => last,
    stop: async () => {
      await end(crowd);
      return last;
    },
  };
}

function shown(tookMs: readonly number[]): object {
  const [p50, p99] = [0.5, 0.99].map((share) => quantile([...tookMs], share).toFixed(2));
  return { p50, p99, calls: tookMs.length };
}

function print(figures: object): void {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
