import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Origin } from '../../src/core/observer.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { ClientRequest } from '../../src/gateway/port.ts';
import { aGateway, type Rules, type World } from '../gateway/a-gateway.ts';
import { aCaller } from '../gateway/makers.ts';
import { type Collected, aCollector } from './a-collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const OTHER_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const OTHER_PARENT = `00-${OTHER_TRACE}-00f067aa0ba902b7-01`;

const SECRET = 'the-quick-brown-fox';

interface Scene extends World {
  readonly collected: Collected;
}

async function aScene(rules: Rules = {}, answers: Readonly<Record<string, () => RpcAnswer>> = {}): Promise<Scene> {
  const collected = await aCollector();
  const world = await aGateway({
    servers: { files: { tools: [{ name: 'read', inputSchema: { type: 'object' } }], answers } },
    rules,
    observer: collected.observer,
  });
  return { ...world, collected };
}

function aCall(meta: JsonObject = {}): ClientRequest {
  return { method: 'tools/call', name: 'read', args: { path: SECRET }, meta, answers: undefined, task: undefined };
}

const OVER_HTTP: Origin = { id: 7, road: { kind: 'http', context: { traceparent: OTHER_PARENT } } };

describe('an allowed call', () => {
  test('is a span towards the client, one of the decision and one towards the server', async () => {
    const { ask, collected, records } = await aScene();
    await ask(aCall(), aCaller(), { origin: { id: 7, road: { kind: 'pipe' } } });
    const [record] = records;
    const server = collected.span('tools/call files.read');
    expect(server).toMatchObject({
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'read',
        'gen_ai.operation.name': 'execute_tool',
        'mcp_gateway.server': 'files',
        'mcp.protocol.version': '2025-11-25',
        'mcp.session.id': 'session-1',
        'jsonrpc.request.id': '7',
        'network.transport': 'pipe',
        'mcp_gateway.decision': 'allow',
        'mcp_gateway.decision.id': record?.id,
      },
    });
    expect(server.attributes).not.toHaveProperty('error.type');
    const evaluated = collected.span('policy.evaluate');
    expect(evaluated).toMatchObject({
      kind: SpanKind.INTERNAL,
      attributes: {
        'mcp_gateway.decision': 'allow',
        'mcp_gateway.decision.id': record?.id,
        'mcp_gateway.generation': record?.generation,
      },
    });
    expect(evaluated.events.map(({ attributes }) => attributes?.['mcp_gateway.layer'])).toEqual(
      record?.layers.map(({ layer }) => layer),
    );
    const client = collected.span('tools/call read');
    expect(client).toMatchObject({
      kind: SpanKind.CLIENT,
      attributes: { 'mcp_gateway.server': 'files', 'network.transport': 'pipe', 'gen_ai.tool.name': 'read' },
    });
    for (const child of [evaluated, client]) expect(parentOf(child)).toBe(server.spanContext().spanId);
    expect(record?.trace_id).toBe(server.spanContext().traceId);
  });

  test('says nothing of its arguments and its result', async () => {
    const { ask, collected } = await aScene(
      {},
      { 'tools/call': () => said({ content: [{ type: 'text', text: SECRET }] }) },
    );
    await ask(aCall());
    const written = collected
      .spans()
      .map(({ name, attributes, events }) => JSON.stringify({ name, attributes, events }));
    expect(written).toHaveLength(3);
    expect(written.join('\n')).not.toContain(SECRET);
    expect(await collected.metrics()).not.toContain(SECRET);
  });

  test('of a stateless client has no session', async () => {
    const { ask, collected } = await aScene();
    await ask(aCall(), { ...aCaller(), era: 'stateless', client: { name: 't', version: '1', protocol: '2026-07-28' } });
    const { attributes } = collected.span('tools/call files.read');
    expect(attributes).not.toHaveProperty('mcp.session.id');
    expect(attributes['mcp.protocol.version']).toBe('2026-07-28');
  });

  test.each<{ what: string; answer: RpcAnswer; towardsClient?: string; towardsServer: string }>([
    {
      what: 'a failure of the tool',
      answer: said({ isError: true, content: [] }),
      towardsClient: 'tool_error',
      towardsServer: 'tool_error',
    },
    { what: 'an error of the server', answer: failed(-32603), towardsClient: '-32603', towardsServer: '-32603' },
    { what: 'a mistake of the client', answer: failed(-32602), towardsServer: '-32602' },
    { what: 'what is not there', answer: failed(-32002), towardsServer: '-32002' },
  ])('that ends with $what says so on both sides', async ({ answer, towardsClient, towardsServer }) => {
    const { ask, collected } = await aScene({}, { 'tools/call': () => answer });
    await ask(aCall());
    const [server, client] = [collected.span('tools/call files.read'), collected.span('tools/call read')];
    expect([server.attributes['error.type'], client.attributes['error.type']]).toEqual([towardsClient, towardsServer]);
    expect(server.status.code).toBe(towardsClient === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
  });
});

