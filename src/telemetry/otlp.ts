import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../core/logger.ts';

export interface OtlpOptions {
  /** Address of a collector without `/v1/…`; by default what OTEL_EXPORTER_OTLP_ENDPOINT says, or http://localhost:4318. */
  readonly endpoint?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How often metrics are sent; by default what OTEL_METRIC_EXPORT_INTERVAL says, or 60 s. */
  readonly intervalMs?: number | undefined;
  /** How long one batch is tried; by default what OTEL_EXPORTER_OTLP_TIMEOUT says, or 10 s. */
  readonly timeoutMs?: number | undefined;
}

/** Spans that wait for their collector; more are dropped. As OTEL_BSP_MAX_QUEUE_SIZE has it by default. */
const MOST_WAITING = 2_048;

export interface Sent {
  /** Of spans that no collector has taken. */
  readonly onDropped: (signal: 'traces' | 'metrics', count: number) => void;
  readonly logger: Logger;
}

/** Hands spans to a collector, in batches and behind; what it does not take, and what is too much, is dropped and counted. */
export function spanProcessor(options: OtlpOptions, sent: Sent, most: number = MOST_WAITING): SpanProcessor {
  const exporter = new OTLPTraceExporter(exporterOptions(options, 'traces'));
  return new CountingProcessor(exporter, { ...sent, most });
}

/** Sends metrics again and again. */
export function metricReader(options: OtlpOptions, { onDropped, logger }: Sent): PeriodicExportingMetricReader {
  const { intervalMs } = options;
  const tell = teller('metrics', logger);
  const exporter = new OTLPMetricExporter(exporterOptions(options, 'metrics'));
  const send = exporter.export.bind(exporter);
  exporter.export = (metrics, done) =>
    send(metrics, (result) => {
      const isTaken = result.error === undefined;
      if (!isTaken) onDropped('metrics', 1);
      tell(isTaken);
      done(result);
    });
  return new PeriodicExportingMetricReader({
    exporter,
    ...(intervalMs !== undefined && {
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: Math.min(intervalMs, MOST_SENDING_MS),
    }),
  });
}

const MOST_SENDING_MS = 10_000;

interface ExporterOptions {
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly timeoutMillis?: number;
  readonly concurrencyLimit: number;
}

function exporterOptions({ endpoint, headers, timeoutMs }: OtlpOptions, signal: 'traces' | 'metrics'): ExporterOptions {
  return {
    ...(endpoint !== undefined && { url: `${endpoint.replace(/\/$/, '')}/v1/${signal}` }),
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(timeoutMs !== undefined && { timeoutMillis: timeoutMs }),
    concurrencyLimit: 1,
  };
}

/** The library drops without a word; what it drops is counted here. */
class CountingProcessor implements SpanProcessor {
  readonly #inner: BatchSpanProcessor;
  readonly #options: Sent & { readonly most: number };
  #waiting = 0;

  constructor(exporter: SpanExporter, options: Sent & { readonly most: number }) {
    this.#options = options;
    const tell = teller('traces', options.logger);
    const counting: SpanExporter = {
      export: (spans, done) => {
        exporter.export(spans, (result) => {
          this.#waiting -= spans.length;
          const isTaken = result.error === undefined;
          if (!isTaken) options.onDropped('traces', spans.length);
          tell(isTaken);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
    this.#inner = new BatchSpanProcessor(counting, { maxQueueSize: 2 * options.most });
  }

  onStart(): void {
    // A span is handed on when it has ended.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.#waiting >= this.#options.most) return this.#options.onDropped('traces', 1);
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

/** Tells once that nothing is taken, and once that it is again: a collector that is down must not fill the log. */
function teller(signal: string, logger: Logger): (isTaken: boolean) => void {
  let wasTaken = true;
  return (isTaken) => {
    if (isTaken === wasTaken) return;
    wasTaken = isTaken;
    if (isTaken) logger.info('telemetry is taken again', { signal });
    else logger.warn('telemetry is not taken by its collector; it is dropped and counted until it is', { signal });
  };
}
