import { labelMeaning, type Metric, METRICS, prometheusLabel, prometheusName } from './metrics.ts';

const INTRODUCTION = `# Metrics

<!-- Generated from src/telemetry/metrics.ts. Do not edit. -->

Read by Prometheus at \`telemetry.prometheus\`, sent to a collector by \`telemetry.otlp\`; [telemetry](../telemetry.md) says how.
Prometheus has the name in the first column, OpenTelemetry the one below it. A metric of the \`store\` is the same in every
gateway that shares the store; one of the \`process\` counts what that gateway did since it was started.

| Metric | Kind | Labels | Of | What it says |
|---|---|---|---|---|`;

const LABELS = `
## Labels

No label has the name of a user, a session, a URI or an argument, and none has a value that a client can choose.

| Label | Values |
|---|---|`;

/** The reference page, \`docs/reference/metrics.md\`, whole. */
export function metricsPage(): string {
  const metrics: readonly Metric[] = Object.values(METRICS);
  const labels = [...new Set(metrics.flatMap((metric) => metric.labels))];
  return [
    INTRODUCTION,
    ...metrics.map(rowOf),
    LABELS,
    ...labels.map((label) => `| \`${prometheusLabel(label)}\` | ${labelMeaning(label)} |`),
    '',
  ].join('\n');
}

function rowOf(metric: Metric): string {
  const labels = metric.labels.map((label) => `\`${prometheusLabel(label)}\``).join(', ');
  const names = `\`${prometheusName(metric)}\`<br>\`${metric.name}\``;
  return `| ${names} | ${metric.kind} | ${labels} | ${metric.of} | ${metric.description} |`;
}
