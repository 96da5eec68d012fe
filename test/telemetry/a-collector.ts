import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { onTestFinished } from 'vitest';
import type { Observer } from '../../src/core/observer.ts';
import type { ServerPlace } from '../../src/telemetry/places.ts';
import { startTelemetry, type Telemetry } from '../../src/telemetry/start.ts';
import { realClock, silent } from '../state/records.ts';

export interface Collected {
  readonly telemetry: Telemetry;
  readonly observer: Observer;
  /** Those that have ended, in this order. */
  readonly spans: () => readonly ReadableSpan[];
  /** The one whose name begins so. */
  readonly span: (name: string) => ReadableSpan;
  /** As Prometheus reads them. */
  readonly metrics: () => Promise<string>;
  /** The value of a series, written as Prometheus has it; undefined where there is none. */
  readonly value: (series: string) => Promise<number | undefined>;
}

/** Telemetry whose spans stay in memory and whose metrics are read on a free port, ended with the test. */
export async function aCollector(places: Readonly<Record<string, ServerPlace>> = {}): Promise<Collected> {
  const exporter = new InMemorySpanExporter();
  const telemetry = await startTelemetry({
    prometheus: { host: '127.0.0.1', port: 0, allowedHosts: [] },
    version: '1.2.3',
    instance: 'instance-1',
    placeOf: (server) => places[server] ?? { transport: 'pipe', protocol: '2025-11-25' },
    clock: realClock,
    logger: silent,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  onTestFinished(() => telemetry.close());
  const metrics = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${telemetry.metricsPort()}/metrics`)).text();
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  return {
    telemetry,
    observer: telemetry.observer,
    spans,
    span: (name) => {
      const found = spans().find((span) => span.name.startsWith(name));
      if (found === undefined)
        throw new Error(
          `no span ${name} among ${spans()
            .map((span) => span.name)
            .join(', ')}`,
        );
      return found;
    },
    metrics,
    value: async (series) => {
      const line = (await metrics()).split('\n').find((one) => one.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
  };
}
