import { request } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pinOf, type ServerPins } from '../../src/catalog/pins.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { ClientRequest } from '../../src/gateway/port.ts';
import { MetricsListener } from '../../src/telemetry/metrics-listener.ts';
import { METRICS, prometheusName } from '../../src/telemetry/metrics.ts';
import { aGateway, type Rules, type World } from '../gateway/a-gateway.ts';
import { aCaller } from '../gateway/makers.ts';
import { aRecord, realClock, silent } from '../state/records.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { type Collected, aCollector } from './a-collector.ts';

const TOOL = { name: 'read', inputSchema: { type: 'object' } };
const PINS: ServerPins = { tools: new Map([[TOOL.name, pinOf(TOOL)]]), drift: '', text: 'warn' };

interface Scene extends World {
  readonly collected: Collected;
}

interface Wishes {
  readonly rules?: Rules;
  readonly isPinned?: boolean;
  readonly answer?: RpcAnswer;
  readonly commit?: () => void;
}

async function aScene({ rules = {}, isPinned = false, answer, commit }: Wishes = {}): Promise<Scene> {
  const collected = await aCollector();
  const answers = answer === undefined ? {} : { 'tools/call': () => answer };
  const world = await aGateway({
    servers: { files: { tools: [TOOL], answers } },
    rules,
    observer: collected.observer,
    clock: realClock,
    ...(commit && { commit }),
    ...(isPinned && { pins: { files: PINS } }),
  });
  return { ...world, collected };
}

function aCall(args: JsonObject = {}): ClientRequest {
  return { method: 'tools/call', name: 'read', args, meta: {}, answers: undefined, task: undefined };
}

describe('a call', () => {
  test('is counted by server, effect and layer, and measured towards both sides', async () => {
    const { ask, collected } = await aScene();
    await ask(aCall());
    await ask(aCall());
    const { value } = collected;
    expect(await value('mcp_gateway_decisions_total{server="files",effect="allow",layer="none"}')).toBe(2);
    const operation =
      'mcp_method_name="tools/call",gen_ai_operation_name="execute_tool",network_transport="pipe",mcp_protocol_version="2025-11-25"';
    expect(await value(`mcp_server_operation_duration_seconds_count{${operation}}`)).toBe(2);
    expect(await value(`mcp_client_operation_duration_seconds_count{${operation},server="files"}`)).toBe(2);
    expect(await value('mcp_gateway_overhead_duration_seconds_count')).toBe(2);
    expect(await value('mcp_gateway_policy_evaluation_duration_seconds_count{bundle="server"}')).not.toBe(0);
  });

  test('that is denied is counted by its first reason', async () => {
    const { ask, collected, records } = await aScene({ rules: { denies: () => true } });
    await ask(aCall());
    const [reason = ''] = records[0]?.reasons ?? [];
    expect(await collected.value(`mcp_gateway_denials_total{server="files",reason_code="${reason}"}`)).toBe(1);
    expect(await collected.metrics()).not.toContain('mcp_client_operation_duration_seconds_count');
  });

  test('names its tool only where the lock file has it', async () => {
    const [plain, pinned] = [await aScene(), await aScene({ isPinned: true })];
    await plain.ask(aCall());
    await pinned.ask(aCall());
    expect(await plain.collected.metrics()).not.toContain('gen_ai_tool_name');
    expect(await pinned.collected.metrics()).toContain('gen_ai_tool_name="read"');
  });

  test('that cannot be recorded is counted as lost', async () => {
    const commit = (): void => {
      throw new Error('the disk is full');
    };
    const { ask, collected } = await aScene({ commit });
    await ask(aCall());
    expect(await collected.value('mcp_gateway_decision_log_dropped_total')).toBe(1);
    expect(await collected.metrics()).not.toContain('mcp_gateway_decisions_total{');
  });

  test('leaves nothing in a label that its client has chosen', async () => {
    const { ask, collected } = await aScene({ answer: { kind: 'failure', error: { code: 77_123, message: 'no' } } });
    const strange = {
      ...aCaller(),
      client: { name: 'chosen-name', version: 'chosen-version', protocol: 'chosen-protocol' },
    };
    await ask(aCall({ path: 'chosen-argument' }), strange);
    await ask({ ...aCall(), name: 'chosen-tool' } as ClientRequest, strange);
    for (const asked of ['chosen/method', 'tasks/chosen'])
      await ask({ method: 'other', asked, params: {}, meta: {} }, strange);
    const metrics = await collected.metrics();
    expect(metrics).not.toMatch(/chosen|77123|session-1|ana/);
    expect(metrics).toContain('mcp_method_name="_OTHER"');
  });
});

