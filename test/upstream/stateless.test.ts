import { expect, test, vi } from 'vitest';
import { writeJson } from '../../src/core/lossless-json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Transport } from '../../src/upstream/server-definition.ts';
import { anUpstream, call, callTool, fixture, rejection, textOf } from './parts.ts';
import { aBothErasServer, aWebServer, type WebServer } from './web.ts';

const at = (web: WebServer): Transport => ({ kind: 'http', url: web.url, headers: {} });
const ENVELOPE = 'io.modelcontextprotocol/';

/** A stateless server that answers each call with `result`, or by itself. */
function aRawServer(answer: (message: { id: number }) => string | undefined): Promise<WebServer> {
  return aWebServer((_request, response, body) => {
    const message = JSON.parse(body);
    const isProbe = message.method === 'server/discover';
    const text = isProbe
      ? `{"jsonrpc":"2.0","id":${message.id},"result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}}`
      : answer(message);
    if (text === undefined) return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  });
}

test('each request carries its envelope, which no client can set', async () => {
  const web = await aRawServer(({ id }) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[]}}`);
  const upstream = anUpstream(at(web), { era: 'stateless' });
  const offers = { elicitation: { url: {} } };
  const forged = { [`${ENVELOPE}protocolVersion`]: '2099', [`${ENVELOPE}logLevel`]: 'debug', traceparent: '00-1' };
  await callTool(upstream, { ...call('x'), _meta: forged }, { offers, logLevel: 'error', onProgress: () => {} });
  const { id, params } = JSON.parse(web.seen.at(-1)?.body ?? '');
  expect(params._meta).toEqual({
    traceparent: '00-1',
    [`${ENVELOPE}protocolVersion`]: '2026-07-28',
    [`${ENVELOPE}clientInfo`]: { name: 'mcp-gateway', version: '0.0.1' },
    [`${ENVELOPE}clientCapabilities`]: offers,
    [`${ENVELOPE}logLevel`]: 'error',
    progressToken: id,
  });
  expect(web.seen.map(({ method }) => method)).toEqual(['POST', 'POST']);
  expect(web.seen.at(-1)?.headers['mcp-session-id']).toBeUndefined();
});

test('what _meta says of the trace stands in the headers, too, and nothing that is no context does', async () => {
  const web = await aRawServer(({ id }) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[]}}`);
  const upstream = anUpstream(at(web), { era: 'stateless' });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  for (const meta of [{ traceparent, tracestate: 'a=1' }, { traceparent }, { traceparent: '00-1', tracestate: 'a=1' }])
    await callTool(upstream, { ...call('x'), _meta: meta });
  const headers = web.seen.slice(-3).map((seen) => [seen.headers['traceparent'], seen.headers['tracestate']]);
  expect(headers).toEqual([
    [traceparent, 'a=1'],
    [traceparent, undefined],
    [undefined, undefined],
  ]);
});

test('input_required comes back as it is, and the answers go out under their own names', async () => {
  for (const transport of [fixture('both-eras.mjs', 'stateless'), at(await aBothErasServer({ legacy: 'reject' }))]) {
    const upstream = anUpstream(transport, { era: 'stateless' });
    const offers = { elicitation: { form: {} } };
    const first = await callTool(upstream, call('ask'), { offers });
    expect(first).toMatchObject({
      result: { resultType: 'input_required', inputRequests: { person: { method: 'elicitation/create' } } },
    });
    const inputResponses = { person: { action: 'accept', content: { name: 'Anna' } } };
    const second = await callTool(upstream, { ...call('ask'), inputResponses }, { offers });
    expect(textOf(second)).toContain('Anna');
  }
});

test('a request that needs what was not offered keeps the server’s error', async () => {
  const upstream = anUpstream(at(await aBothErasServer({ legacy: 'reject' })), { era: 'stateless' });
  const answer = await callTool(upstream, call('ask'), { offers: {} });
  expect(answer).toMatchObject({
    kind: 'failure',
    error: { code: -32021, data: { requiredCapabilities: expect.anything() } },
  });
});

