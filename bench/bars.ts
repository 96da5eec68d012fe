import { figure, frontCosts, idleBytes, type Level, ratio, type Results, startMs, type Starts } from './results.ts';
import type { Sample } from './load.ts';

/** What the gateway shall reach. All are ratios or limits that hold on any machine of some age. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  /** What is hoped for beyond the limit. */
  readonly stretch?: number;
  /** What the least that decides and records has for the same figure; see `recording-floor.ts`. */
  readonly floor?: number;
  readonly better: 'lower' | 'higher';
  readonly unit: string;
}

/** A ratio that was a bar until the floor was measured, and lies beyond it: shown, and no bar any more. */
export interface Orientation {
  readonly what: string;
  readonly measured: number;
  readonly floor: number;
  /** The bar that it was. */
  readonly former: string;
}

const HUB = 'mcp-hub';
const STARTER = 'http-starter-normal';
const HEAVY = 'http-heavy-normal';
const STDIO = 'stdio-starter-normal';

/** The least that decides and records as a gateway's target does. */
function floorOf(target: string): string {
  return `recording-floor-${target}`;
}

export function bars(results: Results): readonly Bar[] {
  return [...aboveFloor(results), ...oneInFlight(results), ...eightInFlight(results), ...alone(results)];
}

/** See docs/decisions/019-bars-against-a-floor.md. */
export function orientation(results: Results): readonly Orientation[] {
  const p50 = (target: string, base: string): number => ratio(results, { target, level: 1, of: 'p50Ms' }, base);
  return [
    {
      what: 'starter set over stdio, p50 ÷ direct stdio',
      measured: p50(STDIO, 'direct-stdio'),
      floor: p50(floorOf(STDIO), 'direct-stdio'),
      former: '≤ 3',
    },
  ];
}

/** What a whole gateway costs beyond the least that decides and records. */
function aboveFloor(results: Results): readonly Bar[] {
  const p50 = (target: string): number => ratio(results, { target, level: 1, of: 'p50Ms' }, floorOf(target));
  const cpu = (target: string): number => ratio(results, { target, level: 8, of: 'cpuUsPerCall' }, floorOf(target));
  return [
    lower('starter set over HTTP, p50 ÷ recording floor', p50(STARTER), { limit: 1.5 }),
    lower('starter set over stdio, p50 ÷ recording floor', p50(STDIO), { limit: 2 }),
    lower('six heavy bundles over HTTP, p50 ÷ recording floor', p50(HEAVY), { limit: 1.5 }),
    lower('starter set over HTTP, CPU a call at eight ÷ recording floor', cpu(STARTER), { limit: 2 }),
    lower('six heavy bundles over HTTP, CPU a call at eight ÷ recording floor', cpu(HEAVY), { limit: 1.5 }),
  ];
}

function oneInFlight(results: Results): readonly Bar[] {
  const p50 = (target: string, base: string): number => ratio(results, { target, level: 1, of: 'p50Ms' }, base);
  return [
    lower('starter set over HTTP, p50 ÷ mcp-hub', p50(STARTER, HUB), { limit: 0.7, floor: p50(floorOf(STARTER), HUB) }),
    lower('2026-07-28 without sessions ÷ with sessions, p50', p50('http-stateless-normal', STARTER), { limit: 1.1 }),
    lower('six heavy bundles over HTTP, p50 ÷ mcp-hub', p50(HEAVY, HUB), {
      limit: 1.1,
      stretch: 0.6,
      floor: p50(floorOf(HEAVY), HUB),
    }),
    lower('`full` beyond `normal`, starter set over HTTP, p50, in fsyncs', fsyncsOf(results, STARTER), {
      limit: 1,
      floor: fsyncsOf(results, floorOf(STARTER)),
    }),
    lower('`full` beyond `normal`, six heavy bundles over HTTP, p50, in fsyncs', fsyncsOf(results, HEAVY), {
      limit: 1,
      floor: fsyncsOf(results, floorOf(STARTER)),
    }),
  ];
}

