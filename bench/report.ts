import { cpus } from 'node:os';
import { type Bar, bars, orientation } from './bars.ts';
import type { Replaying } from './replay.ts';
import { figure, frontCosts, idleBytes, type Level, LEVELS, ratio, type Results, startMs } from './results.ts';
import { TARGETS } from './targets.ts';

/** All figures as Markdown. */
export function report(results: Results): string {
  return [
    `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${results.rounds.length} rounds.`,
    heading('Bars', table(['what', 'measured', 'recording floor', 'bar', 'stretch', ''], bars(results).map(barRow))),
    heading('For orientation: bars that the recording floor has disproven', orientationTable(results)),
    ...LEVELS.map((level) => heading(`${level} in flight`, callTable(results, level))),
    heading('Where the CPU of a call goes, 8 in flight, over HTTP', partsTable(results)),
    heading('What the fronts add', frontTable(results)),
    heading('Start and memory', startTable(results)),
    heading('Decision alone, six heavy bundles', decisionTable(results)),
    heading('A decision made and recorded, one at a time', rememberingTable(results)),
    heading('Recorded decisions made again, six heavy bundles', replayReport(results.replaying)),
    heading('Strict parsing and the disk', smallTable(results)),
  ].join('\n\n');
}

function heading(title: string, body: string): string {
  return `### ${title}\n\n${body}`;
}

function barRow({ what, measured, floor, limit, stretch, better, unit }: Bar): readonly string[] {
  const reaches = (aim: number): boolean => (better === 'lower' ? measured <= aim : measured >= aim);
  const sign = better === 'lower' ? '≤' : '≥';
  const verdict = reaches(limit) ? 'reached' : '**missed**';
  return [
    what,
    `${short(measured)} ${unit}`,
    floor === undefined ? '' : `${short(floor)} ${unit}`,
    `${sign} ${limit}`,
    stretch === undefined ? '' : `${sign} ${stretch}`,
    Number.isNaN(measured) ? 'not measured' : verdict,
  ];
}

function orientationTable(results: Results): string {
  const rows = orientation(results).map(({ what, measured: own, floor, former }) => [
    what,
    `${short(own)} ×`,
    `${short(floor)} ×`,
    former,
  ]);
  return table(['what', 'measured', 'recording floor', 'was the bar'], rows);
}

function callTable(results: Results, level: Level): string {
  const rows = measured(results).map((target) => {
    const base = target.includes('stdio') ? 'direct-stdio' : 'direct-http';
    return [
      target,
      short(figure(results, { target, level, of: 'callsPerSecond' })),
      short(figure(results, { target, level, of: 'p50Ms' })),
      short(figure(results, { target, level, of: 'p99Ms' })),
      short(ratio(results, { target, level, of: 'p50Ms' }, base)),
      short(ratio(results, { target, level, of: 'callsPerSecond' }, 'mcp-hub')),
      short(figure(results, { target, level, of: 'cpuUsPerCall' })),
    ];
  });
  const heads = ['target', 'calls/s', 'p50 ms', 'p99 ms', 'p50 ÷ direct', 'calls/s ÷ mcp-hub', 'gateway CPU µs a call'];
  return table(heads, rows);
}

/** The relay is what the floor costs; a decision with the starter set is too small to be told apart from the rest. */
function partsTable(results: Results): string {
  const cpu = (target: string): number => figure(results, { target, level: 8, of: 'cpuUsPerCall' });
  const { gateway } = results.deciding;
  const relay = cpu('floor-http');
  const heavy = cpu('http-heavy-normal');
  const starter = cpu('http-starter-normal');
  return table(
    ['part', 'µs'],
    [
      ['relay, as the floor does it', short(relay)],
      ['all else with the starter set: checks, decision, record, answer', short(starter - relay)],
      ['what six heavy bundles add', short(heavy - starter)],
      ['for comparison: deciding alone with them, in a tight loop', short(gateway.p50Us)],
    ],
  );
}

