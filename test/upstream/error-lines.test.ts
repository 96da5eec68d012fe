import { expect, test } from 'vitest';
import { ErrorLines } from '../../src/upstream/error-lines.ts';
import { plainText } from '../../src/upstream/plain-text.ts';

function aTicking(): { nowMs: number; now(): number; monotonic(): number } {
  return {
    nowMs: 0,
    now: () => 0,
    monotonic(): number {
      return this.nowMs;
    },
  };
}

test('the last fifty lines are kept, cut where they are too long', () => {
  const lines = new ErrorLines(aTicking());
  lines.push(Buffer.from(Array.from({ length: 60 }, (_, line) => `line ${line}\n`).join('')));
  expect(lines.lines()).toHaveLength(50);
  expect(lines.lines()[0]).toBe('line 10');
  lines.push(Buffer.from(`${'x'.repeat(3_000)}\n`));
  expect(lines.lines().at(-1)).toHaveLength(2_000);
});

test('characters and lines that come in pieces are put together', () => {
  const lines = new ErrorLines(aTicking());
  for (const byte of Buffer.from('größer\nnext')) lines.push(Buffer.from([byte]));
  expect(lines.lines()).toEqual(['größer', 'next']);
});

test('a flood is dropped and its bytes are counted; later words are heard again', () => {
  const clock = aTicking();
  const lines = new ErrorLines(clock);
  for (let piece = 0; piece < 100; piece++) lines.push(Buffer.alloc(10_000, 'x'));
  expect(lines.lines().at(-1)).toBe('(940000 bytes were dropped: it writes too much)');
  clock.nowMs = 1_000;
  lines.push(Buffer.from('\nheard\n'));
  expect(lines.lines()).toContain('heard');
});

test.for([
  ['\u001b[31mred\u001b[0m', 'red'],
  ['\u001b]8;;http://x\u0007link\u001b]8;;\u0007', 'link'],
  ['a\u009b2Jb', 'ab'],
  ['a\u0000b\u007fc\u202ed', 'a b c d'],
  ['x'.repeat(50), `${'x'.repeat(19)}…`],
])('G-44 %j is shown as %j', ([text = '', shown]) => {
  expect(plainText(text, 20)).toBe(shown);
});

test('whoever listens gets every line that is taken, once and safe to be shown', () => {
  const heard: string[] = [];
  const errors = new ErrorLines(aTicking(), (line) => void heard.push(line));
  errors.push(Buffer.from('one\ntw'));
  errors.push(Buffer.from('o \u001b[31mred\n\nrest'));
  errors.add('three');
  expect(heard).toEqual(['one', 'two red', 'three']);
});
