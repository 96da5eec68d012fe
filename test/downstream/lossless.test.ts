import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { parseResultBytes } from '../../src/core/lossless-json.ts';
import { BIG } from './fake-gateway.ts';
import { anHttpDoor, ask, openSession, post } from './http-client.ts';

/** As servers write it, with numbers that JavaScript does not have. */
const aResultText = fc
  .dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 })
  .filter((result) => !('structuredContent' in result || 'resultType' in result || '_meta' in result))
  .map((result) => JSON.stringify(result).replace(/}$/, `${Object.keys(result).length > 0 ? ',' : ''}"big":${BIG}}`));

test('what a server answers reaches clients of both eras as it was, beside what the later one must have', async () => {
  const { url, gateway } = await anHttpDoor();
  const session = await openSession(url);
  await fc.assert(
    fc.asyncProperty(aResultText, async (text) => {
      const parsed = parseResultBytes(Buffer.from(text));
      if (parsed.kind === 'refused') throw new Error(parsed.message);
      gateway.answer = async () => ({ kind: 'result', result: parsed.value });
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } };
      const inSession = await (await post(url, call, session)).text();
      const written = inSession.slice('{"jsonrpc":"2.0","id":1,"result":'.length, -1);
      expect(JSON.parse(written)).toEqual(JSON.parse(text));
      expect(written).toContain(`"big":${BIG}`);
      const alone = await (await ask(url, { method: 'tools/call', params: { name: 'echo' } })).text();
      expect(alone).toContain(`"big":${BIG}`);
      const { result } = JSON.parse(alone) as { result: JsonObject };
      const { resultType, _meta: meta, ...kept } = result;
      expect(kept).toEqual(JSON.parse(text));
      expect([resultType, Object.keys(meta as JsonObject)]).toEqual([
        'complete',
        ['io.modelcontextprotocol/serverInfo'],
      ]);
    }),
    { numRuns: 60 },
  );
});

/** What strict parsing lets through. */
const someArguments = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 });
const someMeta = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}\/[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 4,
});

test('what a client asks reaches the gateway as it was, whichever era it is of', async () => {
  const { url, gateway } = await anHttpDoor();
  const session = await openSession(url);
  await fc.assert(
    fc.asyncProperty(someArguments, someMeta, async (args, meta) => {
      gateway.calls.length = 0;
      const sent = JSON.parse(JSON.stringify({ args, meta })) as { args: JsonObject; meta: JsonObject };
      const params = { name: 'echo', arguments: sent.args };
      const inSession = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta: sent.meta } };
      const first = await post(url, inSession, session);
      const second = await ask(url, { method: 'tools/call', params, meta: sent.meta });
      // What strict parsing refuses, it refuses of both.
      expect(first.status).toBe(second.status);
      if (first.status !== 200) return;
      expect(gateway.calls.map(({ call }) => ({ args: call.args, meta: call.meta }))).toEqual([sent, sent]);
    }),
    { numRuns: 60 },
  );
});
