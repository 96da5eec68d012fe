import { figure, idleBytes, type Level, ratio, type Results, startMs } from './results.ts';
import type { Sample } from './load.ts';

/** What the gateway shall reach. All are ratios or limits that hold on any machine of some age. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  /** What is hoped for beyond the limit. */
  readonly stretch?: number;
  readonly better: 'lower' | 'higher';
  readonly unit: string;
}

const HUB = 'mcp-hub';
const STARTER = 'http-starter-normal';
const HEAVY = 'http-heavy-normal';

export function bars(results: Results): readonly Bar[] {
  return [...oneInFlight(results), ...eightInFlight(results), ...alone(results)];
}

function oneInFlight(results: Results): readonly Bar[] {
  const p50 = (target: string, base: string): number => ratio(results, { target, level: 1, of: 'p50Ms' }, base);
  return [
    lower('starter set over HTTP, p50 ÷ mcp-hub', p50(STARTER, HUB), { limit: 0.7 }),
    lower('starter set over stdio, p50 ÷ direct stdio', p50('stdio-starter-normal', 'direct-stdio'), { limit: 3 }),
    lower('2026-07-28 without sessions ÷ with sessions, p50', p50('http-stateless-normal', STARTER), { limit: 1.1 }),
    lower('six heavy bundles over HTTP, p50 ÷ mcp-hub', p50(HEAVY, HUB), { limit: 1.1, stretch: 0.6 }),
    lower('`full` beyond `normal`, starter set over HTTP, p50, in fsyncs', fsyncsOf(results, STARTER), { limit: 1 }),
    lower('`full` beyond `normal`, six heavy bundles over HTTP, p50, in fsyncs', fsyncsOf(results, HEAVY), {
      limit: 1,
    }),
  ];
}

function eightInFlight(results: Results): readonly Bar[] {
  const toHub = (target: string, of: keyof Sample): number => ratio(results, { target, level: 8, of }, HUB);
  return [
    higher('starter set over HTTP, calls/s ÷ mcp-hub', toHub(STARTER, 'callsPerSecond'), { limit: 1.7 }),
    lower('starter set over HTTP, CPU a call ÷ mcp-hub', toHub(STARTER, 'cpuUsPerCall'), { limit: 0.55 }),
    higher('six heavy bundles over HTTP, calls/s ÷ mcp-hub', toHub(HEAVY, 'callsPerSecond'), {
      limit: 1.1,
      stretch: 2,
    }),
    lower('six heavy bundles over HTTP, CPU a call ÷ mcp-hub', toHub(HEAVY, 'cpuUsPerCall'), {
      limit: 0.9,
      stretch: 0.45,
    }),
  ];
}

function alone(results: Results): readonly Bar[] {
  const { deciding, remembering, replaying, parsing, crowd } = results;
  const { withState, withoutState } = remembering;
  const { gateway, reference } = deciding;
  const idle = idleBytes(results, STARTER) / 1e6;
  return [
    lower('decision, six heavy bundles, p50 ÷ opa-wasm', gateway.p50Us / reference.p50Us, { limit: 0.3, stretch: 0.2 }),
    lower('decision, six heavy bundles, p99', gateway.p99Us / 1000, { limit: 1, unit: 'ms' }),
    lower('decision with two counters, recorded, p50 ÷ without', withState.p50Us / withoutState.p50Us, { limit: 1.3 }),
    lower('a replayed decision, six heavy bundles, CPU ÷ the decision alone', replaying.selfCheckRatio, {
      limit: 1.3,
    }),
    lower('replay, memory of all decisions ÷ of a tenth of them', replaying.allBytes / replaying.tenthBytes, {
      limit: 1.2,
    }),
    lower('idle memory, starter set over HTTP', idle, { limit: 90, unit: 'MB' }),
    lower('start to the first list, warm, starter set', startMs(results, STARTER, 'warm'), { limit: 500, unit: 'ms' }),
    lower('start to the first list, cold, starter set', startMs(results, STARTER, 'cold'), { limit: 3000, unit: 'ms' }),
    lower('start to the first list, warm, six heavy bundles', startMs(results, HEAVY, 'warm'), {
      limit: 500,
      unit: 'ms',
    }),
    lower('start to the first list, cold, six heavy bundles', startMs(results, HEAVY, 'cold'), {
      limit: 3000,
      unit: 'ms',
    }),
    lower('1,000 calls in flight, p99 beside a slow server ÷ without', crowd.besideSlowP99Ms / crowd.quickP99Ms, {
      limit: 2,
    }),
    lower('an idle session', crowd.bytesPerSession / 1000, { limit: 40, unit: 'KB' }),
    higher('strict parsing of 100 KB', parsing.strictMbPerSecond, { limit: 80, unit: 'MB/s' }),
  ];
}

/** By how many fsyncs a call is slower when the log survives a power cut. */
function fsyncsOf(results: Results, normal: string): number {
  const p50 = (target: string, level: Level): number => figure(results, { target, level, of: 'p50Ms' });
  return ((p50(normal.replace('normal', 'full'), 1) - p50(normal, 1)) * 1000) / results.fsyncUs;
}

interface Aim {
  readonly limit: number;
  readonly stretch?: number;
  readonly unit?: string;
}

function lower(what: string, measured: number, { unit = '×', ...aim }: Aim): Bar {
  return { what, measured, ...aim, unit, better: 'lower' };
}

function higher(what: string, measured: number, { unit = '×', ...aim }: Aim): Bar {
  return { what, measured, ...aim, unit, better: 'higher' };
}
