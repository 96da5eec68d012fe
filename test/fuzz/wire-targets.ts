import { PassThrough } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { GatewayError } from '../../src/core/errors.ts';
import type { JsonRefusal } from '../../src/core/strict-json.ts';
import { parseRequestBytes } from '../../src/core/strict-json.ts';
import { serveStdio } from '../../src/downstream/stdio.ts';
import { EventReader } from '../../src/upstream/event-reader.ts';
import { aFakeGateway, anIdentity, LIMITS, QUIET, SERVER_INFO } from '../downstream/fake-gateway.ts';
import { chunked, mutatedBytes } from './mutations.ts';
import type { Target } from './targets.ts';

export const MESSAGES = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[1,-0,1.5e3,{"b":"é\\u00e9"}]}}}',
  '{"jsonrpc":"2.0","id":"x","method":"tools/list"}',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
  '{"a":{"a":{"a":null}},"b":[true,false,""],"c":"\\ud83d\\ude00","d":9007199254740991}',
];
export const TOKENS = [
  '"',
  '\\',
  '\\u',
  '\\ud800',
  '\\u0000',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-0',
  '1e400',
  '9007199254740993',
  '"a":1,',
  '"name":0,',
  '"Name":0,',
  '__proto__',
  'constructor',
  '\u0000',
  '\n',
  '\uFEFF',
  ' ',
  'null',
];

/** What is taken has the value that Node reads; what is refused for its form is what Node refuses too. */
export const PARSER: Target = {
  name: 'the parser agrees with JSON.parse, or says which rule of its own it follows',
  runs: 3000,
  property: () =>
    fc.asyncProperty(mutatedBytes(MESSAGES, TOKENS), async (bytes) => {
      const parsed = parseRequestBytes(bytes);
      const node = nodeReads(bytes);
      if (parsed.kind === 'ok') return isDeepStrictEqual(parsed.value, node.value);
      return node.isGood ? OUR_OWN.has(parsed.reason) : true;
    }),
};

/** Reasons for which a message is refused that Node reads. */
export const OUR_OWN: ReadonlySet<JsonRefusal['reason']> = new Set<JsonRefusal['reason']>([
  'duplicate_key',
  'forbidden_key',
  'nul_character',
  'lone_surrogate',
  'number_out_of_range',
  'case_variant_key',
  'batch',
  'not_an_object',
]);

export function nodeReads(bytes: Buffer): { readonly isGood: boolean; readonly value: unknown } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { isGood: true, value: JSON.parse(JSON.stringify(JSON.parse(text))) as unknown };
  } catch {
    return { isGood: false, value: undefined };
  }
}

const HELLO =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n';

/** Whatever comes over stdin, in whatever pieces: each line that goes out is one message, and the pieces make no difference. */
export const STDIO: Target = {
  name: 'stdio answers the same to the same bytes in any pieces, one message a line',
  runs: 150,
  property: () => {
    const conversation = mutatedBytes([`${HELLO}${MESSAGES.join('\n')}\n`, MESSAGES.join('\r\n')], TOKENS);
    return fc.asyncProperty(conversation, fc.array(fc.nat({ max: 80 }), { maxLength: 12 }), async (bytes, lengths) => {
      const whole = await answersTo([bytes]);
      const pieces = await answersTo(chunked(bytes, lengths));
      const isRpc = whole.every((line) => (JSON.parse(line) as { jsonrpc?: string }).jsonrpc === '2.0');
      return isRpc && isDeepStrictEqual(whole, pieces);
    });
  },
};

/** Sorted: what is answered first may depend on what came first. */
async function answersTo(chunks: readonly Buffer[]): Promise<readonly string[]> {
  const input = new PassThrough();
  const output = new PassThrough();
  let text = '';
  output.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const limits = { ...LIMITS, maxWaiting: 100 };
  const door = serveStdio({
    gateway: aFakeGateway(),
    identity: anIdentity(),
    serverInfo: SERVER_INFO,
    limits,
    logger: QUIET,
    input,
    output,
  });
  for (const chunk of chunks) if (chunk.length > 0) input.write(chunk);
  input.end();
  await door.closed;
  return text.split('\n').slice(0, -1).toSorted();
}

const EVENTS = [
  'event: message\nid: 1\ndata: {"a":1}\n\n',
  ': beat\n\ndata: a\ndata: b\r\n\r\nretry: 10\ndata:\r\r',
  '\uFEFFdata: é\n\n',
];

/** Events of servers: the same in any pieces, and what is too large is refused as such. */
export const EVENT_STREAM: Target = {
  name: 'a stream of events is read alike in any pieces, or refused in words',
  runs: 1000,
  property: () => {
    const stream = mutatedBytes(EVENTS, [
      '\n',
      '\r',
      '\r\n',
      'data:',
      'id: ',
      'event: ',
      ':',
      '\u0000',
      'x'.repeat(300),
    ]);
    return fc.asyncProperty(stream, fc.array(fc.nat({ max: 20 }), { maxLength: 12 }), async (bytes, lengths) =>
      isDeepStrictEqual(eventsIn([bytes]), eventsIn(chunked(bytes, lengths))),
    );
  },
};

function eventsIn(chunks: readonly Buffer[]): readonly string[] {
  const events: string[] = [];
  const reader = new EventReader({
    name: 'files',
    maxBytes: 256,
    onEvent: ({ event, data }) => void events.push(`${event} ${data.toString('hex')}`),
  });
  try {
    for (const chunk of chunks) reader.push(chunk);
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    events.push(thrown.code);
  }
  return events;
}
