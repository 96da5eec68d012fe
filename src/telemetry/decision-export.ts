import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { DecisionSink, ExportedDecision } from './decision-sink.ts';
import { Teller } from './teller.ts';

/** Decisions behind a place of the log, oldest first. */
export interface ExportPage {
  readonly decisions: readonly ExportedDecision[];
  /** How many there were that are left out by configuration. */
  readonly dropped: number;
  /** How many rows were removed because of their age before they were read. */
  readonly removed: number;
  /** Up to here they were. */
  readonly removedUpTo: number;
  /** Where to go on from; the place itself where nothing follows. */
  readonly lastSeq: number;
}

export interface ExportParts {
  readonly id: string;
  readonly sink: DecisionSink;
  readonly intervalMs: number;
  /** Most bytes of one batch, before it is compressed; one decision is sent however large it is. */
  readonly batchBytes: number;
  readonly read: (afterSeq: number) => Promise<ExportPage>;
  /** Where an export is that is new. */
  readonly begin: () => Promise<number>;
  readonly cursors: {
    read(name: string): Promise<number | undefined>;
    write(name: string, seq: number): Promise<void>;
    hold(name: string, now: number, lastsMs: number): Promise<boolean>;
  };
  readonly now: () => number;
  readonly random: () => number;
  readonly counted: (what: 'sent' | 'failed' | 'configured' | 'retention', count: number) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Longer than one batch may take, so that no two gateways send at once. */
const HOLD_MS = 30_000;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

/**
 * Sends every decision once, and again until it is taken. Nothing is kept in memory but one batch: what waits lies in the
 * store, and so does the place that the export has come to, which moves on when a batch was taken. One of the gateways
 * that share the store sends; who dies between a batch and its note leaves it to be sent a second time.
 */
export async function runExport(parts: ExportParts): Promise<void> {
  const { signal, intervalMs, logger, id } = parts;
  const teller = new Teller({
    failed: 'decisions are not taken; they stay in the store and are sent again',
    mended: 'decisions are taken again',
    fields: { export: id },
    nowMs: parts.now,
    logger,
  });
  let failures = 0;
  while (!signal.aborted) {
    const outcome = await round(parts).catch((thrown: unknown) => ({
      kind: 'refused' as const,
      why: messageOf(thrown),
    }));
    if (signal.aborted) return;
    if (outcome.kind === 'refused') {
      parts.counted('failed', 1);
      teller.failed(outcome.why);
      failures += 1;
    } else {
      if (outcome.kind === 'sent') teller.mended();
      if (outcome.kind !== 'other') failures = 0;
    }
    const delayMs = failures === 0 ? (outcome.kind === 'sent' ? 0 : intervalMs) : backoffMs(failures, parts.random());
    await wait(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

type Outcome =
  /** There may be more. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'nothing' }
  /** Another gateway sends. */
  | { readonly kind: 'other' }
  | { readonly kind: 'refused'; readonly why: string };

async function round(parts: ExportParts): Promise<Outcome> {
  const { id, cursors } = parts;
  if (!(await cursors.hold(id, parts.now(), HOLD_MS))) return { kind: 'other' };
  const begun = await cursors.read(id);
  const from = begun ?? (await parts.begin());
  if (begun === undefined) await cursors.write(id, from);
  const page = await parts.read(from);
  if (page.lastSeq === from) return { kind: 'nothing' };
  if (page.removed > 0) {
    // Passed by at once, so that what is removed is counted once, however often the rest has to be sent.
    await cursors.write(id, page.removedUpTo);
    parts.counted('retention', page.removed);
  }
  for (const batch of batchesOf(page.decisions, parts.batchBytes)) {
    const refusal = await deliver(batch, parts);
    if (refusal !== undefined) return refusal;
  }
  // What is left out lies behind the last that was sent.
  await cursors.write(id, page.lastSeq);
  if (page.dropped > 0) parts.counted('configured', page.dropped);
  return { kind: 'sent' };
}

/** Undefined once all of it was taken and noted. */
async function deliver(batch: readonly ExportedDecision[], parts: ExportParts): Promise<Outcome | undefined> {
  const { id, sink, cursors, signal } = parts;
  // Another gateway may have taken over while this one was stopped.
  if (!(await cursors.hold(id, parts.now(), HOLD_MS))) return { kind: 'other' };
  const [first] = batch;
  const delivery = await sink(textsOf(batch), signal);
  if (delivery.kind === 'too_large' && batch.length > 1) {
    const half = Math.ceil(batch.length / 2);
    return (await deliver(batch.slice(0, half), parts)) ?? (await deliver(batch.slice(half), parts));
  }
  const last = batch.at(-1);
  const shortened =
    delivery.kind === 'too_large' && first !== undefined ? await sink([first.short()], signal) : delivery;
  if (shortened.kind === 'too_large') return { kind: 'refused', why: 'a single decision is too large for it' };
  if (shortened.kind === 'refused') return shortened;
  if (last !== undefined) await cursors.write(id, last.seq);
  parts.counted('sent', batch.length);
  return undefined;
}

function textsOf(batch: readonly ExportedDecision[]): readonly string[] {
  return batch.map(({ text }) => text);
}

function batchesOf(decisions: readonly ExportedDecision[], most: number): readonly (readonly ExportedDecision[])[] {
  const batches: ExportedDecision[][] = [];
  let bytes = 0;
  for (const decision of decisions) {
    const current = batches.at(-1);
    const size = Buffer.byteLength(decision.text) + 1;
    if (current === undefined || bytes + size > most) {
      batches.push([decision]);
      bytes = size;
    } else {
      current.push(decision);
      bytes += size;
    }
  }
  return batches;
}

function backoffMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}
