import { stat } from 'node:fs/promises';
import type { BrokenConfiguration } from './configuration.ts';
import type { AppOptions } from './options.ts';
import type { StaleBundle } from './stands.ts';
import type { Config } from '../config/paths.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import type { GatewayParts } from '../gateway/gateway.ts';
import type { StorePlace } from '../state/open-connection.ts';
import type { Store } from '../state/store.ts';
import type { Reading } from '../telemetry/instruments.ts';
import type { ServerPlace } from '../telemetry/places.ts';
import { startTelemetry, type Telemetry, type TelemetryOptions } from '../telemetry/start.ts';
import type { Upstreams } from '../upstream/upstreams.ts';

/** What of a running gateway is read for metrics; what is not there yet is left out. */
export interface Watched {
  readonly store: Store;
  readonly upstreams: () => Upstreams | undefined;
  readonly parts: () => GatewayParts | undefined;
  readonly stale: () => readonly StaleBundle[];
  readonly configuration: () => BrokenConfiguration | undefined;
}

/** Where metrics can be read unless somebody says otherwise (OpenTelemetry, "General SDK Configuration"). */
const PROMETHEUS = { host: '127.0.0.1', port: 9464 };

/** Begins what the configuration asks for; undefined where the environment leaves it out. */
export async function beginTelemetry(watched: Watched, options: AppOptions): Promise<Telemetry | undefined> {
  const { config, version, clock, logger, host } = options;
  const { environment } = host;
  if (environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') {
    logger.info('OTEL_SDK_DISABLED leaves telemetry out');
    return undefined;
  }
  const telemetry = await startTelemetry({
    otlp: otlpOf(config, environment),
    prometheus: prometheusOf(config, environment),
    version,
    instance: watched.store.instance,
    placeOf: placesOf(config, (server) => watched.upstreams()?.describe(server)?.protocolVersion ?? ''),
    clock,
    logger,
  });
  watch(telemetry, watched, options);
  return telemetry;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** What the library leaves to whoever puts it together. */
function otlpOf({ telemetry }: Config, environment: Variables): TelemetryOptions['otlp'] {
  const written = telemetry?.otlp;
  return (
    written && {
      ...written,
      intervalMs: written.interval ?? intervalIn(environment),
      timeoutMs: timeoutIn(environment),
      sendsTraces: environment['OTEL_TRACES_EXPORTER'] !== 'none',
      sendsMetrics: environment['OTEL_METRICS_EXPORTER'] !== 'none',
    }
  );
}

/** Shorter than OpenTelemetry's ten seconds: the process ends no sooner than its last batch was tried. */
const TRIED_MS = 5_000;

function timeoutIn(environment: Variables): number | undefined {
  const isSaid = Object.entries(environment).some(([name, value]) => TIMEOUTS.test(name) && value !== '');
  return isSaid ? undefined : TRIED_MS;
}

function intervalIn({ OTEL_METRIC_EXPORT_INTERVAL: text }: Variables): number | undefined {
  const intervalMs = Number(text ?? '');
  return Number.isInteger(intervalMs) && intervalMs > 0 ? intervalMs : undefined;
}

const TIMEOUTS = /^OTEL_EXPORTER_OTLP_((TRACES|METRICS)_)?TIMEOUT$/;

function prometheusOf({ telemetry }: Config, environment: Variables): TelemetryOptions['prometheus'] {
  const written = telemetry?.prometheus;
  if (written === undefined) return undefined;
  const port = Number(environment['OTEL_EXPORTER_PROMETHEUS_PORT'] ?? PROMETHEUS.port);
  return {
    host: written.host ?? environment['OTEL_EXPORTER_PROMETHEUS_HOST'] ?? PROMETHEUS.host,
    port: written.port ?? (Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : PROMETHEUS.port),
    allowedHosts: written.allowedHosts,
  };
}

/** Where the configured servers are. */
function placesOf({ mcpServers }: Config, protocolOf: (server: ServerId) => string): (server: string) => ServerPlace {
  const places = new Map<string, () => ServerPlace>();
  for (const [id, { transport }] of Object.entries(mcpServers)) {
    if (!isServerId(id)) continue;
    const fixed = fixedPlace(transport);
    places.set(id, () => ({ ...fixed, protocol: protocolOf(id) }));
  }
  return (server) => places.get(server)?.() ?? { transport: 'pipe', protocol: '' };
}

function fixedPlace(transport: Config['mcpServers'][string]['transport']): Omit<ServerPlace, 'protocol'> {
  if (transport.kind === 'stdio') return { transport: 'pipe' };
  const { hostname, port, protocol } = new URL(transport.url);
  const usual = protocol === 'https:' ? 443 : 80;
  return { transport: 'tcp', host: hostname, port: port === '' ? usual : Number(port) };
}

function watch({ instruments }: Telemetry, watched: Watched, { version, config, clock }: AppOptions): void {
  const { store } = watched;
  const one = (value: number): readonly Reading[] => [{ value }];
  instruments.watch('buildInfo', () => [{ value: 1, labels: { version } }]);
  instruments.watch('configReload', () => one(watched.configuration() === undefined ? 1 : 0));
  instruments.watch('storeWritable', () => one(store.isWritable ? 1 : 0));
  instruments.watch('storeSize', async () => sizeOf(store.place));
  instruments.watch('approvalsPending', async () => {
    const pending = await store.approvals.list({ limit: MOST_APPROVALS, status: 'pending', nowMs: clock.now() });
    return one(pending.length);
  });
  instruments.watch('upstreamUp', () => upstreamsUp(Object.keys(config.mcpServers), watched));
  instruments.watch('bundleInfo', () =>
    participantsOf(watched).flatMap(({ id: bundle, layer, loaded }) => {
      const revision = loaded?.bundle.digest.slice(0, DIGITS);
      return revision === undefined ? [] : [{ value: 1, labels: { bundle, layer, revision } }];
    }),
  );
  const staleSince = (): ReadonlyMap<string, string> =>
    new Map(watched.stale().map(({ bundle, since }) => [bundle, since]));
  instruments.watch('bundleStale', () => {
    const stale = staleSince();
    return bundlesOf(watched, stale).map((bundle) => ({ value: stale.has(bundle) ? 1 : 0, labels: { bundle } }));
  });
  instruments.watch('bundleLastSuccess', () => {
    const stale = staleSince();
    return bundlesOf(watched, stale).map((bundle) => {
      const since = stale.get(bundle);
      return { value: (since === undefined ? clock.now() : Date.parse(since)) / 1000, labels: { bundle } };
    });
  });
}

const MOST_APPROVALS = 1_000;
/** Of a digest. */
const DIGITS = 12;

function participantsOf({ parts }: Watched): GatewayParts['policy']['current']['participants'] {
  return parts()?.policy.current.participants ?? [];
}

function bundlesOf(watched: Watched, stale: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...participantsOf(watched).map(({ id }) => id), ...stale.keys()])];
}

function upstreamsUp(servers: readonly string[], { upstreams }: Watched): readonly Reading[] {
  const failed = new Set<string>();
  const ready = new Set<string>();
  for (const { server, state } of upstreams()?.status() ?? []) {
    if (state.kind === 'failed') failed.add(server);
    if (state.kind === 'ready') ready.add(server);
  }
  return servers.map((server) => ({ value: failed.has(server) && !ready.has(server) ? 0 : 1, labels: { server } }));
}

/** With what is not in the database itself yet. A database on another machine is measured there. */
async function sizeOf(place: StorePlace): Promise<readonly Reading[]> {
  if ('url' in place) return [];
  const sizes = [place.path, `${place.path}-wal`].map((file) =>
    stat(file).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return [{ value: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) }];
}