test('cancellation over HTTP closes the stream and sends nothing; over a pipe it is a notification', async () => {
  const closed = vi.fn<() => void>();
  const web = await aWebServer((_request, response, body) => {
    const { id, method } = JSON.parse(body);
    const result = { supportedVersions: ['2026-07-28'], capabilities: {} };
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    if (method === 'server/discover') response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
    else response.once('close', closed);
  });
  for (const [name, transport] of [
    ['x', at(web)],
    ['wait', fixture('both-eras.mjs', 'stateless')],
  ] as const) {
    const upstream = anUpstream(transport, { era: 'stateless' });
    await upstream.start();
    const controller = new AbortController();
    const waiting = callTool(upstream, call(name), { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    expect((await rejection(waiting)).code).toBe('CANCELLED');
  }
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  expect(web.seen.map(({ body }) => JSON.parse(body).method)).toEqual(['server/discover', 'tools/call']);
});

test('a stateless server may not ask: whatever it asks is refused', async () => {
  const onRequest = vi.fn<() => Promise<RpcAnswer>>();
  const upstream = anUpstream(fixture('stateless-asking.mjs'), { era: 'stateless', offers: { sampling: {} } });
  const answer = await callTool(upstream, call('ask'), { onRequest, offers: { sampling: {} } });
  expect(textOf(answer)).toContain('-32601');
  expect(onRequest).not.toHaveBeenCalled();
});

test('results of stateless servers are relayed without a loss', async () => {
  const result =
    '{"resultType":"vendor","content":[],"structuredContent":[9223372036854775807,"x"],"_meta":{"a/b":{}}}';
  const web = await aRawServer(({ id }) => `{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  const answer = await callTool(anUpstream(at(web), { era: 'stateless' }), call('x'));
  expect(answer.kind === 'result' ? writeJson(answer.result) : '').toBe(result);
});

test('a stream that breaks before its answer is an error at once, for nobody can take it up again', async () => {
  const web = await aWebServer((_request, response, body) => {
    const { id, method } = JSON.parse(body);
    const result = { supportedVersions: ['2026-07-28'], capabilities: {} };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const answer = `data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`;
    response.end(method === 'server/discover' ? answer : 'id: 7\nretry: 1\ndata:\n\n');
  });
  const error = await rejection(callTool(anUpstream(at(web), { era: 'stateless' }), call('x')));
  expect(error.code).toBe('UPSTREAM_CLOSED');
  expect(web.seen.some(({ method }) => method === 'GET')).toBe(false);
});

test('a server that answers -32022 in the middle is greeted anew, and the call is made once more and no more', async () => {
  let calls = 0;
  const error = '{"code":-32022,"message":"no","data":{"supported":["2025-11-25"]}}';
  const web = await aRawServer(({ id }) => (calls++, `{"jsonrpc":"2.0","id":${id},"error":${error}}`));
  const upstream = anUpstream(at(web), { era: 'stateless' });
  expect((await rejection(callTool(upstream, call('x')))).code).toBe('UPSTREAM_PROTOCOL');
  expect(calls).toBe(2);
});

test('a stateless server that hangs is asked what it is, and ended when it does not say so', async () => {
  let isHung = false;
  const web = await aWebServer((_request, response, body) => {
    if (isHung) return;
    const { id } = JSON.parse(body);
    const result = { supportedVersions: ['2026-07-28'], capabilities: {} };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
  const upstream = anUpstream(at(web), { era: 'stateless', pingTimeoutMs: 50 });
  await upstream.start();
  isHung = true;
  await rejection(callTool(upstream, call('x'), { timeoutMs: 50 }));
  await vi.waitFor(() => expect(upstream.state).toEqual({ kind: 'failed', reason: '"files" hung and was ended.' }));
});
