import type { Tracer } from '@opentelemetry/api';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Observer } from '../core/observer.ts';
import { guarded } from './guarded.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { MetricsListener } from './metrics-listener.ts';
import { Observing, type ServerPlace } from './observe.ts';
import { metricReader, type OtlpOptions, spanProcessor } from './otlp.ts';
import { Scrape } from './scrape.ts';

export interface TelemetryOptions {
  readonly otlp?:
    | (OtlpOptions & {
        readonly sampling?: number | undefined;
        /** True unless it is said. */
        readonly sendsTraces?: boolean;
        readonly sendsMetrics?: boolean;
      })
    | undefined;
  readonly prometheus?:
    | { readonly host: string; readonly port: number; readonly allowedHosts: readonly string[] }
    | undefined;
  readonly version: string;
  /** Id of this process in every record it writes. */
  readonly instance: string;
  readonly placeOf: (server: string) => ServerPlace;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who gets spans beside the collector. */
  readonly spanProcessors?: readonly SpanProcessor[];
}

export interface Telemetry {
  readonly observer: Observer;
  readonly instruments: Instruments;
  /** Port on which metrics can be read; 0 where they cannot. */
  readonly metricsPort: () => number;
  /** Sends what waits, for as long as `CLOSE_MS`. */
  close(): Promise<void>;
}

/** How long the end of the gateway waits for a collector. */
const CLOSE_MS = 2_000;

/** Begins to make traces and metrics. Does not throw for a collector or a port that cannot be had. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { otlp, prometheus, version, clock, logger, placeOf } = options;
  const resource = resourceOf(options);
  const scrape = prometheus === undefined ? undefined : new Scrape();
  // It counts what is dropped of itself, and is made before there is something to count with.
  const own: { instruments?: Instruments } = {};
  const onDropped = (signal: 'traces' | 'metrics', count: number): void =>
    own.instruments?.add('telemetryDropped', count, { signal });
  const sent = { onDropped, logger };
  const pushing = otlp === undefined || otlp.sendsMetrics === false ? [] : [metricReader(otlp, sent)];
  const pulling = scrape === undefined ? [] : [scrape.reader];
  const meters = new MeterProvider({ resource, readers: [...pushing, ...pulling] });
  const instruments = createInstruments(meters.getMeter(SCOPE, version));
  own.instruments = instruments;
  const exporting = otlp === undefined || otlp.sendsTraces === false ? [] : [spanProcessor(otlp, sent)];
  const processors = [...exporting, ...(options.spanProcessors ?? [])];
  const tracers = processors.length === 0 ? undefined : tracerProvider(processors, resource, otlp?.sampling);
  const tracer: Tracer | undefined = tracers?.getTracer(SCOPE, version);
  const listener = scrape && prometheus && new MetricsListener({ ...prometheus, text: () => scrape.text(), logger });
  await listener?.open();
  return {
    observer: guarded(new Observing({ tracer, instruments, clock, placeOf }), (thrown) =>
      logger.error('something cannot be watched, and goes on unwatched', { problem: messageOf(thrown) }),
    ),
    instruments,
    metricsPort: () => listener?.port ?? 0,
    close: async () => {
      await Promise.race([
        Promise.allSettled([listener?.close(), tracers?.shutdown(), meters.shutdown()]),
        new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref()),
      ]);
    },
  };
}

const SCOPE = 'mcp-gateway';

/** What is sent says who sends it; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before our own words. */
function resourceOf({ version, instance }: TelemetryOptions): ReturnType<typeof defaultResource> {
  const ours = resourceFromAttributes({
    'service.name': SCOPE,
    'service.version': version,
    'service.instance.id': instance,
  });
  return defaultResource()
    .merge(ours)
    .merge(detectResources({ detectors: [envDetector] }));
}

/** Where the configuration says nothing of sampling, OTEL_TRACES_SAMPLER does. */
function tracerProvider(
  spanProcessors: SpanProcessor[],
  resource: ReturnType<typeof defaultResource>,
  sampling: number | undefined,
): BasicTracerProvider {
  const sampler =
    sampling === undefined ? undefined : new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampling) });
  return new BasicTracerProvider({ resource, spanProcessors, ...(sampler && { sampler }) });
}
