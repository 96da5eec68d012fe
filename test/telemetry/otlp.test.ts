import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { LogFields, Logger } from '../../src/core/logger.ts';
import { freePort } from '../e2e/free-port.ts';
import { startTelemetry, type Telemetry, type TelemetryOptions } from '../../src/telemetry/start.ts';
import { aRecord, realClock } from '../state/records.ts';

const HOUR_MS = 3_600_000;

interface Line {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

interface Scene {
  readonly telemetry: Telemetry;
  readonly told: readonly Line[];
  /** Makes one span. */
  readonly work: () => void;
}

async function aScene(otlp: NonNullable<TelemetryOptions['otlp']>): Promise<Scene> {
  const told: Line[] = [];
  const noting =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}): void =>
      void told.push({ level, message, fields });
  const telemetry = await startTelemetry({
    otlp: { timeoutMs: HOUR_MS, ...otlp },
    version: '1.2.3',
    instance: 'instance-1',
    placeOf: () => ({ transport: 'pipe', protocol: '2025-11-25' }),
    clock: realClock,
    logger: { debug: noting('debug'), info: noting('info'), warn: noting('warn'), error: noting('error') },
  });
  onTestFinished(() => telemetry.close());
  const caller = { session: 's', era: 'session', client: { protocol: '2025-11-25' } } as const;
  const work = (): void => {
    const observation = telemetry.observer.begin({ method: 'ping', caller, origin: undefined, context: undefined });
    observation.end({ kind: 'result', result: {} });
    telemetry.observer.recorded(aRecord());
  };
  return { telemetry, told, work };
}

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Its address, and what it got. */
async function aReceiver(answer: (received: Received, nth: number) => Answer): Promise<{
  readonly endpoint: string;
  readonly received: readonly Received[];
  readonly left: () => number;
}> {
  const received: Received[] = [];
  let left = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    response.on('close', () => {
      if (!response.writableFinished) left += 1;
    });
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const isZipped = request.headers['content-encoding'] === 'gzip';
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        text: (isZipped ? gunzipSync(body) : body).toString(),
      };
      received.push(one);
      const { status, body: said = '{}', headers = {} } = answer(one, received.length);
      if (status !== 'silent') response.writeHead(status, headers).end(said);
    });
  };
  const server = createServer(listener);
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, received, left: () => left };
}

interface Answer {
  readonly status: number | 'silent';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

afterEach(() => vi.unstubAllEnvs());

describe('the end of the gateway', () => {
  test('sends what waits', async () => {
    const { endpoint, received } = await aReceiver(() => ({ status: 200 }));
    const { telemetry, work, told } = await aScene({ endpoint });
    work();
    await telemetry.close();
    expect(received.map(({ path }) => path).toSorted()).toEqual(['/v1/metrics', '/v1/traces']);
    expect(received.every(({ headers }) => headers['user-agent'] === 'mcp-gateway/1.2.3')).toBe(true);
    expect(told).toEqual([]);
  });

  test('sends all batches that wait, one after the other', async () => {
    vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '10');
    const { endpoint, received } = await aReceiver(() => ({ status: 200 }));
    const { telemetry, work } = await aScene({ endpoint, sendsMetrics: false });
    for (let at = 0; at < 35; at += 1) work();
    await telemetry.close();
    expect(received.reduce((sum, { text }) => sum + text.split('"spanId"').length - 1, 0)).toBe(35);
  });

  test('lets go of a collector that takes the connection and says nothing', async () => {
    const { endpoint, received, left } = await aReceiver(() => ({ status: 'silent' }));
    const { telemetry, work } = await aScene({ endpoint });
    work();
    await telemetry.close();
    expect(received.length).toBe(2);
    await expect.poll(left).toBe(2);
  });

  test.each([
    { what: 'is not there', endpoint: async () => `http://127.0.0.1:${await freePort()}` },
    { what: 'is busy', endpoint: async () => (await aReceiver(() => ({ status: 503 }))).endpoint },
    {
      what: 'wants to be asked in an hour',
      endpoint: async () => (await aReceiver(() => ({ status: 429, headers: { 'retry-after': '3599' } }))).endpoint,
    },
  ])('does not wait for a collector that $what', async ({ endpoint }) => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '1');
    const { telemetry, work, told } = await aScene({ endpoint: await endpoint() });
    work();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await telemetry.close();
    // It is told of when it is given up, and not in an hour.
    expect(new Set(told.map(({ fields }) => fields['signal']))).toEqual(new Set(['metrics', 'traces']));
    expect(told).toHaveLength(2);
  });
});

describe('a collector', () => {
  test('that is busy gets the same again', async () => {
    const { endpoint, received } = await aReceiver((_received, nth) => ({
      status: nth === 1 ? 503 : 200,
      headers: { 'retry-after': '1' },
    }));
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '1');
    const { work, told } = await aScene({ endpoint, sendsMetrics: false });
    work();
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2);
    expect(received[1]?.text).toBe(received[0]?.text);
    expect(told).toEqual([]);
  });

  test.each([
    { what: 'that refuses', answer: { status: 401 }, why: 'it answers 401' },
    { what: 'that has moved', answer: { status: 301, headers: { location: '/elsewhere' } }, why: 'it answers 301' },
    {
      what: 'that leaves some of it out',
      answer: { status: 200, body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too many"}}' },
      why: 'it has left some of it out: too many',
    },
  ])('$what is told of once, with its address and why', async ({ answer, why }) => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '1');
    const { endpoint, received } = await aReceiver(() => answer);
    const { work, told } = await aScene({ endpoint, sendsMetrics: false });
    for (let at = 1; at <= 3; at += 1) {
      work();
      await expect.poll(() => received.length).toBe(at);
    }
    await expect.poll(() => told.length).toBe(1);
    expect(told[0]).toMatchObject({
      level: 'warn',
      fields: { signal: 'traces', address: `${endpoint}/v1/traces`, why },
    });
  });

  test('whose headers cannot be sent is told of, without their values', async () => {
    const { endpoint } = await aReceiver(() => ({ status: 200 }));
    const { telemetry, work, told } = await aScene({ endpoint, headers: { authorization: 'Bearer se\ncret' } });
    work();
    await telemetry.close();
    expect(new Set(told.map(({ fields }) => fields['signal']))).toEqual(new Set(['metrics', 'traces']));
    expect(told).toHaveLength(2);
    expect(JSON.stringify(told)).toContain('authorization');
    expect(JSON.stringify(told)).not.toContain('cret');
  });

  test('gets its bodies compressed where the environment says so', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
    const { endpoint, received } = await aReceiver(() => ({ status: 200 }));
    const { telemetry, work } = await aScene({ endpoint, sendsMetrics: false });
    work();
    await telemetry.close();
    expect(received[0]?.headers['content-encoding']).toBe('gzip');
    expect(received[0]?.text).toContain('"spanId"');
  });
});

test('an address in the environment that is none is told of', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'no address');
  const { told } = await aScene({ sendsMetrics: false });
  expect(told).toMatchObject([{ level: 'warn', message: 'OpenTelemetry warns' }]);
  expect(JSON.stringify(told)).toContain('no address');
});
