import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isJsonObject } from '../src/core/json.ts';
import { load } from './load.ts';
import { WORK } from './place.ts';
import { cpuUsOfProgram, upstreamCpuUs, usageOf } from './processes.ts';
import { type Running, startTarget } from './start.ts';
import { median } from './statistics.ts';
import { type Target, TARGETS } from './targets.ts';

const BASE = 'http-starter-full';
/** On each gateway. */
const IN_FLIGHT = 8;

/** Gateways that share a store. */
interface Group {
  readonly name: string;
  readonly gateways: readonly Running[];
}

export interface ScalePace {
  readonly rounds: number;
  readonly measureMs: number;
}

/**
 * Calls of gateways that share one PostgreSQL, beside one gateway on its own file, in turn in each round. All run on this
 * machine, with the database and the clients. As a table of Markdown.
 */
export async function measureScale(url: string, pace: ScalePace): Promise<string> {
  const groups: Group[] = [];
  try {
    groups.push({ name: 'SQLite, one gateway', gateways: [await startTarget(target(), { home: 'scale-file' })] });
    for (const count of [1, 2, 3]) groups.push(await startReplicas(url, count));
    const samples = new Map(groups.map(({ name }) => [name, [] as Sample[]]));
    for (let round = -1; round < pace.rounds; round += 1) {
      for (const group of groups) {
        const sample = await measureGroup(group, pace.measureMs);
        if (round >= 0) samples.get(group.name)?.push(sample);
      }
    }
    return tableOf(samples);
  } finally {
    await Promise.all(groups.flatMap(({ gateways }) => gateways.map((gateway) => gateway.stop())));
  }
}

async function startReplicas(url: string, count: number): Promise<Group> {
  const gateways: Running[] = [];
  for (let index = 0; index < count; index += 1) {
    const home = `scale-${count}-${index}`;
    const key = `${WORK}${home}/home/chain.key`;
    mkdirSync(`${WORK}${home}/home`, { recursive: true, mode: 0o700 });
    // The store was begun by the first of all.
    if (home !== FIRST) copyFileSync(`${WORK}${FIRST}/home/chain.key`, key);
    gateways.push(await startTarget(target({ url, agent: `agent-${home}` }), { home }));
  }
  return { name: `PostgreSQL, ${count} gateway${count === 1 ? '' : 's'}`, gateways };
}

const FIRST = 'scale-1-0';

interface Shared {
  readonly url: string;
  /** Calls of one agent wait for one another at every gateway, because they are counted together. */
  readonly agent: string;
}

/** The gateway with the starter set over HTTP; on its own file where nothing is shared. */
function target(shared?: Shared): Target {
  const base = TARGETS.find(({ name }) => name === BASE);
  if (base === undefined) throw new Error(`there is no target ${BASE}`);
  return {
    name: base.name,
    front: base.front,
    commandLine: (folder, port) => {
      const args = base.commandLine(folder, port);
      if (shared === undefined) return args;
      const file = args[args.indexOf('--config') + 1] ?? '';
      writeFileSync(file, JSON.stringify(sharing(JSON.parse(readFileSync(file, 'utf8')), shared)));
      return args;
    },
  };
}

function sharing(before: unknown, { url, agent }: Shared): object {
  const configuration = isJsonObject(before) ? before : {};
  const gateway = isJsonObject(configuration['gateway']) ? configuration['gateway'] : {};
  const decisions = { store: { driver: 'postgres', url } };
  return { ...configuration, gateway: { ...gateway, principal: { agent: { id: agent } } }, decisions };
}

/** CPU is in microseconds for each call. */
interface Sample {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly gatewaysUs: number;
  readonly databaseUs: number;
  /** Who calls, and the servers that are called. */
  readonly aroundUs: number;
  /** How many processors were at work for all of them. */
  readonly processors: number;
}

async function measureGroup({ gateways }: Group, durationMs: number): Promise<Sample> {
  const options = { inFlight: IN_FLIGHT, durationMs };
  const before = cpuOf(gateways);
  const begun = performance.now();
  const samples = await Promise.all(gateways.map((gateway) => load(gateway, options)));
  const seconds = (performance.now() - begun) / 1000;
  const after = cpuOf(gateways);
  const callsPerSecond = samples.reduce((sum, sample) => sum + sample.callsPerSecond, 0);
  const [gatewaysUs = 0, databaseUs = 0, aroundUs = 0] = [
    after.gatewaysUs - before.gatewaysUs,
    after.databaseUs - before.databaseUs,
    after.aroundUs - before.aroundUs,
  ].map((us) => us / (callsPerSecond * seconds));
  return {
    callsPerSecond,
    p50Ms: Math.max(...samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...samples.map(({ p99Ms }) => p99Ms)),
    gatewaysUs,
    databaseUs,
    aroundUs,
    processors: ((gatewaysUs + databaseUs + aroundUs) * callsPerSecond) / 1e6,
  };
}

function cpuOf(gateways: readonly Running[]): Pick<Sample, 'gatewaysUs' | 'databaseUs' | 'aroundUs'> {
  const sum = (of: (pid: number) => number): number => gateways.reduce((total, { pid }) => total + of(pid), 0);
  const { user, system } = process.cpuUsage();
  return {
    gatewaysUs: sum((pid) => usageOf(pid)?.cpuUs ?? 0),
    databaseUs: cpuUsOfProgram('postgres'),
    aroundUs: user + system + sum(upstreamCpuUs),
  };
}

const HEAD = `| store | calls/s | ÷ SQLite | p50 | p99 | gateways | PostgreSQL | clients, servers | processors |
|---|---|---|---|---|---|---|---|---|`;

function tableOf(samples: ReadonlyMap<string, readonly Sample[]>): string {
  const [file = []] = samples.values();
  const alone = median(file.map(({ callsPerSecond }) => callsPerSecond));
  const rows = [...samples].map(([name, taken]) => {
    const of = (member: keyof Sample): number => median(taken.map((sample) => sample[member]));
    const calls = of('callsPerSecond');
    const times = `${of('p50Ms').toFixed(1)} ms | ${of('p99Ms').toFixed(1)} ms`;
    const cpu = (['gatewaysUs', 'databaseUs', 'aroundUs'] as const).map((member) => `${of(member).toFixed(0)} µs`);
    const busy = of('processors').toFixed(2);
    return `| ${name} | ${calls.toFixed(0)} | ${(calls / alone).toFixed(2)} × | ${times} | ${cpu.join(' | ')} | ${busy} |`;
  });
  return [HEAD, ...rows].join('\n');
}
