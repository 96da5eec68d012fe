import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { type ISerializer, JsonMetricsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { PeriodicExportingMetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Clock } from '../core/clock.ts';
import { isJsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { OtlpSender } from './otlp-sender.ts';
import { Teller } from './teller.ts';

export interface OtlpOptions {
  /** Address of a collector without `/v1/…`; by default what OTEL_EXPORTER_OTLP_ENDPOINT says, or http://localhost:4318. */
  readonly endpoint?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How often metrics are sent; by default what OTEL_METRIC_EXPORT_INTERVAL says, or 60 s. */
  readonly intervalMs?: number | undefined;
  /** How long one batch is tried; by default what OTEL_EXPORTER_OTLP_TIMEOUT says, or 10 s. */
  readonly timeoutMs?: number | undefined;
}

type Signal = 'traces' | 'metrics';

export interface CollectorParts {
  /** Of what no collector has taken: spans, or times that metrics were sent. */
  readonly onDropped: (signal: Signal, count: number) => void;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Spans that wait for their collector; more are dropped. As OTEL_BSP_MAX_QUEUE_SIZE has it by default. */
const MOST_WAITING = 2_048;
const MOST_SENDING_MS = 10_000;

/** The way to a collector. What it does not take, and what is too much, is dropped and counted. */
export class Collector {
  readonly #options: OtlpOptions;
  readonly #parts: CollectorParts;
  readonly #senders: OtlpSender[] = [];

  constructor(options: OtlpOptions, parts: CollectorParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Sends spans in batches and behind. */
  spanProcessor(most: number = MOST_WAITING): SpanProcessor {
    const send = this.#delivery('traces', JsonTraceSerializer);
    return new BoundedProcessor(send, { most, onDropped: (count) => this.#parts.onDropped('traces', count) });
  }

  /** Sends metrics again and again. */
  metricReader(): PeriodicExportingMetricReader {
    const { intervalMs } = this.#options;
    const send = this.#delivery('metrics', JsonMetricsSerializer);
    const deliver = async (metrics: ResourceMetrics): Promise<boolean> => {
      const { isTaken, lost } = await send(metrics);
      if (!isTaken || lost > 0) this.#parts.onDropped('metrics', 1);
      return isTaken;
    };
    const exporter = new OTLPMetricExporterBase({
      export: exportWith(deliver),
      forceFlush: atOnce,
      shutdown: atOnce,
      setMetrics: nothing,
    });
    return new PeriodicExportingMetricReader({
      exporter,
      ...(intervalMs !== undefined && {
        exportIntervalMillis: intervalMs,
        exportTimeoutMillis: Math.min(intervalMs, MOST_SENDING_MS),
      }),
    });
  }

  /** From now on nothing is tried a second time. */
  hurry(): void {
    for (const sender of this.#senders) sender.hurry();
  }

  /** Gives up whatever is under way or waits. */
  abandon(): void {
    for (const sender of this.#senders) sender.abandon();
  }

  #delivery<Items>(signal: Signal, serializer: Serializer<Items>): (items: Items) => Promise<Delivered> {
    const { clock, logger, version } = this.#parts;
    const { url, headers, compression, timeoutMillis, agentFactory } = settingsOf(this.#options, signal);
    const sending = { url, headers, compression, timeoutMs: timeoutMillis, agentFor: agentFactory, version, clock };
    const sender = new OtlpSender(sending);
    this.#senders.push(sender);
    const teller = new Teller({
      failed: 'telemetry is not taken by its collector; it is dropped and counted until it is',
      mended: 'telemetry is taken again',
      fields: { signal, address: withoutSecrets(url) },
      nowMs: () => clock.monotonic(),
      logger,
    });
    return async (items) => {
      const body = serializer.serializeRequest(items);
      if (body === undefined) return { isTaken: false, lost: 0 };
      const sent = await sender.send(body);
      if (sent.kind === 'refused') {
        teller.failed(sent.why);
        return { isTaken: false, lost: 0 };
      }
      const { lost, why } = readLoss(sent.response);
      if (lost > 0) teller.failed(`it has left some of it out: ${why}`);
      else teller.mended();
      return { isTaken: true, lost };
    };
  }
}

interface Delivered {
  readonly isTaken: boolean;
  /** How much of what was taken was left out all the same. */
  readonly lost: number;
}

interface Settings {
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly timeoutMillis?: number;
}

/** With what the environment says where the options do not. */
function settingsOf(
  { endpoint, headers, timeoutMs }: OtlpOptions,
  signal: Signal,
): ReturnType<typeof convertLegacyHttpOptions> {
  const written: Settings = {
    ...(endpoint !== undefined && { url: `${endpoint.replace(/\/$/, '')}/v1/${signal}` }),
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(timeoutMs !== undefined && { timeoutMillis: timeoutMs }),
  };
  return convertLegacyHttpOptions(written, signal.toUpperCase(), `v1/${signal}`, {
    'content-type': 'application/json',
  });
}

/** The environment may have put a password into it. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

type Serializer<Items> = Pick<ISerializer<Items, unknown>, 'serializeRequest'>;

/** What a collector says that it has not taken of what it has (OpenTelemetry Protocol, "Partial Success"). */
function readLoss(response: Uint8Array): { readonly lost: number; readonly why: string } {
  const said = response.length === 0 ? undefined : parsed(new TextDecoder().decode(response));
  const partial = isJsonObject(said) ? said['partialSuccess'] : undefined;
  if (!isJsonObject(partial)) return { lost: 0, why: '' };
  // 64-bit numbers are strings in protobuf's JSON.
  const lost = Number(partial['rejectedSpans'] ?? partial['rejectedDataPoints'] ?? 0);
  const { errorMessage } = partial;
  return { lost: lost > 0 ? lost : 0, why: typeof errorMessage === 'string' ? errorMessage : 'it does not say why' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Export<Items> = (items: Items, done: (result: ExportResult) => void) => void;

/** As the library calls it. `deliver` never rejects. */
function exportWith<Items>(deliver: (items: Items) => Promise<boolean>): Export<Items> {
  const told = async (items: Items, done: (result: ExportResult) => void): Promise<void> => {
    const isTaken = await deliver(items);
    done(isTaken ? TAKEN : { code: ExportResultCode.FAILED, error: new Error('not taken') });
  };
  return (items, done) => void told(items, done);
}

const TAKEN: ExportResult = { code: ExportResultCode.SUCCESS };

interface Bound {
  readonly most: number;
  readonly onDropped: (count: number) => void;
}

/** The library drops without a word; what it would drop is counted here. */
class BoundedProcessor implements SpanProcessor {
  readonly #inner: BatchSpanProcessor;
  readonly #bound: Bound;
  #waiting = 0;

  constructor(send: (spans: ReadableSpan[]) => Promise<Delivered>, bound: Bound) {
    this.#bound = bound;
    const deliver = async (spans: ReadableSpan[]): Promise<boolean> => {
      const { isTaken, lost } = await send(spans);
      this.#waiting -= spans.length;
      const dropped = isTaken ? lost : spans.length;
      if (dropped > 0) bound.onDropped(dropped);
      return isTaken;
    };
    const exporter: SpanExporter = { export: exportWith(deliver), shutdown: atOnce };
    this.#inner = new BatchSpanProcessor(exporter, { maxQueueSize: 2 * bound.most });
  }

  onStart(): void {
    // A span is handed on when it has ended.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.#waiting >= this.#bound.most) return this.#bound.onDropped(1);
    this.#waiting += 1;
    this.#inner.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}

const atOnce = (): Promise<void> => Promise.resolve();
const nothing = (): void => undefined;
