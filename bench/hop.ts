import { INITIALIZE } from './connection.ts';
import { httpConnection } from './http-connection.ts';
import { load } from './load.ts';
import { usageOf } from './processes.ts';
import { type Running, startTarget } from './start.ts';
import { median } from './statistics.ts';
import { type Target, TARGETS } from './targets.ts';

const BASE = 'http-starter-normal';
const IN_FLIGHT = [1, 8];

export interface HopPace {
  readonly rounds: number;
  readonly warmUpCalls: number;
  readonly measureMs: number;
}

/** One way to a session: to its own gateway, or to the other one, which hands its calls over. */
interface Way {
  readonly name: string;
  readonly running: Running;
}

interface Sample {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly holderUs: number;
  readonly otherUs: number;
}

/**
 * Calls of a session at the gateway that holds it, and through another one of the same store, in turn in each round. Both
 * gateways run all the time. As a table of Markdown.
 */
export async function measureHop(pace: HopPace): Promise<string> {
  const [holder, other] = [atPort(), atPort()];
  const running: Running[] = [];
  try {
    // One home, and so one store.
    for (const { target } of [holder, other]) running.push(await startTarget(target, { home: 'hop' }));
    const [first, second] = running;
    if (first === undefined || second === undefined) throw new Error('there are no two gateways');
    const ways = [
      { name: 'at its gateway', running: await aSession(first, holder.url(), holder.url()) },
      { name: 'through another', running: await aSession(first, holder.url(), other.url()) },
    ];
    for (const way of ways) await warm(way, pace.warmUpCalls);
    const rows: string[] = [];
    for (const inFlight of IN_FLIGHT) {
      const samples = new Map(ways.map((way) => [way, [] as Sample[]]));
      for (let round = 0; round < pace.rounds; round += 1) {
        for (const way of ways) {
          const sample = await measure(way, { holder: first, other: second }, { inFlight, ...pace });
          samples.get(way)?.push(sample);
        }
      }
      for (const [{ name }, taken] of samples) rows.push(rowOf(inFlight, name, taken));
    }
    return [...HEAD, ...rows].join('\n');
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

const HEAD = [
  '| in flight | a call of a session | calls/s | p50 | p99 | CPU of its gateway | CPU of the other |',
  '|---|---|---|---|---|---|---|',
];

/** The gateway, and where it listens once it was started. */
function atPort(): { readonly target: Target; readonly url: () => string } {
  const base = TARGETS.find(({ name }) => name === BASE);
  if (base === undefined) throw new Error(`there is no target ${BASE}`);
  let url = '';
  const commandLine: Target['commandLine'] = (folder, port) => {
    url = `http://127.0.0.1:${port}/mcp`;
    return base.commandLine(folder, port);
  };
  return { target: { ...base, commandLine }, url: () => url };
}

async function aSession(holder: Running, url: string, via: string): Promise<Running> {
  const connection = httpConnection(url, via);
  await connection.request('initialize', INITIALIZE);
  await connection.notify('notifications/initialized');
  return { ...holder, connection };
}

async function warm({ running }: Way, calls: number): Promise<void> {
  for (let made = 0; made < calls;) {
    const { callsPerSecond } = await load(running, { inFlight: 8, durationMs: 1000 });
    made += callsPerSecond;
  }
}

async function measure(
  { running }: Way,
  { holder, other }: { readonly holder: Running; readonly other: Running },
  { inFlight, measureMs: durationMs }: { readonly inFlight: number; readonly measureMs: number },
): Promise<Sample> {
  const usedBy = ({ pid }: Running): number => usageOf(pid)?.cpuUs ?? Number.NaN;
  const before = [usedBy(holder), usedBy(other)] as const;
  const sample = await load(running, { inFlight, durationMs });
  const calls = (sample.callsPerSecond * durationMs) / 1000;
  const [holderUs, otherUs] = [usedBy(holder) - before[0], usedBy(other) - before[1]].map((us) => us / calls);
  return { ...sample, holderUs: holderUs ?? Number.NaN, otherUs: otherUs ?? Number.NaN };
}

function rowOf(inFlight: number, name: string, samples: readonly Sample[]): string {
  const of = (member: keyof Sample): number => median(samples.map((sample) => sample[member]));
  const times = `${of('p50Ms').toFixed(2)} ms | ${of('p99Ms').toFixed(2)} ms`;
  const cpu = `${of('holderUs').toFixed(0)} µs | ${of('otherUs').toFixed(0)} µs`;
  return `| ${inFlight} | ${name} | ${of('callsPerSecond').toFixed(0)} | ${times} | ${cpu} |`;
}
