import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  type Metric,
  METRICS,
  prometheusLabel,
  prometheusName,
  prometheusSeries,
} from '../../src/telemetry/metrics.ts';
import { metricsPage } from '../../src/telemetry/metrics-page.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const metrics: readonly Metric[] = Object.values(METRICS);
const SERIES: ReadonlyMap<string, Metric> = new Map(
  metrics.flatMap((metric) => prometheusSeries(metric).map((name) => [name, metric] as const)),
);

/** Labels that Prometheus adds, or that stand for buckets. */
const ADDED = ['le', 'instance', 'job'];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = (
  parse(readFileSync(join(DOCS, 'telemetry/alerts.yaml'), 'utf8')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(readFileSync(join(DOCS, 'telemetry/grafana-dashboard.json'), 'utf8')) as {
  panels: { title: string; targets: { expr: string; legendFormat?: string }[] }[];
};
const asked = [
  ...rules.map(({ alert, expr, annotations }) => ({ who: alert, expr, words: Object.values(annotations).join(' ') })),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat = '' }) => ({ who: title, expr, words: legendFormat })),
  ),
];

test('the reference is what the table says', async () => {
  await expect(metricsPage()).toMatchFileSnapshot(join(DOCS, 'reference/metrics.md'));
});

test('no two metrics have one name, and each says in a sentence what it is', () => {
  const names = metrics.map(prometheusName);
  expect(new Set(names).size).toBe(names.length);
  for (const { description } of metrics) expect(description).toMatch(/^[A-Z0-9].*\.$/);
});

describe.each(asked)('$who', ({ expr, words }) => {
  const series = [...expr.matchAll(/\bmcp_\w+(?=\W|$)/g)].map(([name]) => name).filter((name) => !isLabel(name));

  test('asks for metrics that there are', () => {
    expect(series.filter((name) => !SERIES.has(name))).toEqual([]);
    expect(series.length).toBeGreaterThan(0);
  });

  test('asks for labels that they have', () => {
    const has = new Set([...ADDED, ...series.flatMap((name) => SERIES.get(name)?.labels.map(prometheusLabel) ?? [])]);
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
    const selected = [...expr.matchAll(/[{,]\s*(\w+)\s*(?:=|!=|=~|!~)/g)].map(([, name = '']) => name);
    const shown = [...words.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, name = '']) => name);
    expect([...grouped, ...selected, ...shown].filter((name) => !has.has(name))).toEqual([]);
  });
});

/** `mcp_method_name` */
function isLabel(name: string): boolean {
  return metrics.some(({ labels }) => labels.some((label) => prometheusLabel(label) === name));
}

test('each of what must not be missed has an alert', () => {
  expect(rules.map(({ alert }) => alert)).toEqual(
    expect.arrayContaining([
      'McpGatewayDecisionLogDropped',
      'McpGatewayBundleStale',
      'McpGatewayDenialsRising',
      'McpGatewayStoreNotWritable',
      'McpGatewayApprovalsWaiting',
    ]),
  );
});
