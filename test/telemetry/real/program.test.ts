import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { httpV2 } from '../../e2e/clients.ts';
import { freePort } from '../../e2e/free-port.ts';
import { aPlace, decisionsOf, end, PATIENCE, type Place, serveHttp } from '../../e2e/program.ts';
import { journal, permissiveBundle, receivedBy } from '../../e2e/servers.ts';
import {
  aCollectorProcess,
  aLogService,
  aPrometheus,
  aSelfSignedService,
  aSilentService,
  attributesOf,
  type CollectedSpan,
} from './services.ts';

/** A gateway before a server that notes down what it gets; `more` are further sections of the configuration. */
function aGateway(more: string): Place {
  return aPlace(
    (folder) => `
version: 1
mcpServers:
  journal: { ${journal(folder)}, policy: { source: ${permissiveBundle(folder)} } }
policies: { starter: false }
${more}`,
  );
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-telemetry-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

test('a collector gets the spans of calls and our metrics, as the records have them', async () => {
  const collector = await aCollectorProcess(aFolder());
  const place = aGateway(`telemetry: { otlp: { endpoint: "${collector.endpoint}", interval: 1s } }`);
  const gateway = await serveHttp(place, {
    env: { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_RESOURCE_ATTRIBUTES: 'team=web' },
  });
  const client = await httpV2(gateway.url);
  await client.call('write', { text: 'a secret text' });
  await client.call('nothing-of-that-name').catch(() => undefined);
  const named = (name: string): readonly CollectedSpan[] => collector.spans().filter((span) => span.name === name);
  await expect.poll(() => named('tools/call journal.write').length, PATIENCE).toBe(1);
  await expect.poll(() => named('tools/call').length, PATIENCE).toBe(1);
  await expect.poll(() => collector.metrics(), PATIENCE).toContain('mcp.server.operation.duration s');
  expect(collector.metrics()).toEqual(
    expect.arrayContaining(['mcp_gateway.decisions', 'mcp_gateway.decision_store By']),
  );
  const [server] = named('tools/call journal.write');
  const children = collector.spans().filter((span) => span.parentSpanId === server?.spanId);
  expect(children.map(({ name, kind }) => `${name} ${kind}`).toSorted()).toEqual([
    'policy.evaluate 1',
    'tools/call write 3',
  ]);
  const [record] = (await decisionsOf(place)).filter(({ tool }) => tool === 'write');
  const evaluated = children.find(({ name }) => name === 'policy.evaluate');
  expect(record?.trace_id).toBe(server?.traceId);
  expect(attributesOf(evaluated ?? {})).toMatchObject({ 'mcp_gateway.decision.id': record?.id });
  expect(evaluated?.events?.length).toBe(record?.layers.length);
  expect(collector.resource()).toMatchObject({ 'service.name': 'mcp-gateway', team: 'web' });
  expect(JSON.stringify(collector.spans())).not.toContain('a secret text');
});

test('a collector that is not there costs nothing but its data, and one line in the log', async () => {
  const place = aGateway(`telemetry: { otlp: { endpoint: "http://127.0.0.1:${await freePort()}", interval: 1s } }`);
  const gateway = await serveHttp(place, { env: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_EXPORTER_OTLP_TIMEOUT: '200' } });
  const client = await httpV2(gateway.url);
  for (let at = 0; at < 20; at += 1) await client.call('write', { text: String(at) });
  const told = (): readonly string[] =>
    gateway
      .stderr()
      .split('\n')
      .filter((line) => line.includes('telemetry is not taken') && line.includes('traces'));
  await expect.poll(() => told().length, PATIENCE).toBe(1);
  for (let at = 0; at < 20; at += 1) await client.call('write', { text: String(at) });
  await end(gateway.process);
  expect(gateway.process.exitCode).toBe(0);
  expect(told()).toHaveLength(1);
  expect(receivedBy(place)).toHaveLength(40);
});

test('a collector that takes the connection and says nothing does not hold the end of the gateway', async () => {
  const collector = await aSilentService();
  const place = aGateway(`telemetry: { otlp: { endpoint: "${collector.endpoint}", interval: 1s } }`);
  const hours = { OTEL_EXPORTER_OTLP_TIMEOUT: '36000000', OTEL_BSP_EXPORT_TIMEOUT: '36000000' };
  const gateway = await serveHttp(place, { env: { ...hours, OTEL_BSP_SCHEDULE_DELAY: '50' } });
  const client = await httpV2(gateway.url);
  await client.call('write', { text: 'one' });
  await expect.poll(() => collector.asked(), PATIENCE).toBeGreaterThan(0);
  await end(gateway.process);
  expect(gateway.process.exitCode).toBe(0);
});