function frontTable(results: Results): string {
  const rows = ([1, 8] as const).flatMap((level) =>
    frontCosts(results, level).map(({ target, callUs, relayUs, decisionUs }) => [
      target,
      String(level),
      short(callUs),
      short(relayUs),
      short(decisionUs),
      short(callUs / (relayUs + decisionUs)),
    ]),
  );
  return table(
    ['target', 'in flight', 'CPU µs a call', 'relay alone', 'decision and record alone', 'call ÷ both'],
    rows,
  );
}

function startTable(results: Results): string {
  const rows = Object.keys(results.starts).map((target) => [
    target,
    short(startMs(results, target, 'cold')),
    short(startMs(results, target, 'warm')),
    megabytes(idleBytes(results, target)),
    megabytes(results.loadedBytes[target] ?? Number.NaN),
  ]);
  return table(['target', 'cold ms', 'warm ms', 'idle MB', 'after the load MB'], rows);
}

function decisionTable({ deciding }: Results): string {
  const { gateway, isolated, reference, fuel, rules } = deciding;
  const rows = [
    ['as the gateway decides: two modules, opinions read', gateway],
    ['our runtime, six modules', isolated],
    ['@open-policy-agent/opa-wasm, six modules', reference],
  ] as const;
  const body = rows.map(([name, { p50Us, p99Us }]) => [
    name,
    short(p50Us),
    short(p99Us),
    short(p50Us / reference.p50Us),
  ]);
  const text = `${rules} rules; one decision burns ${fuel} fuel.`;
  return `${table(['way', 'p50 µs', 'p99 µs', 'p50 ÷ opa-wasm'], body)}\n\n${text}`;
}

function rememberingTable({ remembering }: Results): string {
  const { starter, withState, withoutState } = remembering;
  const rows = [
    ['starter set', starter],
    ['six heavy bundles', withoutState],
    ['the same, two counters read and reserved, a label read and attached', withState],
  ] as const;
  const body = rows.map(([name, { p50Us, p99Us }]) => [
    name,
    short(p50Us),
    short(p99Us),
    short(p50Us / withoutState.p50Us),
  ]);
  return table(['decision', 'p50 µs', 'p99 µs', 'p50 ÷ six heavy bundles'], body);
}

/** What `policy replay` costs for each decision. */
export function replayReport(replaying: Replaying): string {
  const { decisions, aloneCpuUs, perSecond, tenthBytes, allBytes } = replaying;
  const { selfCheckCpuUs, selfCheckRatio, candidateCpuUs, candidateRatio } = replaying;
  const alone = ['the decision alone: bundles asked, opinions combined', short(aloneCpuUs), '1'];
  const self = [
    'a replayed decision: read, held to its seal, made again, compared',
    short(selfCheckCpuUs),
    short(selfCheckRatio),
  ];
  const tried = [
    'with a candidate for one bundle of six, which is asked besides',
    short(candidateCpuUs),
    short(candidateRatio),
  ];
  const costs = table(['what', 'CPU µs', '÷ the decision alone'], [alone, self, tried]);
  const memory = `${megabytes(tenthBytes)} MB at most for a tenth of them, ${megabytes(allBytes)} MB for all`;
  return `${costs}\n\n${decisions} decisions, ${short(perSecond)} a second; ${memory}.`;
}

function smallTable({ parsing, fsyncUs }: Results): string {
  const { bytes, strictMbPerSecond, plainMbPerSecond } = parsing;
  return table(
    ['what', 'figure'],
    [
      [`strict parsing of ${Math.round(bytes / 1000)} KB, value and checks`, `${short(strictMbPerSecond)} MB/s`],
      ['the same bytes through `JSON.parse` alone', `${short(plainMbPerSecond)} MB/s`],
      ['one fsync: 4 KB appended and kept by the disk, p50', `${short(fsyncUs)} µs`],
    ],
  );
}

function measured({ rounds }: Results): readonly string[] {
  return TARGETS.map(({ name }) => name).filter((name) => rounds.some((round) => name in round));
}

/** Columns of even width, as the formatter wants them. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => cells[column]?.padEnd(width) ?? '').join(' | ')} |`;
  return [line(heads), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function megabytes(bytes: number): string {
  return short(bytes / 1e6);
}

/** Three digits say all that such a measurement knows. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