test('a call over HTTP that fails says so, with the code and on which road', async () => {
  const collected = await aCollector({
    files: { transport: 'tcp', host: 'files.example', port: 443, protocol: '2025-11-25' },
  });
  const answers = { 'tools/call': (): RpcAnswer => ({ kind: 'failure', error: { code: -32602, message: 'no' } }) };
  const { ask } = await aGateway({ servers: { files: { tools: [TOOL], answers } }, observer: collected.observer });
  await ask(aCall(), aCaller(), { origin: { id: 1, road: { kind: 'http' } } });
  const road = 'network_transport="tcp",network_protocol_name="http",mcp_protocol_version="2025-11-25"';
  const metrics = await collected.metrics();
  // To its client it was a mistake of the client, and to the server's client any code is an error.
  expect(metrics).toContain(`gen_ai_operation_name="execute_tool",${road},rpc_response_status_code="-32602"`);
  expect(metrics).toMatch(/server_address="files\.example",server_port="443",server="files",error_type="-32602"/);
});

describe('a session', () => {
  test('of a client is measured from its beginning to its end, with its road and revision', async () => {
    const collected = await aCollector();
    const { gateway } = await aGateway({ servers: { files: { tools: [TOOL] } }, observer: collected.observer });
    await gateway.introduce(aCaller(), { id: 1, road: { kind: 'http' } });
    await gateway.endSession(aCaller().session);
    await gateway.endSession(aCaller().session);
    const labels = 'network_transport="tcp",network_protocol_name="http",mcp_protocol_version="2025-11-25"';
    expect(await collected.value(`mcp_server_session_duration_seconds_count{${labels}}`)).toBe(1);
  });

  test('with a server is measured, and one that was lost is an error', async () => {
    const { observer, value } = await aCollector();
    observer.serverSessionEnded('files', { ms: 3_000, protocol: '2025-11-25', isLost: false });
    observer.serverSessionEnded('files', { ms: 5_000, protocol: '2025-11-25', isLost: true });
    const labels = 'network_transport="pipe",mcp_protocol_version="2025-11-25",server="files"';
    expect(await value(`mcp_client_session_duration_seconds_sum{${labels}}`)).toBe(3);
    expect(await value(`mcp_client_session_duration_seconds_sum{${labels},error_type="lost"}`)).toBe(5);
  });
});

test('a bundle that makes up reasons makes two hundred series of them and no more', async () => {
  const { observer, metrics } = await aCollector();
  for (let at = 0; at < 300; at += 1) observer.recorded(aRecord({ effect: 'deny', reasons: [`made_up_${at}`] }));
  const series = (await metrics()).split('\n').filter((line) => line.startsWith('mcp_gateway_denials_total{'));
  expect(series).toHaveLength(201);
  expect(series.at(-1)).toMatch(/reason_code="other"\} 100$/);
});

test('a denial is of the layer whose rule decided, or of the gateway', async () => {
  const { observer, value } = await aCollector();
  const opinion = anOpinion({ layer: 'compliance', bundle: 'privacy', deny: [aVerdict('CO-12')] });
  const matched = { matched_rules: ['privacy/CO-12'], layers: [opinion] };
  observer.recorded(aRecord({ effect: 'deny', reasons: ['not_yours'], ...matched }));
  observer.recorded(aRecord({ effect: 'deny', reasons: ['gateway.unknown_tool'], matched_rules: [], server: '' }));
  expect(await value('mcp_gateway_decisions_total{server="github",effect="deny",layer="compliance"}')).toBe(1);
  expect(await value('mcp_gateway_decisions_total{server="none",effect="deny",layer="gateway"}')).toBe(1);
});

