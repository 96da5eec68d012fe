/** What a label may be, so that there are never many series: nothing that a client, a user or an argument can choose. */
const LABELS = {
  server: 'id of a configured server, or `none`',
  effect: '`allow`, `deny` or `pending`',
  layer: 'layer of the rule that decided, `gateway` for the gateway’s own reasons, `none` where nothing was against it',
  reason_code: 'a reason of the gateway or a code that a bundle uses; beyond the first 200 `other`',
  bundle: 'id of a bundle in force',
  revision: 'digest of a bundle, 12 digits',
  version: 'of the gateway',
  export: 'id of one of `decisions.export`',
  why: 'why something was left out',
  signal: '`traces` or `metrics`',
  'mcp.method.name': 'method of MCP, or `_OTHER`',
  'gen_ai.tool.name': 'name of a tool, only where `mcp-gateway.lock` has it',
  'error.type':
    '`tool_error`, an error code of JSON-RPC, what became of the call, `lost` for a session, or `_OTHER`; absent where all went well',
  'rpc.response.status_code': 'an error code of JSON-RPC, or `_OTHER`; absent where the answer is none',
  'gen_ai.operation.name': '`execute_tool` for calls of tools, else absent',
  'network.transport': '`pipe` or `tcp`',
  'network.protocol.name': '`http`; absent on pipes',
  'server.address': 'host of a configured server; absent where it is a process',
  'server.port': 'its port',
  'mcp.protocol.version': 'revision of MCP, or `_OTHER`',
} as const;

export type Label = keyof typeof LABELS;

export interface Metric {
  /** As OpenTelemetry has it. */
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly unit: '' | 's' | 'By';
  readonly labels: readonly Label[];
  /** A full sentence. */
  readonly description: string;
  /**
   * `process`: of this gateway alone, so that several gateways are added up. `store`: the same in every gateway that shares
   * the store.
   */
  readonly of: 'process' | 'store';
  /** Upper bounds of the buckets, in the unit. */
  readonly buckets?: readonly number[];
}

/** OpenTelemetry, semantic conventions for MCP: https://github.com/open-telemetry/semantic-conventions-genai */
const NETWORK = ['network.transport', 'network.protocol.name', 'mcp.protocol.version'] as const;
const OPERATION = [
  'mcp.method.name',
  'gen_ai.operation.name',
  'gen_ai.tool.name',
  'error.type',
  'rpc.response.status_code',
  ...NETWORK,
] as const;
const PLACE = ['server', 'server.address', 'server.port'] as const;
const OPERATIONS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const DECISIONS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];
const WAITS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 14_400, 86_400];

