import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventReader } from '../../src/upstream/event-reader.ts';

function read(
  pieces: readonly (string | Buffer)[],
  maxBytes = 1_000,
): { readonly events: string[][]; readonly reader: EventReader } {
  const events: string[][] = [];
  const onEvent = ({ event, data }: { event: string; data: Buffer }): number => events.push([event, data.toString()]);
  const reader = new EventReader({ name: 'files', maxBytes, onEvent });
  for (const piece of pieces) reader.push(Buffer.from(piece));
  return { events, reader };
}

test.for([
  ['one line of data', 'data: {"a":1}\n\n', [['message', '{"a":1}']]],
  ['no space after the colon', 'data:x\n\n', [['message', 'x']]],
  ['only one space is taken', 'data:  x\n\n', [['message', ' x']]],
  ['several lines are joined', 'data: a\ndata: b\n\n', [['message', 'a\nb']]],
  [
    'an event has a name',
    'event: endpoint\ndata: /m\n\ndata: x\n\n',
    [
      ['endpoint', '/m'],
      ['message', 'x'],
    ],
  ],
  ['carriage returns alone end lines', 'data: a\rdata: b\r\r', [['message', 'a\nb']]],
  ['both together end one line', 'data: a\r\ndata: b\r\n\r\n', [['message', 'a\nb']]],
  ['comments are no data', ': keep-alive\n\ndata: x\n:\n\n', [['message', 'x']]],
  ['unknown fields are no data', 'foo: 1\ndatax: 2\nDATA: 3\ndata: x\n\n', [['message', 'x']]],
  ['a field without a colon is empty', 'data\ndata\n\n', [['message', '\n']]],
  ['an event without data is none', 'event: x\nid: 3\n\n', []],
  ['an event that does not end is none', 'data: x\n', []],
  ['a byte-order mark at the start is skipped', '\ufeffdata: x\n\n', [['message', 'x']]],
] as const)('%s', ([, text, expected]) => {
  expect(read([text]).events).toEqual(expected);
});

test('pieces make no difference, wherever they are cut', () => {
  const line = fc.constantFrom('data: ü{"a":"\u2028"}', 'data', 'event: e', ': c', 'id: 7', '', '', 'retry: 5');
  const text = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 12 })
    .map((lines) => lines.flat().join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(200), { maxLength: 8 }), (text, cuts) => {
      const bytes = Buffer.from(text);
      const ends = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
      const pieces = ends.slice(1).map((end, index) => bytes.subarray(ends[index], end));
      expect(read(pieces).events).toEqual(read([bytes]).events);
    }),
  );
});

test('the last id and the pause that the server asks for are kept', () => {
  const { reader } = read(['id: 1\nretry: 250\ndata: x\n\nid: 2\n\n']);
  expect([reader.lastEventId, reader.retryMs]).toEqual(['2', 250]);
});

test.for(['id: a b\u00e9\n\n', 'id: a\u0000b\n\n', `id: ${'x'.repeat(2000)}\n\n`])(
  'an id that no header may hold is ignored',
  (text) => {
    expect(read([text], 10_000).reader.lastEventId).toBe('');
  },
);

test.for([
  ['a line without an end', 'data: ', 'x'.repeat(2_000)],
  ['an event without an end', 'data: 1234567890\n'],
  ['an event of nothing but empty lines of data', 'data\n'],
  ['a comment without an end', ':', 'x'.repeat(2_000)],
])('G-46 %s is cut off at the limit', ([, first = '', rest = '']) => {
  expect(() => read([first + rest, ...Array.from({ length: 2_000 }, () => first)])).toThrow(
    'sends an event of more than 1000 bytes',
  );
});

test('an event of many small pieces costs time that grows with its bytes', () => {
  const pieces = Array.from({ length: 100_000 }, () => 'x'.repeat(10));
  const { events } = read(['data: ', ...pieces, '\n\n'], 10_000_000);
  expect(events[0]?.[1]).toHaveLength(1_000_000);
});