function eightInFlight(results: Results): readonly Bar[] {
  const toHub = (target: string, of: keyof Sample): number => ratio(results, { target, level: 8, of }, HUB);
  return [
    higher('starter set over HTTP, calls/s ÷ mcp-hub', toHub(STARTER, 'callsPerSecond'), {
      limit: 1.7,
      floor: toHub(floorOf(STARTER), 'callsPerSecond'),
    }),
    lower('starter set over HTTP, CPU a call ÷ mcp-hub', toHub(STARTER, 'cpuUsPerCall'), {
      limit: 0.55,
      floor: toHub(floorOf(STARTER), 'cpuUsPerCall'),
    }),
    higher('six heavy bundles over HTTP, calls/s ÷ mcp-hub', toHub(HEAVY, 'callsPerSecond'), {
      limit: 1.1,
      stretch: 2,
      floor: toHub(floorOf(HEAVY), 'callsPerSecond'),
    }),
    lower('six heavy bundles over HTTP, CPU a call ÷ mcp-hub', toHub(HEAVY, 'cpuUsPerCall'), {
      limit: 0.9,
      stretch: 0.45,
      floor: toHub(floorOf(HEAVY), 'cpuUsPerCall'),
    }),
    ...frontCosts(results, 8).map(({ target, callUs, relayUs, decisionUs }) =>
      lower(`${target}, CPU a call ÷ (relay + decision and record alone)`, callUs / (relayUs + decisionUs), {
        limit: 1.1,
      }),
    ),
  ];
}

function alone(results: Results): readonly Bar[] {
  const { deciding, remembering, replaying, parsing, crowd } = results;
  const { withState, withoutState } = remembering;
  const { gateway, reference } = deciding;
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
    lower('idle memory, starter set over HTTP', idleBytes(results, STARTER) / 1e6, {
      limit: 90,
      floor: idleBytes(results, floorOf(STARTER)) / 1e6,
      unit: 'MB',
    }),
    start(results, { target: STARTER, kind: 'warm', limit: 500 }),
    start(results, { target: STARTER, kind: 'cold', limit: 3000 }),
    start(results, { target: HEAVY, kind: 'warm', limit: 500 }),
    start(results, { target: HEAVY, kind: 'cold', limit: 3000 }),
    lower('1,000 calls in flight, p99 beside a slow server ÷ without', crowd.besideSlowP99Ms / crowd.quickP99Ms, {
      limit: 2,
    }),
    lower('an idle session', crowd.bytesPerSession / 1000, { limit: 10, unit: 'KB' }),
    higher('strict parsing of 100 KB', parsing.strictMbPerSecond, { limit: 80, unit: 'MB/s' }),
  ];
}

/** By how many fsyncs a call is slower when the log survives a power cut. */
function fsyncsOf(results: Results, normal: string): number {
  const p50 = (target: string, level: Level): number => figure(results, { target, level, of: 'p50Ms' });
  return ((p50(normal.replace('normal', 'full'), 1) - p50(normal, 1)) * 1000) / results.fsyncUs;
}

function start(
  results: Results,
  { target, kind, limit }: { readonly target: string; readonly kind: keyof Starts; readonly limit: number },
): Bar {
  const bundles = target === HEAVY ? 'six heavy bundles' : 'starter set';
  return lower(`start to the first list, ${kind}, ${bundles}`, startMs(results, target, kind), {
    limit,
    floor: startMs(results, floorOf(target), kind),
    unit: 'ms',
  });
}

interface Aim {
  readonly limit: number;
  readonly stretch?: number;
  readonly floor?: number;
  readonly unit?: string;
}

function lower(what: string, measured: number, { unit = '×', ...aim }: Aim): Bar {
  return { what, measured, ...aim, unit, better: 'lower' };
}

function higher(what: string, measured: number, { unit = '×', ...aim }: Aim): Bar {
  return { what, measured, ...aim, unit, better: 'higher' };
}
