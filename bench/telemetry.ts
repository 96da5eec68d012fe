import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, type JsonObject } from '../src/core/json.ts';
import { load } from './load.ts';
import type { Running } from './start.ts';
import { quantile } from './statistics.ts';
import { type Target, TARGETS } from './targets.ts';

/** What is watched of calls: nothing, metrics alone (Prometheus), metrics and a part of the traces (OTLP). */
const WATCHING = ['nothing', 'metrics', 'traces of a tenth', 'all traces'] as const;
type Watching = (typeof WATCHING)[number];

const BASE = 'http-starter-normal';
const LEVELS = [1, 8] as const;
/** Into how many short rounds one is cut. */
const SHORT = 4;

export interface TelemetryPace {
  readonly rounds: number;
  readonly measureMs: number;
}

export interface Collecting {
  readonly endpoint: string;
  /** Bytes that were sent to it. */
  readonly bytes: () => number;
  readonly close: () => void;
}

/** Takes whatever it is sent. It runs in this process, so what it costs is not the gateway's. */
export async function aCollector(): Promise<Collecting> {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { endpoint: `http://127.0.0.1:${port}`, bytes: () => bytes, close };
}

/** The gateway with the starter set over HTTP, watched in each way. */
export function watchedTargets(endpoint: string): readonly Target[] {
  const base = TARGETS.find(({ name }) => name === BASE);
  if (base === undefined) throw new Error(`there is no target ${BASE}`);
  return WATCHING.map((watching) => ({
    name: watching,
    front: base.front,
    commandLine: (folder, port) => {
      const args = base.commandLine(folder, port);
      const file = args[args.indexOf('--config') + 1] ?? '';
      const before: unknown = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...(isJsonObject(before) && before), ...settingsOf(watching, endpoint) }));
      return args;
    },
  }));
}

function settingsOf(watching: Watching, endpoint: string): JsonObject {
  switch (watching) {
    case 'nothing':
      return {};
    case 'metrics':
      return { telemetry: { prometheus: { port: 0 } } };
    case 'traces of a tenth':
      return { telemetry: { otlp: { endpoint, sampling: 0.1 } } };
    case 'all traces':
      return { telemetry: { otlp: { endpoint, sampling: 1 } } };
  }
}

/**
 * Each way in turn, in many short rounds. A neighbour makes a call dearer and never cheaper, so the quarter of the rounds
 * that were least disturbed counts. As a table of Markdown.
 */
export async function measureWatching(running: ReadonlyMap<string, Running>, pace: TelemetryPace): Promise<string> {
  const rounds: Samples[] = [];
  for (let round = 0; round < pace.rounds * SHORT; round += 1)
    rounds.push(await measureRound(running, pace.measureMs / SHORT));
  const rows = LEVELS.flatMap((level) =>
    WATCHING.map((watching) => {
      const cpu = rounds.map((samples) => samples[watching]?.[level] ?? Number.NaN);
      const unwatched = rounds.map((samples) => samples['nothing']?.[level] ?? Number.NaN);
      const ratio = quantile(cpu, UNDISTURBED) / quantile(unwatched, UNDISTURBED);
      return `| ${level} | ${watching} | ${quantile(cpu, UNDISTURBED).toFixed(0)} µs | ${ratio.toFixed(2)} × |`;
    }),
  );
  return ['| in flight | watched | gateway CPU a call | ÷ nothing |', '|---|---|---|---|', ...rows].join('\n');
}

const UNDISTURBED = 0.25;

/** Microseconds of CPU a call, by what is watched and by how many are in flight. */
type Samples = Record<string, Record<number, number>>;

async function measureRound(running: ReadonlyMap<string, Running>, durationMs: number): Promise<Samples> {
  const samples: Samples = {};
  for (const inFlight of LEVELS) {
    for (const [name, one] of running) {
      await load(one, { inFlight, durationMs: durationMs / 10 });
      const { cpuUsPerCall } = await load(one, { inFlight, durationMs });
      samples[name] = { ...samples[name], [inFlight]: cpuUsPerCall };
    }
  }
  return samples;
}
