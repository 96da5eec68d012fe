import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { end, PATIENCE } from '../../e2e/program.ts';
import { freePort } from '../../e2e/free-port.ts';

const COLLECTOR = resolve('test/telemetry/collector/built/collector');

/** An attribute as OTLP has it in JSON. */
interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string; readonly doubleValue?: number };
}

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes?: readonly Attribute[];
  readonly events?: readonly { readonly name: string }[];
}

interface Line {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly { readonly name: string; readonly unit?: string }[];
    }[];
  }[];
}

export interface Collector {
  readonly endpoint: string;
  readonly spans: () => readonly CollectedSpan[];
  readonly resource: () => Readonly<Record<string, string>>;
  readonly metrics: () => readonly string[];
}

/** A collector that hands on what it is sent, ended with the test. */
export async function aCollectorProcess(folder: string): Promise<Collector> {
  const lines: Line[] = [];
  const behind = await anHttpService((body) => {
    lines.push(JSON.parse(body.toString()) as Line);
    return 200;
  });
  const [port, config] = [await freePort(), join(folder, 'collector.yaml')];
  const pipeline = { receivers: ['otlp'], exporters: ['otlp_http'] };
  const configuration = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: { otlp_http: { endpoint: behind, encoding: 'json', compression: 'none' } },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      pipelines: { traces: pipeline, metrics: pipeline },
    },
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(configuration));
  await started(spawn(COLLECTOR, ['--config', `file:${config}`], { stdio: 'inherit' }), `http://127.0.0.1:${port}/`);
  const ofSpans = (): NonNullable<Line['resourceSpans']> => lines.flatMap(({ resourceSpans = [] }) => resourceSpans);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => ofSpans().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resource: () => attributesOf({ attributes: ofSpans()[0]?.resource.attributes ?? [] }),
    metrics: () =>
      lines.flatMap(({ resourceMetrics = [] }) =>
        resourceMetrics.flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name, unit = '' }) => `${name} ${unit}`.trim())),
        ),
      ),
  };
}

export function attributesOf({ attributes = [] }: Pick<CollectedSpan, 'attributes'>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, String(value.stringValue ?? value.intValue ?? value.doubleValue)]),
  );
}

export interface Prometheus {
  /** The values that an expression has now, with their labels. */
  readonly ask: (expr: string) => Promise<readonly Sample[]>;
  readonly rules: () => Promise<readonly { readonly name: string; readonly health: string }[]>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Debian's Prometheus, which reads the metrics at a port every second and knows our alerts; ended with the test. */
export async function aPrometheus(folder: string, metricsPort: number): Promise<Prometheus> {
  const [port, config, data] = [await freePort(), join(folder, 'prometheus.yml'), join(folder, 'prometheus')];
  mkdirSync(data);
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [resolve('docs/telemetry/alerts.yaml')],
    scrape_configs: [{ job_name: 'gateway', static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }] }],
  };
  writeFileSync(config, JSON.stringify(configuration));
  const url = `http://127.0.0.1:${port}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`];
  await started(spawn('prometheus', [...args, '--log.level=error'], { stdio: 'ignore' }), `${url}/-/ready`);
  const get = async (path: string): Promise<{ status: string; data: never; error?: string }> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as never;
    return answer;
  };
  return {
    ask: async (expr) => {
      const answer = await get(`query?query=${encodeURIComponent(expr)}`);
      if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error ?? ''}`);
      const { result } = answer.data as { result: { metric: Record<string, string>; value: [number, string] }[] };
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    rules: async () => {
      const { data: found } = await get('rules');
      const { groups } = found as { groups: { rules: { name: string; health: string }[] }[] };
      return groups.flatMap((group) => group.rules);
    },
  };
}

/** Resolves when it answers. */
async function started(child: ChildProcess, url: string): Promise<void> {
  onTestFinished(() => end(child));
  const gone = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${String(code)}`)));
  });
  gone.catch(() => undefined);
  const answering = async (): Promise<void> => {
    for (;;) {
      const response = await fetch(url).catch(() => undefined);
      if (response !== undefined && response.status < 500) return;
      await new Promise((resolve) => setTimeout(resolve, PATIENCE.interval));
    }
  };
  await Promise.race([answering(), gone]);
}

export interface LogService {
  readonly url: string;
  /** Events of all batches that it has taken. */
  readonly events: () => readonly Readonly<Record<string, unknown>>[];
  /** Whether it takes what comes. */
  takes: boolean;
}

/** As a service that takes OPA's decision log. */
export async function aLogService(): Promise<LogService> {
  const events: Readonly<Record<string, unknown>>[] = [];
  const service = { url: '', events: () => events, takes: true };
  const url = await anHttpService((body) => {
    if (!service.takes) return 503;
    events.push(...(JSON.parse(gunzipSync(body).toString()) as Readonly<Record<string, unknown>>[]));
    return 200;
  });
  service.url = `${url}/logs`;
  return service;
}

/** Takes connections and says nothing. */
export async function aSilentService(): Promise<{ readonly endpoint: string; readonly asked: () => number }> {
  let asked = 0;
  const port = await listening(createServer(() => (asked += 1)));
  return { endpoint: `http://127.0.0.1:${port}`, asked: () => asked };
}

/** The address of one that vouches for itself. */
export async function aSelfSignedService(folder: string): Promise<string> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const asked = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const named = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...asked, ...named, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const credentials = { key: readFileSync(key), cert: readFileSync(cert) };
  return `https://127.0.0.1:${await listening(createTlsServer(credentials, (_request, response) => response.end('{}')))}`;
}

/** Answers each request with a status and an empty object; its address. */
async function anHttpService(take: (body: Buffer) => number): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = take(Buffer.concat(chunks));
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

/** Its port; it is closed with the test. */
async function listening(server: Server): Promise<number> {
  const port = await freePort();
  await new Promise<void>((begun) => {
    server.listen(port, '127.0.0.1', begun);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}
