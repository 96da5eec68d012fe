import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeBundles } from './configuration.ts';
import { measureCrowd } from './crowd.ts';
import { prepareDecisions } from './decisions.ts';
import { measureDeciding } from './decide.ts';
import { measureFsync } from './fsync.ts';
import { measureHop } from './hop.ts';
import { load, type LoadOptions } from './load.ts';
import { measureParsing } from './parse.ts';
import { measurePages } from './pages.ts';
import { BENCH, WARM_CACHE, WORK } from './place.ts';
import { usageOf } from './processes.ts';
import { measureReplaying } from './replay.ts';
import { report, replayReport } from './report.ts';
import { type Level, LEVELS, type Results, type Round, type Starts } from './results.ts';
import { measureScale } from './scale.ts';
import { type Running, startTarget } from './start.ts';
import { measureRemembering } from './state.ts';
import { startCold, startWarm } from './starts.ts';
import { installPeers, type Target, TARGETS } from './targets.ts';
import { aCollector, measureWatching, watchedTargets } from './telemetry.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    replay: { type: 'string' },
    telemetry: { type: 'boolean', default: false },
    scale: { type: 'string' },
    decisions: { type: 'string' },
    rows: { type: 'string' },
    hop: { type: 'boolean', default: false },
  },
});
const pace = values.quick
  ? {
      rounds: 1,
      warmUpCalls: 500,
      settleMs: 50,
      measureMs: 300,
      restMs: 500,
      decisions: 500,
      replayed: 2_000,
      repeats: 100,
    }
  : {
      rounds: 3,
      warmUpCalls: 10_000,
      settleMs: 200,
      measureMs: 1800,
      restMs: 1500,
      decisions: 6000,
      replayed: 20_000,
      repeats: 1000,
    };
const roundCount = Number(values.rounds ?? pace.rounds);
const isPart =
  values.telemetry ||
  values.hop ||
  [values.scale, values.decisions, values.only, values.replay].some((part) => part !== undefined);
const isWhole = !values.quick && !isPart;

/** Targets whose start is measured; the others start as one of these does. */
const STARTED = /^(direct|floor|mcp-)|-normal$/;

if (values.telemetry) await telemetryOnly();
else if (values.scale !== undefined) await scaleOnly(values.scale);
else if (values.decisions !== undefined) await decisionsOnly(values.decisions, Number(values.rows ?? 1_000_000));
else if (values.hop) await hopOnly();
else if (values.replay === undefined) await main(chosenTargets(values.only?.split(',')));
else await replayOnly(Number(values.replay));

function chosenTargets(names: readonly string[] | undefined): readonly Target[] {
  const unknown = names?.find((name) => TARGETS.every((target) => target.name !== name));
  if (unknown === undefined) return TARGETS.filter(({ name }) => names?.includes(name) ?? true);
  throw new Error(`no target ${unknown}; there are ${TARGETS.map(({ name }) => name).join(', ')}`);
}

async function main(targets: readonly Target[]): Promise<void> {
  prepare(targets);
  const starts = await measureStarts(targets);
  const { rounds, loadedBytes } = await measureCalls(targets);
  say('deciding, replaying, parsing, fsync, many clients');
  const results: Results = {
    rounds,
    starts,
    loadedBytes,
    deciding: await measureDeciding(pace.decisions),
    remembering: await measureRemembering(pace.decisions),
    replaying: await measureReplaying(pace.replayed),
    parsing: measureParsing(pace.repeats),
    fsyncUs: measureFsync(pace.repeats),
    crowd: await measureCrowd(pace.measureMs * 2),
  };
  const text = report(results);
  console.log(text);
  if (isWhole) writeIntoReadme(text);
}

/** Nothing but the replay, of so many decisions. */
async function replayOnly(decisions: number): Promise<void> {
  prepare([]);
  console.log(replayReport(await measureReplaying(decisions)));
}

/** Nothing but what it costs a call to be watched. */
async function telemetryOnly(): Promise<void> {
  const collector = await aCollector();
  const targets = watchedTargets(collector.endpoint);
  prepare(targets);
  const running = new Map<string, Running>();
  try {
    for (const target of targets) running.set(target.name, await warmed(target));
    console.log(await measureWatching(running, { rounds: roundCount, measureMs: pace.measureMs }));
    say(`${collector.bytes()} bytes were sent to the collector`);
  } finally {
    await Promise.all([...running.values()].map((one) => one.stop()));
    collector.close();
  }
}

