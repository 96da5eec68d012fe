import { setTimeout as wait } from 'node:timers/promises';
import { diag, DiagLogLevel, type Tracer } from '@opentelemetry/api';
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
import { Observing } from './observe.ts';
import type { ServerPlace } from './places.ts';
import { Collector, type OtlpOptions } from './otlp.ts';
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
  /** Sends what waits, for a second at most. Nothing holds the process afterwards. */
  close(): Promise<void>;
}

/** How long the end of the gateway waits for a collector: one that is there has taken 2,048 spans long before. */
const CLOSE_MS = 1_000;
/** What is given up is told of and counted at once. */
const ABANDON_MS = 100;

/** Begins to make traces and metrics. Does not throw for a collector or a port that cannot be had. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { otlp, prometheus, version, clock, logger, placeOf } = options;
  listenToLibrary(logger);
  const resource = resourceOf(options);
  const scrape = prometheus === undefined ? undefined : new Scrape();
  // It counts what is dropped of itself, and is made before there is something to count with.
  const own: { instruments?: Instruments } = {};
  const onDropped = (signal: 'traces' | 'metrics', count: number): void =>
    own.instruments?.add('telemetryDropped', count, { signal });
  const collector = otlp && new Collector(otlp, { onDropped, version, clock, logger });
  const pushing = collector === undefined || otlp?.sendsMetrics === false ? [] : [collector.metricReader()];
  const pulling = scrape === undefined ? [] : [scrape.reader];
  const meters = new MeterProvider({ resource, readers: [...pushing, ...pulling] });
  const instruments = createInstruments(meters.getMeter(SCOPE, version));
  own.instruments = instruments;
  const exporting = collector === undefined || otlp?.sendsTraces === false ? [] : [collector.spanProcessor()];
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
      collector?.hurry();
      const ended = Promise.allSettled([listener?.close(), tracers?.shutdown(), meters.shutdown()]);
      await Promise.race([ended, wait(CLOSE_MS, undefined, { ref: false })]);
      collector?.abandon();
      await Promise.race([ended, wait(ABANDON_MS, undefined, { ref: false })]);
    },
  };
}

const SCOPE = 'mcp-gateway';

/** What the library warns of, such as a variable of the environment that it cannot read, is said once. */
function listenToLibrary(logger: Logger): void {
  const told = new Set<string>();
  const warn = (problem: string): void => {
    if (told.has(problem) || told.size >= MOST_WARNINGS) return;
    told.add(problem);
    logger.warn('OpenTelemetry warns', { problem });
  };
  // Its errors are of single batches, which we count and tell of ourselves.
  const unheard = (): void => undefined;
  const listening = { error: unheard, warn, info: unheard, debug: unheard, verbose: unheard };
  diag.setLogger(listening, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

const MOST_WARNINGS = 20;

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