test('a collector whose certificate nobody vouches for is told of, with what is wrong', async () => {
  const endpoint = await aSelfSignedService(aFolder());
  const place = aGateway(`telemetry: { otlp: { endpoint: "${endpoint}", interval: 1s } }`);
  const gateway = await serveHttp(place, { env: { OTEL_BSP_SCHEDULE_DELAY: '50' } });
  await (await httpV2(gateway.url)).call('write', { text: 'one' });
  await expect.poll(() => gateway.stderr(), PATIENCE).toContain('"why":"self-signed certificate"');
  await end(gateway.process);
  expect(gateway.stderr().match(/"signal":"traces".*telemetry is not taken/g)).toHaveLength(1);
});

test('Prometheus reads our metrics, and finds nothing to say of alerts, dashboard and names', async () => {
  const port = await freePort();
  const place = aGateway(`telemetry: { prometheus: { port: ${port} } }`);
  const gateway = await serveHttp(place);
  const client = await httpV2(gateway.url);
  await client.call('write', { text: 'a secret text' });
  const prometheus = await aPrometheus(aFolder(), port);
  const ask = async (expr: string): Promise<number | undefined> => (await prometheus.ask(expr))[0]?.value;
  await expect.poll(() => ask('up{job="gateway"}'), PATIENCE).toBe(1);
  await expect.poll(() => ask('mcp_gateway_decisions_total{server="journal",effect="allow"}'), PATIENCE).toBe(1);
  await expect.poll(() => ask('mcp_gateway_decision_store_writable'), PATIENCE).toBe(1);
  expect(await ask('mcp_gateway_upstream_up{server="journal"}')).toBe(1);
  expect(await ask('mcp_gateway_decision_store_bytes')).toBeGreaterThan(0);
  expect(await ask('mcp_gateway_approvals_pending')).toBe(0);
  expect((await prometheus.ask('mcp_gateway_bundle_info')).map(({ metric }) => metric['bundle'])).toEqual(['journal']);
  await expect
    .poll(
      async () => (await prometheus.rules()).filter(({ health }) => health !== 'ok').map(({ name }) => name),
      PATIENCE,
    )
    .toEqual([]);
  for (const expr of expressions()) await prometheus.ask(expr);
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(text).not.toContain('a secret text');
  expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
  execFileSync('promtool', ['check', 'rules', 'docs/telemetry/alerts.yaml'], { stdio: 'pipe' });
});

/** What the dashboard asks for. */
function expressions(): readonly string[] {
  const { panels } = JSON.parse(readFileSync('docs/telemetry/grafana-dashboard.json', 'utf8')) as {
    panels: { targets: { expr: string }[] }[];
  };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')));
}

test('decisions are sent elsewhere, those too that were made while nobody took them and before a restart', async () => {
  const service = await aLogService();
  service.takes = false;
  const place = aGateway(`decisions: { export: [{ id: siem, url: "${service.url}", interval: 1s, from: beginning }] }`);
  const first = await serveHttp(place);
  const client = await httpV2(first.url);
  await client.call('write', { text: 'one' });
  await client.call('nothing-of-that-name').catch(() => undefined);
  await expect.poll(() => first.stderr(), PATIENCE).toContain('decisions are not taken');
  await end(first.process);
  expect(service.events()).toEqual([]);
  service.takes = true;
  const second = await serveHttp(place);
  await (await httpV2(second.url)).call('write', { text: 'two' });
  const sent = (): readonly unknown[] => service.events().map((event) => event['decision_id']);
  const kept = async (): Promise<readonly string[]> => (await decisionsOf(place)).map(({ id }) => id).toReversed();
  await expect.poll(async () => sent().length === (await kept()).length, PATIENCE).toBe(true);
  expect(sent()).toEqual(await kept());
  expect(service.events()[0]).toMatchObject({
    labels: { app: 'mcp-gateway' },
    path: 'mcp/policy/decision',
    result: { effect: 'allow' },
  });
});

test('of two gateways on one store each decision is sent by one', async () => {
  const service = await aLogService();
  const place = aGateway(`decisions: { export: [{ id: siem, url: "${service.url}", interval: 1s, from: beginning }] }`);
  const [one, other] = [await serveHttp(place), await serveHttp(place)];
  for (const { url } of [one, other]) {
    const client = await httpV2(url);
    for (let at = 0; at < 5; at += 1) await client.call('write', { text: String(at) });
  }
  await expect
    .poll(() => service.events().filter(({ result }) => result !== undefined).length, PATIENCE)
    .toBeGreaterThanOrEqual(10);
  await expect.poll(async () => service.events().length === (await decisionsOf(place)).length, PATIENCE).toBe(true);
  const ids = service.events().map((event) => event['decision_id']);
  expect(new Set(ids).size).toBe(ids.length);
});
