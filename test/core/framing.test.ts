import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { EDGE_BYTES, NewlineFramer, type OversizedLine } from '../../src/core/framing.ts';

function aFramer(maxBytes = 100) {
  const lines: string[] = [];
  const oversized: OversizedLine[] = [];
  const framer = new NewlineFramer({
    maxBytes,
    onLine: (line) => lines.push(line.toString()),
    onOversized: (line) => {
      oversized.push(line);
      lines.push(`<${String(line.byteLength)}>`);
    },
  });
  return { framer, lines, oversized };
}

function cut(chunks: readonly string[], maxBytes?: number): readonly string[] {
  const { framer, lines } = aFramer(maxBytes);
  for (const chunk of chunks) framer.push(Buffer.from(chunk));
  framer.end();
  return lines;
}

describe('lines', () => {
  test.each([
    [['a\nb\n'], ['a', 'b']],
    [['a\r\nb\r\n'], ['a', 'b']],
    [
      ['a', 'b', '\nc', '\n'],
      ['ab', 'c'],
    ],
    [
      ['a\r', '\nb\n'],
      ['a', 'b'],
    ],
    [['\n\r\n\na\n'], ['a']],
    [['a\nb'], ['a', 'b']],
    [['a\rb\n'], ['a\rb']],
    [[''], []],
  ])('%j are %j', (chunks, lines) => {
    expect(cut(chunks)).toEqual(lines);
  });

  test('are the same in whatever chunks they come', () => {
    const text = fc.array(fc.constantFrom('a', 'bcdefgh', '\n', '\r\n', 'é', '\r'), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(20)), (parts, sizes) => {
        const bytes = Buffer.from(parts.join(''));
        const whole = aFramer(8);
        whole.framer.push(bytes);
        whole.framer.end();
        const chunked = aFramer(8);
        let at = 0;
        for (const size of sizes) {
          chunked.framer.push(bytes.subarray(at, at + size));
          at += size;
        }
        chunked.framer.push(bytes.subarray(at));
        chunked.framer.end();
        expect(chunked.lines).toEqual(whole.lines);
      }),
    );
  });
});

describe('a line that is too long', () => {
  test('is told once, and the next line is read', () => {
    expect(cut(['x'.repeat(60), 'x'.repeat(60), 'x\nnext\n'])).toEqual(['<121>', 'next']);
    expect(cut([`${'x'.repeat(101)}\nnext\n`])).toEqual(['<101>', 'next']);
  });

  test('begins one byte over the limit, line ends not counted', () => {
    expect(cut([`${'x'.repeat(100)}\r\n${'y'.repeat(101)}\r\n`])).toEqual(['x'.repeat(100), '<102>']);
    expect(cut(['x'.repeat(100), '\r', '\n'])).toEqual(['x'.repeat(100)]);
  });

  test('is told with its two ends', () => {
    const { framer, oversized } = aFramer();
    framer.push(Buffer.from(`head${'x'.repeat(5000)}`));
    framer.push(Buffer.from('yy'));
    framer.push(Buffer.from('tail\n'));
    expect(oversized[0]?.head.toString()).toBe(`head${'x'.repeat(EDGE_BYTES - 4)}`);
    expect(oversized[0]?.tail.toString()).toBe(`${'x'.repeat(EDGE_BYTES - 6)}yytail`);
  });
});

test('a million bytes one at a time are one line', () => {
  const { framer, lines } = aFramer(1_000_000);
  const byte = Buffer.from('x');
  for (let count = 0; count < 1_000_000; count += 1) framer.push(byte);
  framer.push(Buffer.from('\n'));
  expect(lines.map((line) => line.length)).toEqual([1_000_000]);
});
