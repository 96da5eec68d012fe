/** A call by its params as they are written. */
export const call = (params: string, id = '"id":"bad",'): string =>
  `{"jsonrpc":"2.0",${id}"method":"tools/call","params":${params}}`;
export const echo = (args: string): string => call(`{"name":"open__echo","arguments":${args}}`);
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** A message that no front takes, and what its sender and the log are told. */
export interface Refusal {
  readonly what: string;
  readonly body: string | Buffer;
  readonly code: number;
  readonly says: RegExp;
  /** The word in the log. */
  readonly reason: string;
}

type Said = readonly [says: RegExp, body: string | Buffer];

const unreadable = (what: string, reason: string, [says, body]: Said): Refusal => {
  return { what, body, code: -32700, says, reason };
};
const invalid = (what: string, reason: string, [says, body]: Said): Refusal => {
  return { what, body, code: -32600, says, reason };
};

const twice = /the same key twice \(line 1, column \d+\)/;
const variant = /differs from one that the protocol knows/;
const precise = /beyond ±\(2\^53−1\); send it as text/;

export const REFUSED: readonly Refusal[] = [
  unreadable('G-01 a name that stands twice', 'duplicate_key', [twice, call('{"name":"read","name":"echo"}')]),
  unreadable('G-01 arguments that stand twice', 'duplicate_key', [
    twice,
    call('{"name":"echo","arguments":{},"arguments":{}}'),
  ]),
  unreadable('G-01 a key twice deep in arguments', 'duplicate_key', [twice, echo('{"a":[{"b":{"c":1,"c":2}}]}')]),
  unreadable('G-01 a key twice, once escaped', 'duplicate_key', [
    twice,
    call(String.raw`{"name":"read","na\u006de":"echo"}`),
  ]),
  unreadable('G-01 a method that stands twice', 'duplicate_key', [
    twice,
    '{"jsonrpc":"2.0","id":"bad","method":"ping","method":"tools/call","params":{"name":"echo"}}',
  ]),
  unreadable('G-02 Name beside name', 'case_variant_key', [variant, call('{"name":"read","Name":"echo"}')]),
  unreadable('G-02 ARGUMENTS', 'case_variant_key', [variant, call('{"name":"echo","ARGUMENTS":{}}')]),
  unreadable('G-02 paramſ', 'case_variant_key', [
    variant,
    '{"jsonrpc":"2.0","id":"bad","method":"tools/call","params":{"name":"echo"},"paramſ":{}}',
  ]),
  unreadable('G-02 a Kelvin sign', 'case_variant_key', [variant, call('{"name":"echo","tas\u212A":{}}')]),
  unreadable('G-02 Method at the top', 'case_variant_key', [
    variant,
    '{"jsonrpc":"2.0","id":"bad","Method":"tools/call","method":"ping"}',
  ]),
  invalid('G-03 a batch of one call', 'batch', [/Batches are not taken/, `[${echo('{}')}]`]),
  invalid('G-03 a batch of a ping and a call', 'batch', [
    /Batches are not taken/,
    `[{"jsonrpc":"2.0","id":1,"method":"ping"},${echo('{}')}]`,
  ]),
  invalid('G-03 an empty batch', 'batch', [/Batches are not taken/, '[]']),
  invalid('G-03 a batch after space', 'batch', [/Batches are not taken/, ` \t [${echo('{}')}]`]),
  unreadable('G-03 a batch after a byte-order mark', 'byte_order_mark', [/byte-order mark/, `\uFEFF[${echo('{}')}]`]),
  invalid('G-04 a call without an id', 'invalid_message', [/must have an id/, call('{"name":"echo"}', '')]),
  invalid('G-04 a call with the id null', 'invalid_message', [
    /id must be a text or a whole number/,
    call('{"name":"echo"}', '"id":null,'),
  ]),
  invalid('G-04 a call that is an answer too', 'invalid_message', [
    /neither result nor error/,
    '{"jsonrpc":"2.0","id":"bad","method":"tools/call","params":{"name":"echo"},"result":{}}',
  ]),
  unreadable('G-05 a number that becomes infinite', 'number_out_of_range', [precise, echo('{"amount":1e400}')]),
  unreadable('G-05 2^53 + 1', 'number_out_of_range', [precise, echo('{"amount":9007199254740993}')]),
  unreadable('G-05 a number of 400 digits', 'number_out_of_range', [precise, echo(`{"amount":${'9'.repeat(400)}}`)]),
  unreadable('G-05 NaN', 'syntax', [/not JSON/, echo('{"amount":NaN}')]),
  unreadable('G-07 __proto__ in arguments', 'forbidden_key', [/__proto__/, echo('{"__proto__":{"admin":true}}')]),
  unreadable('G-07 constructor deep in arguments', 'forbidden_key', [
    /constructor/,
    echo('{"a":[{"constructor":{"prototype":1}}]}'),
  ]),
  unreadable('G-07 __proto__ in escapes', 'forbidden_key', [/__proto__/, echo(String.raw`{"\u005f_proto__":1}`)]),
  {
    what: 'G-07 a tool named __proto__',
    body: call('{"name":"__proto__"}'),
    code: -32602,
    says: /name cannot be/,
    reason: 'invalid_message',
  },
  unreadable('G-13 NUL in an argument', 'nul_character', [/NUL/, echo(String.raw`{"host":"evil.com\u0000.ok.com"}`)]),
  unreadable('G-13 NUL in a key', 'nul_character', [/NUL/, echo(String.raw`{"a\u0000":1}`)]),
  unreadable('G-13 a control character that is not escaped', 'syntax', [/not JSON/, echo('{"host":"a\u0001b"}')]),
  unreadable('G-14 half of a surrogate pair', 'lone_surrogate', [
    /half of a surrogate pair/,
    echo(String.raw`{"a":"\ud800"}`),
  ]),
  unreadable('G-14 bytes that are not UTF-8', 'invalid_utf8', [
    /not UTF-8/,
    Buffer.concat([Buffer.from(echo('"').slice(0, -2)), Buffer.from([0xc3, 0x28]), Buffer.from('"}}')]),
  ]),
  unreadable('G-14 an overlong slash', 'invalid_utf8', [
    /not UTF-8/,
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
  ]),
  unreadable('G-14 a byte-order mark', 'byte_order_mark', [/byte-order mark/, `\uFEFF${echo('{}')}`]),
  invalid('G-15 65 levels', 'too_deep', [/deeper than this gateway takes: 64 levels/, echo(`{"a":${deep(62)}}`)]),
  invalid('G-15 100,000 levels', 'too_deep', [/: 64 levels/, echo(`{"a":${deep(100_000)}}`)]),
  invalid('G-15 10,001 keys', 'too_many_keys', [/more keys than this gateway takes: 10000/, echo(`{${keys(9995)}}`)]),
];

/** What is sent, and what is decided and forwarded. */
export const TAKEN: readonly (readonly [string, string, string])[] = [
  [
    'G-05 what a double holds',
    '{"amount":9007199254740991,"ratio":1.0000000000000000001}',
    '{"amount":9007199254740991,"ratio":1}',
  ],
  ['G-05 the negative zero as zero', '{"amount":-0,"deep":[-0.0]}', '{"amount":0,"deep":[0]}'],
  [
    'G-13 control characters in escapes, as they are',
    String.raw`{"text":"a\u001b[2J\u0007"}`,
    String.raw`{"text":"a\u001b[2J\u0007"}`,
  ],
  ['G-15 64 levels', `{"a":${deep(61)}}`, `{"a":${deep(61)}}`],
  ['G-15 10,000 keys', `{${keys(9994)}}`, `{${keys(9994)}}`],
];

function keys(count: number): string {
  return Array.from({ length: count }, (_, at) => `"k${at}":0`).join(',');
}