/** Nothing but gateways that share the PostgreSQL of that address. */
async function scaleOnly(url: string): Promise<void> {
  prepare([]);
  console.log(await measureScale(url, { rounds: roundCount, measureMs: pace.measureMs }));
}

/** Nothing but what people ask of a store with so many decisions. */
async function decisionsOnly(where: string, decisions: number): Promise<void> {
  prepare([]);
  console.log(await measurePages(await prepareDecisions(where, decisions)));
}

/** Nothing but what it costs a call to be handed over from one gateway to another. */
async function hopOnly(): Promise<void> {
  prepare([]);
  console.log(await measureHop({ ...pace, rounds: roundCount }));
}

function prepare(targets: readonly Target[]): void {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WARM_CACHE, { recursive: true });
  writeBundles();
  if (targets.some(({ name }) => name.startsWith('mcp-'))) installPeers();
}

async function measureStarts(targets: readonly Target[]): Promise<Record<string, Starts>> {
  const started = targets.filter(({ name }) => STARTED.test(name));
  const starts = started.map(({ name }) => [name, { cold: [], warm: [] }] as const);
  let all: Record<string, Starts> = Object.fromEntries(starts);
  for (let round = 1; round <= roundCount; round += 1) {
    for (const target of started) {
      say(`round ${round} of ${roundCount}: starting ${target.name}`);
      const before = all[target.name] ?? { cold: [], warm: [] };
      const cold = [...before.cold, await startCold(target, 0)];
      const warm = [...before.warm, await startWarm(target, pace.restMs)];
      all = { ...all, [target.name]: { cold, warm } };
    }
  }
  return all;
}

interface Calls {
  readonly rounds: readonly Round[];
  readonly loadedBytes: Readonly<Record<string, number>>;
}

/** All targets stay up, and each round measures them one after the other: what disturbs one minute disturbs all. */
async function measureCalls(targets: readonly Target[]): Promise<Calls> {
  const running = new Map<string, Running>();
  const done: Round[] = [];
  try {
    for (const target of targets) {
      running.set(target.name, await warmed(target));
    }
    for (let round = 1; round <= roundCount; round += 1) done.push(await measureRound(running, round));
    const loaded = [...running].map(([name, { pid }]) => [name, usageOf(pid)?.residentBytes ?? Number.NaN] as const);
    return { rounds: done, loadedBytes: Object.fromEntries(loaded) };
  } finally {
    await Promise.all([...running.values()].map((one) => one.stop()));
  }
}

async function warmed(target: Target): Promise<Running> {
  say(`warming ${target.name} up`);
  const home = target.name.replaceAll(' ', '-');
  // The first start compiles policies, in a worker whose memory would still be seen in the second's figures.
  await (await startTarget(target, { home })).stop();
  const one = await startTarget(target, { home });
  await warmUp(one, pace.warmUpCalls);
  return one;
}

/** V8 still compiles and recompiles for thousands of calls, on threads whose time counts as the gateway's. */
async function warmUp(one: Running, calls: number): Promise<void> {
  const durationMs = 500;
  for (let made = 0; made < calls;) {
    for (const inFlight of LEVELS)
      made += (await load(one, { inFlight, durationMs })).callsPerSecond * (durationMs / 1000);
  }
}

async function measureRound(running: ReadonlyMap<string, Running>, round: number): Promise<Round> {
  const samples: Record<string, Round[string]> = {};
  for (const [name, one] of running) {
    say(`round ${round} of ${roundCount}: ${name}`);
    samples[name] = { 1: await settled(one, 1), 8: await settled(one, 8), 32: await settled(one, 32) };
  }
  return samples;
}

async function settled(running: Running, inFlight: Level): ReturnType<typeof load> {
  const options = (durationMs: number): LoadOptions => ({ inFlight, durationMs });
  await load(running, options(pace.settleMs));
  return load(running, options(pace.measureMs));
}

function writeIntoReadme(text: string): void {
  const file = `${BENCH}README.md`;
  const before = readFileSync(file, 'utf8');
  const after = before.replace(/(?<=<!-- figures -->\n)[\s\S]*(?=<!-- end of figures -->)/, () => `\n${text}\n\n`);
  writeFileSync(file, after);
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}
