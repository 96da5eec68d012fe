import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import { type Metric, type MetricId, METRICS } from './metrics.ts';

type IdOf<K extends Metric['kind']> = {
  [Id in MetricId]: (typeof METRICS)[Id]['kind'] extends K ? Id : never;
}[MetricId];

export type CounterId = IdOf<'counter'>;
export type HistogramId = IdOf<'histogram'>;
export type GaugeId = IdOf<'gauge'>;

/** One value of a gauge, as it is when somebody reads it. */
export interface Reading {
  readonly value: number;
  readonly labels?: Attributes;
}

/** The instruments of the table of metrics. */
export interface Instruments {
  add(id: CounterId, count: number, labels?: Attributes): void;
  /** In the unit of the table. */
  note(id: HistogramId, value: number, labels?: Attributes): void;
  /** Asks `read` whenever metrics are read. What it rejects with is left out that time. */
  watch(id: GaugeId, read: () => readonly Reading[] | Promise<readonly Reading[]>): void;
}

export function createInstruments(meter: Meter): Instruments {
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  for (const [id, metric] of Object.entries<Metric>(METRICS)) {
    const { name, kind, buckets } = metric;
    if (kind === 'counter') counters.set(id, meter.createCounter(name, described(metric)));
    if (kind !== 'histogram') continue;
    const advice = { explicitBucketBoundaries: [...(buckets ?? [])] };
    histograms.set(id, meter.createHistogram(name, { ...described(metric), advice }));
  }
  return {
    add: (id, count, labels) => counters.get(id)?.add(count, labels),
    note: (id, value, labels) => histograms.get(id)?.record(value, labels),
    watch: (id, read) => {
      const gauge = meter.createObservableGauge(METRICS[id].name, described(METRICS[id]));
      gauge.addCallback(async (result) => {
        for (const { value, labels } of await read()) result.observe(value, labels);
      });
    },
  };
}

function described({ description, unit }: Metric): { readonly description: string; readonly unit: string } {
  return { description, unit };
}
