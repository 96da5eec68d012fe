import { resolve } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts';
import { parseResultBytes, toPolicyJson } from '../../src/core/lossless-json.ts';
import { configuration } from './every-upstream.ts';
import { aPlace, atEndOfFile, type Place } from './program.ts';
import { type RawClient, rawStateless, rawStdio } from './raw-client.ts';

const untilEnd = atEndOfFile();
const clients: Record<string, RawClient> = {};

beforeAll(async () => {
  const mirror = { command: process.execPath, args: [resolve('fixtures/upstreams/mirror.mjs')] };
  const place: Place = aPlace(() => JSON.stringify(configuration({ mirror })), untilEnd);
  clients['in a session'] = await rawStdio(place, { atEnd: untilEnd });
  clients['of 2026-07-28'] = rawStateless(place, { atEnd: untilEnd });
});

/** Texts of JSON objects, with what a careless relay would change. */
const strange: fc.Arbitrary<string> = fc
  .dictionary(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('constructor', '__proto__', 'x-vendor', 'annotations', 'icons'),
    ),
    fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
        fc.constantFrom('9223372036854775807', '-0.0', '1.10', '1e400', 'null', 'true', '12345678901234567890.5'),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        fc.dictionary(fc.string(), tie('value') as fc.Arbitrary<string>, { maxKeys: 3 }).map(objectText),
      ),
    })).value,
    { maxKeys: 5 },
  )
  .map(objectText);

describe.each(['in a session', 'of 2026-07-28'])('what a server sends reaches a client %s as it was sent:', (era) => {
  const request = (method: string, params: object): Promise<string> => {
    const client = clients[era];
    if (client === undefined) throw new Error('not started');
    return client.exchange(method, params);
  };

  test('results of tools', async () => {
    await fc.assert(
      fc.asyncProperty(strange, async (extra) => {
        const say = `{"content":[{"type":"text","text":"x","v":${extra}}],"structuredContent":${extra},"v":${extra},"_meta":{"v":${extra}}}`;
        const line = await request('tools/call', { name: 'mirror', arguments: { say } });
        expect(withoutOwn(memberOf(line, 'result'))).toBe(canonical(say));
      }),
      { numRuns: 60 },
    );
  });

  test('prompts and resources', async () => {
    await fc.assert(
      fc.asyncProperty(strange, async (extra) => {
        const prompt = `{"messages":[{"role":"user","content":{"type":"x-vendor","v":${extra}}}],"v":${extra}}`;
        const got = await request('prompts/get', { name: 'mirror', arguments: { say: prompt } });
        expect(withoutOwn(memberOf(got, 'result'))).toBe(canonical(prompt));
        const contents = `{"contents":[{"uri":"x:1","blob":"AAEC","v":${extra}}],"v":${extra}}`;
        const read = await request('resources/read', { uri: `mirror://say/${encodeURIComponent(contents)}` });
        expect(withoutOwn(memberOf(read, 'result'))).toBe(canonical(contents));
      }),
      { numRuns: 40 },
    );
  });

  test('errors, with code, message and data', async () => {
    await fc.assert(
      fc.asyncProperty(strange, fc.integer({ min: -31_999, max: 40_000 }), async (extra, code) => {
        const error = `{"code":${String(code)},"message":"it is so","data":${extra}}`;
        const line = await request('tools/call', { name: 'mirror', arguments: { error } });
        expect(canonical(textOf(memberOf(line, 'error')))).toBe(canonical(error));
      }),
      { numRuns: 40 },
    );
  });

  test('progress in the same piece as the result', async () => {
    await fc.assert(
      fc.asyncProperty(strange, async (progress) => {
        const client = clients[era];
        const seen = client?.lines().length ?? 0;
        const params = {
          name: 'mirror',
          arguments: { say: '{"content":[]}', progress },
          _meta: { progressToken: 'p' },
        };
        await request('tools/call', params);
        const told =
          client
            ?.lines()
            .slice(seen)
            .find((line) => line.includes('notifications/progress')) ?? '{}';
        expect(canonical(told)).toContain(`"vendor":${canonical(progress)}`);
      }),
      { numRuns: 20 },
    );
  });
});

function objectText(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members)
    .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
    .join(',')}}`;
}

/** One text for one value; numbers by their lexemes where a double would change them. */
function canonical(text: string): string {
  return canonicalJson(toPolicyJson(parsed(text)));
}

function memberOf(line: string, name: 'result' | 'error'): JsonObject {
  const member = parsed(line)[name];
  if (!isJsonObject(member)) throw new Error(`no ${name} in ${line}`);
  return member;
}

function textOf(value: Json): string {
  return canonicalJson(value);
}

/** Without what the gateway adds: the decision, and what 2026-07-28 wants of every result. */
function withoutOwn(result: JsonObject): string {
  const { resultType: _type, ttlMs: _ttl, cacheScope: _scope, _meta: meta, ...rest } = result;
  const added = new Set(['mcp-gateway/decision', 'io.modelcontextprotocol/serverInfo']);
  const kept = Object.entries(isJsonObject(meta) ? meta : {}).filter(([key]) => !added.has(key));
  return canonicalJson(toPolicyJson(kept.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(kept) }));
}

function parsed(text: string): JsonObject {
  const read = parseResultBytes(Buffer.from(text));
  if (read.kind === 'refused') throw new Error(`${read.message}: ${text}`);
  return read.value;
}