test('how long an approved call had waited is noted once, from the id of its approval', async () => {
  const { observer, value } = await aCollector();
  const first = aRecord();
  const now = Number.parseInt(first.id.replaceAll('-', '').slice(0, 12), 16) + 20_000;
  const approvals = [{ by: 'user', status: 'met', id: first.id }] as const;
  const met = aRecord({ combine: { ...first.combine, now, approvals } });
  observer.recorded(met);
  observer.recorded(met);
  expect(await value('mcp_gateway_approval_wait_seconds_count')).toBe(1);
  expect(await value('mcp_gateway_approval_wait_seconds_sum')).toBe(20);
});

test('gauges say how things are when they are read, and one that cannot be read leaves the others', async () => {
  const { telemetry, value } = await aCollector();
  let pending = 1;
  telemetry.instruments.watch('approvalsPending', () => [{ value: pending }]);
  telemetry.instruments.watch('storeSize', () => Promise.reject(new Error('the disk is gone')));
  expect(await value('mcp_gateway_approvals_pending')).toBe(1);
  pending = 3;
  expect(await value('mcp_gateway_approvals_pending')).toBe(3);
  expect(await value('mcp_gateway_decision_store_bytes')).toBeUndefined();
});

test('every name is the one that Prometheus gives it', () => {
  expect(prometheusName(METRICS.serverOperation)).toBe('mcp_server_operation_duration_seconds');
  expect(prometheusName(METRICS.denials)).toBe('mcp_gateway_denials_total');
  expect(prometheusName(METRICS.storeSize)).toBe('mcp_gateway_decision_store_bytes');
});

describe('the listener', () => {
  async function aListener(host = '127.0.0.1', allowedHosts: readonly string[] = []): Promise<MetricsListener> {
    const listener = new MetricsListener({ host, port: 0, allowedHosts, text: async () => 'up 1\n', logger: silent });
    await listener.open();
    onTestFinished(() => listener.close());
    return listener;
  }

  function ask(
    port: number,
    host: string,
    asked: { path?: string; method?: string } = {},
  ): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const wish = { host: '127.0.0.1', port, path: '/metrics', ...asked, headers: { host } };
      const asking = request(wish, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asking.on('error', reject).end();
    });
  }

  test.each([
    ['localhost', 200],
    ['127.0.0.1:9464', 200],
    ['[::1]:9464', 200],
    ['metrics.example', 200],
    ['evil.example', 403],
    ['192.168.1.7', 403],
  ])('on the loopback address answers a request for %j with %i', async (host, status) => {
    const { port } = await aListener('127.0.0.1', ['metrics.example']);
    expect(await ask(port, host)).toBe(status);
  });

  test('beyond the loopback address is asked by address, too, and by no other name', async () => {
    const { port } = await aListener('0.0.0.0');
    expect(await ask(port, '10.1.2.3:9464')).toBe(200);
    expect(await ask(port, 'evil.example')).toBe(403);
  });

  test('has one address, and is only read', async () => {
    const { port } = await aListener();
    expect(await ask(port, 'localhost', { path: '/' })).toBe(404);
    expect(await ask(port, 'localhost', { path: '/metrics?name=x' })).toBe(200);
    expect(await ask(port, 'localhost', { method: 'POST' })).toBe(405);
  });

  test('of another gateway takes over when the port is free again', async () => {
    const first = await aListener();
    const options = {
      host: '127.0.0.1',
      port: first.port,
      allowedHosts: [],
      text: async () => 'up 2\n',
      logger: silent,
    };
    const second = new MetricsListener({ ...options, retryMs: 5 });
    onTestFinished(() => second.close());
    await second.open();
    expect(second.port).toBe(0);
    const { port } = first;
    await first.close();
    await expect.poll(() => second.port).toBe(port);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toBe('up 2\n');
  });
});
