import type { AppOptions } from './options.ts';
import type { Config } from '../config/paths.ts';
import type { SealedRecord } from '../core/record.ts';
import { opaEvent } from '../review/export-formats.ts';
import { ocsfEvent, shortOcsfEvent } from '../review/ocsf-event.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import type { Store } from '../state/store.ts';
import { type ExportPage, type ExportParts, runExport } from '../telemetry/decision-export.ts';
import { type ExportedDecision, fileSink, httpSink } from '../telemetry/decision-sink.ts';
import type { Instruments } from '../telemetry/instruments.ts';

type DecisionExport = Config['decisions']['export'][number];

export interface Exporting {
  readonly store: Store;
  /** Ends all exports. */
  readonly signal: AbortSignal;
  /** Absent where nothing is measured. */
  readonly instruments: Instruments | undefined;
}

/** Sends decisions where the configuration says. Resolves when all exports have ended. */
export async function exportDecisions(exporting: Exporting, options: AppOptions): Promise<void> {
  const { store, signal, instruments } = exporting;
  const { config, clock, logger, version } = options;
  const reader = new DecisionReader(store.place);
  try {
    instruments?.watch('exportBehind', async () => {
      const newest = await newestOf(reader);
      const behind = config.decisions.export.map(async ({ id }) => {
        const value = Math.max(0, newest - ((await store.exports.read(id)) ?? newest));
        return { value, labels: { export: id } };
      });
      return Promise.all(behind);
    });
    const runs = config.decisions.export.map((settings) => {
      const { id, interval: intervalMs, batch: batchBytes } = settings;
      return runExport({
        id,
        intervalMs,
        batchBytes,
        sink: sinkOf(settings, version),
        read: (afterSeq) => readPage(afterSeq, { reader, settings, version }),
        begin: async () => (settings.from === 'now' ? newestOf(reader) : 0),
        cursors: store.exports,
        now: () => clock.now(),
        random: Math.random,
        counted: counter(id, instruments),
        logger,
        signal,
      });
    });
    await Promise.all(runs);
  } finally {
    await reader.close();
  }
}

function sinkOf({ url, file, credentials }: DecisionExport, version: string): ExportParts['sink'] {
  if (file !== undefined) return fileSink(file);
  return httpSink({ url: url ?? '', credentials, version });
}

function counter(id: string, instruments: Instruments | undefined): ExportParts['counted'] {
  return (what, count) => {
    if (what === 'sent') instruments?.add('exportSent', count, { export: id });
    else if (what === 'failed') instruments?.add('exportFailures', count, { export: id });
    else instruments?.add('exportDropped', count, { export: id, why: what });
  };
}

interface Reading {
  readonly reader: DecisionReader;
  readonly settings: DecisionExport;
  readonly version: string;
}

async function readPage(afterSeq: number, { reader, settings, version }: Reading): Promise<ExportPage> {
  const removed = await reader.removedBehind(afterSeq);
  const { records, lastSeq } = await reader.tail(afterSeq);
  const wanted = records.filter((record) => !isLeftOut(record, settings));
  return {
    decisions: wanted.map((record) => EVENTS[settings.format](record, version)),
    dropped: records.length - wanted.length,
    removed: removed.rows,
    removedUpTo: removed.upTo,
    lastSeq: Math.max(lastSeq, removed.upTo),
  };
}

/** A denial never is. */
function isLeftOut({ action, effect }: SealedRecord, { drop }: DecisionExport): boolean {
  if (effect === 'deny') return false;
  const noise: readonly string[] = drop;
  return noise.includes(action) || noise.includes(effect);
}

const EVENTS: Readonly<Record<DecisionExport['format'], (record: SealedRecord, version: string) => ExportedDecision>> =
  {
    opa: (record, version) => {
      const event = opaEvent(record, version);
      return {
        seq: record.seq,
        text: JSON.stringify(event),
        short: () => JSON.stringify({ ...event, input: {}, erased: ['/input'] }),
      };
    },
    ocsf: (record, version) => ({
      seq: record.seq,
      text: JSON.stringify(ocsfEvent(record, version)),
      short: () => JSON.stringify(shortOcsfEvent(record, version)),
    }),
  };

async function newestOf(reader: DecisionReader): Promise<number> {
  const [newest] = await reader.list({ limit: 1 });
  return newest?.seq ?? 0;
}
