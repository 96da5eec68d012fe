import * as z from 'zod';
import { Credentials } from './schema-remote.ts';
import { Duration, PublicUrl, Size, Texts } from './schema-values.ts';

const LEAST_INTERVAL_MS = 1_000;
/** A timer cannot be set much longer. */
const LONGEST_INTERVAL_MS = 86_400_000;

const Interval = Duration.refine(
  (ms) => ms >= LEAST_INTERVAL_MS && ms <= LONGEST_INTERVAL_MS,
  'must be from 1s to 24h',
);

const Otlp = z.strictObject({
  endpoint: PublicUrl.optional().describe(
    'Address of a collector that takes OTLP over HTTP, without `/v1/traces`. Default: what OTEL_EXPORTER_OTLP_ENDPOINT says, else `http://localhost:4318`.',
  ),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'not the name of a header'), z.string())
    .optional()
    .describe('Headers that are sent to it, their values as references such as `${file:/run/secrets/otlp}`.'),
  interval: Interval.optional().describe(
    'How often metrics are sent. Default: what OTEL_METRIC_EXPORT_INTERVAL says, else 60s.',
  ),
  sampling: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'Which part of the traces that begin here is kept, from 0 to 1; a client that says so for its trace decides itself. Default: what OTEL_TRACES_SAMPLER says, else all.',
    ),
});

const Prometheus = z.strictObject({
  host: z
    .string()
    .min(1)
    .optional()
    .describe('Address to listen on. Default: what OTEL_EXPORTER_PROMETHEUS_HOST says, else 127.0.0.1.'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe(
      'Port to listen on; 0 takes a free one. Default: what OTEL_EXPORTER_PROMETHEUS_PORT says, else 9464. Of several gateways one gets it.',
    ),
  allowedHosts: Texts.default([]).describe(
    'Names accepted in the Host header beside those of the loopback address, and beside addresses where `host` is none of it.',
  ),
});

export const Telemetry = z.strictObject({
  otlp: Otlp.optional().describe('Where traces and metrics are sent; `{}` for the defaults.'),
  prometheus: Prometheus.optional().describe('Where metrics can be read at `/metrics`; `{}` for the defaults.'),
});

/** What can be left out because nobody is helped by all of it. */
const NOISE = ['tool_list', 'resource_list', 'prompt_list', 'completion', 'allow'] as const;

export const DecisionExport = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'not an id: 1 to 40 lower-case letters, digits and hyphens, no hyphen first')
      .describe('Name of the export. How far it has come is kept under it.'),
    url: PublicUrl.optional().describe(
      'Address to which decisions are sent as OPA sends its decision log: POST of a JSON array, compressed with gzip.',
    ),
    file: z.string().min(1).optional().describe('File to which they are appended instead, one in a line.'),
    format: z
      .enum(['opa', 'ocsf'])
      .default('opa')
      .describe('What each decision is written as: an event of OPA’s decision log, or API Activity of OCSF 1.8.'),
    credentials: Credentials.optional().describe('What is shown to `url`, where it wants to know who asks.'),
    interval: Interval.prefault('5s').describe('How often is looked for new decisions.'),
    batch: Size.refine((bytes) => bytes >= 1024 && bytes <= 16 * 1024 ** 2, 'must be from 1KB to 16MB')
      .prefault('1MB')
      .describe('How much is sent at once, before it is compressed.'),
    from: z
      .enum(['now', 'beginning'])
      .default('now')
      .describe('Where an export that is new begins: with what is decided from now on, or with all that is kept.'),
    drop: z
      .array(z.enum(NOISE))
      .default([])
      .describe('What is left out: lists, completions, or all that was allowed. A denial is never left out.'),
  })
  .refine(({ url, file }) => (url === undefined) !== (file === undefined), 'needs either a url or a file');