/** All metrics there are; the page of the reference, the dashboard and the alerts are held to it. */
export const METRICS = {
  serverOperation: {
    name: 'mcp.server.operation.duration',
    kind: 'histogram',
    unit: 's',
    labels: OPERATION,
    description: 'How long requests of clients took, from their beginning to the answer.',
    of: 'process',
    buckets: OPERATIONS,
  },
  clientOperation: {
    name: 'mcp.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    labels: [...OPERATION, ...PLACE],
    description: 'How long servers took for the requests that were passed on to them.',
    of: 'process',
    buckets: OPERATIONS,
  },
  serverSession: {
    name: 'mcp.server.session.duration',
    kind: 'histogram',
    unit: 's',
    labels: NETWORK,
    description: 'How long sessions of clients lasted; clients without sessions are not counted.',
    of: 'process',
    buckets: OPERATIONS,
  },
  clientSession: {
    name: 'mcp.client.session.duration',
    kind: 'histogram',
    unit: 's',
    labels: [...NETWORK, 'error.type', ...PLACE],
    description: 'How long sessions with servers lasted; servers without sessions are not counted.',
    of: 'process',
    buckets: OPERATIONS,
  },
  decisions: {
    name: 'mcp_gateway.decisions',
    kind: 'counter',
    unit: '',
    labels: ['server', 'effect', 'layer'],
    description: 'Decisions that were recorded.',
    of: 'process',
  },
  denials: {
    name: 'mcp_gateway.denials',
    kind: 'counter',
    unit: '',
    labels: ['server', 'reason_code'],
    description: 'Denials that were recorded, by the first reason.',
    of: 'process',
  },
  evaluation: {
    name: 'mcp_gateway.policy.evaluation.duration',
    kind: 'histogram',
    unit: 's',
    labels: ['bundle'],
    description: 'How long bundles took to be asked; answers from the cache are not counted.',
    of: 'process',
    buckets: DECISIONS,
  },
  overhead: {
    name: 'mcp_gateway.overhead.duration',
    kind: 'histogram',
    unit: 's',
    labels: [],
    description: 'How long requests took less the time that servers took: deciding, recording, passing on.',
    of: 'process',
    buckets: [...DECISIONS, 0.25, 0.5, 1, 5, 60],
  },
  upstreamUp: {
    name: 'mcp_gateway.upstream.up',
    kind: 'gauge',
    unit: '',
    labels: ['server'],
    description:
      '0 where a server could not be started or reached when it was last used, else 1; one that nobody has used yet is 1.',
    of: 'process',
  },
  upstreamReconnects: {
    name: 'mcp_gateway.upstream.reconnects',
    kind: 'counter',
    unit: '',
    labels: ['server'],
    description: 'How often a server was started or reached again after it had been lost.',
    of: 'process',
  },
  bundleInfo: {
    name: 'mcp_gateway.bundle.info',
    kind: 'gauge',
    unit: '',
    labels: ['bundle', 'layer', 'revision'],
    description: '1 for each bundle in force.',
    of: 'process',
  },
  bundleStale: {
    name: 'mcp_gateway.bundle.stale',
    kind: 'gauge',
    unit: '',
    labels: ['bundle'],
    description: '1 where the newest state of a bundle is not in force, else 0.',
    of: 'process',
  },
  bundleLastSuccess: {
    name: 'mcp_gateway.bundle.last_success_timestamp',
    kind: 'gauge',
    unit: 's',
    labels: ['bundle'],
    description:
      'Until when the newest known state of a bundle was in force, seconds since 1970: now, unless it is stale.',
    of: 'process',
  },
  approvalsPending: {
    name: 'mcp_gateway.approvals.pending',
    kind: 'gauge',
    unit: '',
    labels: [],
    description: 'Approvals that wait for somebody; up to 1,000 are counted.',
    of: 'store',
  },
  approvalWait: {
    name: 'mcp_gateway.approval.wait',
    kind: 'histogram',
    unit: 's',
    labels: [],
    description:
      'How long calls that were approved had waited, from the first decision to the one that let them through.',
    of: 'process',
    buckets: WAITS,
  },
  logDropped: {
    name: 'mcp_gateway.decision_log.dropped',
    kind: 'counter',
    unit: '',
    labels: [],
    description: 'Decisions that could not be recorded; what they were about was refused.',
    of: 'process',
  },
  storeWritable: {
    name: 'mcp_gateway.decision_store.writable',
    kind: 'gauge',
    unit: '',
    labels: [],
    description: '1 where the last heartbeat reached the store, which is written every five seconds, else 0.',
    of: 'process',
  },
  storeSize: {
    name: 'mcp_gateway.decision_store',
    kind: 'gauge',
    unit: 'By',
    labels: [],
    description: 'Size of the store on the disk.',
    of: 'store',
  },
  configReload: {
    name: 'mcp_gateway.config_reload_success',
    kind: 'gauge',
    unit: '',
    labels: [],
    description: '0 where the configuration file has changed and cannot be taken up, else 1.',
    of: 'process',
  },
  buildInfo: {
    name: 'mcp_gateway.build_info',
    kind: 'gauge',
    unit: '',
    labels: ['version'],
    description: 'Always 1.',
    of: 'process',
  },
  exportSent: {
    name: 'mcp_gateway.decision_export.sent',
    kind: 'counter',
    unit: '',
    labels: ['export'],
    description: 'Decisions that were sent and taken.',
    of: 'process',
  },
  exportDropped: {
    name: 'mcp_gateway.decision_export.dropped',
    kind: 'counter',
    unit: '',
    labels: ['export', 'why'],
    description:
      'Decisions that were not sent: `configured` by `drop`, `retention` because they were removed before they could be. A denial is never `configured`.',
    of: 'process',
  },
  exportFailures: {
    name: 'mcp_gateway.decision_export.failures',
    kind: 'counter',
    unit: '',
    labels: ['export'],
    description: 'Batches that were not taken; they are sent again.',
    of: 'process',
  },
  exportBehind: {
    name: 'mcp_gateway.decision_export.behind',
    kind: 'gauge',
    unit: '',
    labels: ['export'],
    description: 'Rows of the log that an export has not come to yet.',
    of: 'store',
  },
  telemetryDropped: {
    name: 'mcp_gateway.telemetry.dropped',
    kind: 'counter',
    unit: '',
    labels: ['signal'],
    description: 'Spans, or times that metrics were to be sent, that no collector has taken.',
    of: 'process',
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricId = keyof typeof METRICS;

const UNITS = { '': '', s: '_seconds', By: '_bytes' } as const;

/** As Prometheus has it (OpenTelemetry, "Prometheus and OpenMetrics Compatibility"). */
export function prometheusName({ name, unit, kind }: Metric): string {
  return `${name.replaceAll('.', '_')}${UNITS[unit]}${kind === 'counter' ? '_total' : ''}`;
}

/** The names that can be asked for in Prometheus: of a histogram there are three. */
export function prometheusSeries(metric: Metric): readonly string[] {
  const name = prometheusName(metric);
  return metric.kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

export function labelMeaning(label: Label): string {
  return LABELS[label];
}

/** As Prometheus has it. */
export function prometheusLabel(label: string): string {
  return label.replaceAll('.', '_');
}
