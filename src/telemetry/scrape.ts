import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { type Metric, METRICS, prometheusName } from './metrics.ts';

/** What cannot be read in this time is left out. */
const TIMEOUT_MS = 5_000;

/** Reads all metrics when it is asked, and writes them as Prometheus reads them. */
export class Scrape {
  /** The library's listener is not started: it answers anybody who asks by any name. */
  readonly reader = new PrometheusExporter({ preventServerStart: true });
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

  async text(): Promise<string> {
    const { resourceMetrics } = await this.reader.collect({ timeoutMillis: TIMEOUT_MS });
    return this.#serializer.serialize(renamed(resourceMetrics));
  }
}

type Collected = Parameters<PrometheusSerializer['serialize']>[0];
type CollectedMetric = Collected['scopeMetrics'][number]['metrics'][number];

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.values<Metric>(METRICS).map((metric) => [metric.name, prometheusName(metric)]),
);

/** The exporter adds no unit to a name, as the specification wants it. */
function renamed(resourceMetrics: Collected): Collected {
  const rename = (metric: CollectedMetric): CollectedMetric => {
    const name = NAMES.get(metric.descriptor.name) ?? metric.descriptor.name;
    return { ...metric, descriptor: { ...metric.descriptor, name, unit: '' } };
  };
  const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({ ...scope, metrics: scope.metrics.map(rename) }));
  return { ...resourceMetrics, scopeMetrics };
}