test('a denied call is an error of the tool, with the rule that denies and no span towards the server', async () => {
  const { ask, collected, records, heard } = await aScene({ denies: () => true });
  await ask(aCall());
  expect(collected.span('tools/call files.read').attributes['error.type']).toBe('tool_error');
  const { attributes } = collected.span('policy.evaluate');
  const [reason = ''] = records[0]?.reasons ?? [];
  expect(attributes).toMatchObject({ 'mcp_gateway.decision': 'deny', 'mcp_gateway.reason.code': reason });
  const decisive = records[0]?.layers.find(({ deny }) => deny.length > 0);
  expect(attributes).toMatchObject({
    'mcp_gateway.bundle.id': decisive?.bundle,
    'mcp_gateway.bundle.revision': decisive?.digest,
    'mcp_gateway.layer': decisive?.layer,
  });
  expect(collected.spans().map(({ kind }) => kind)).not.toContain(SpanKind.CLIENT);
  expect(heard('files')).toEqual([]);
});

test('a tool that nobody knows gives a span no name of its own', async () => {
  const { ask, collected } = await aScene();
  await ask({ ...aCall(), name: SECRET } as ClientRequest);
  expect(JSON.stringify(collected.spans().map(({ name, attributes }) => ({ name, attributes })))).not.toContain(SECRET);
});

describe('trace context', () => {
  test('of _meta is the parent, and that of the HTTP request is linked', async () => {
    const { ask, collected, records } = await aScene();
    await ask(aCall({ traceparent: TRACEPARENT, tracestate: 'vendor=1' }), aCaller(), { origin: OVER_HTTP });
    const server = collected.span('tools/call files.read');
    expect(server.spanContext().traceId).toBe(TRACE);
    expect(parentOf(server)).toBe(PARENT);
    expect(server.links.map(({ context }) => context.traceId)).toEqual([OTHER_TRACE]);
    expect(server.attributes['network.transport']).toBe('tcp');
    expect(records[0]?.trace_id).toBe(TRACE);
  });

  test('of the HTTP request is the parent where _meta has none', async () => {
    const { ask, collected, records } = await aScene();
    await ask(aCall(), aCaller(), { origin: OVER_HTTP });
    expect(collected.span('tools/call files.read').spanContext().traceId).toBe(OTHER_TRACE);
    expect(records[0]?.trace_id).toBe(OTHER_TRACE);
  });

  test('that reaches the server names the span towards it', async () => {
    const { ask, collected, heard } = await aScene();
    await ask(aCall({ traceparent: TRACEPARENT, tracestate: 'vendor=1', 'vendor/key': 1 }));
    const { spanId } = collected.span('tools/call read').spanContext();
    expect(heard('files')[0]?.params['_meta']).toEqual({
      traceparent: `00-${TRACE}-${spanId}-01`,
      tracestate: 'vendor=1',
      'vendor/key': 1,
    });
  });

  test.each(['', '00-0-0-01', `00-${'0'.repeat(32)}-${PARENT}-01`, `ff-${TRACE}-${PARENT}-01`, `${TRACEPARENT}-more`])(
    'that cannot be read begins a trace anew: %j',
    async (traceparent) => {
      const { ask, collected } = await aScene();
      await ask(aCall({ traceparent }));
      const server = collected.span('tools/call files.read');
      expect(server.spanContext().traceId).not.toBe(TRACE);
      expect(parentOf(server)).toBeUndefined();
    },
  );

  test('of a client that does not want its trace kept is passed on so', async () => {
    const { ask, collected, heard } = await aScene();
    await ask(aCall({ traceparent: `00-${TRACE}-${PARENT}-00` }));
    expect(collected.spans()).toEqual([]);
    const goesOn: unknown = expect.stringMatching(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    expect(heard('files')[0]?.params['_meta']).toEqual({ traceparent: goesOn });
  });

  test('goes on untouched, and into the record, where nobody watches', async () => {
    const world = await aGateway({
      servers: { files: { tools: [{ name: 'read', inputSchema: { type: 'object' } }] } },
    });
    await world.ask(aCall({ traceparent: TRACEPARENT }), aCaller(), { origin: OVER_HTTP });
    await world.ask(aCall(), aCaller(), { origin: OVER_HTTP });
    expect(world.heard('files')[0]?.params['_meta']).toEqual({ traceparent: TRACEPARENT });
    expect(world.records.map((record) => record.trace_id)).toEqual([TRACE, OTHER_TRACE]);
  });
});

test('lists are spans, too, with what was decided of them', async () => {
  const { ask, collected, records } = await aScene();
  await ask({ method: 'tools/list', cursor: undefined, meta: { traceparent: TRACEPARENT } });
  expect(collected.span('tools/list').spanContext().traceId).toBe(TRACE);
  expect(collected.span('policy.evaluate').attributes['mcp_gateway.decision.id']).toBe(records[0]?.id);
  expect(records[0]?.trace_id).toBe(TRACE);
});

function said(result: JsonObject): RpcAnswer {
  return { kind: 'result', result };
}

function failed(code: number): RpcAnswer {
  return { kind: 'failure', error: { code, message: 'no' } };
}

function parentOf({ parentSpanContext }: ReadableSpan): string | undefined {
  return parentSpanContext?.spanId;
}
