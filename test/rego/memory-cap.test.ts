import { expect, test } from 'vitest';
import { capMemory } from '../../src/rego/memory-cap.ts';

const PAGE = 65_536;
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const EXPORT_MEMORY = [7, 5, 1, 1, 0x6d, 2, 0];

/** A module of one exported memory, given as the body of its memory section. */
function aModule(...memory: number[]): Uint8Array {
  return Uint8Array.from([...HEADER, 5, memory.length, ...memory, ...EXPORT_MEMORY]);
}

function memoryOf(module: Uint8Array): WebAssembly.Memory {
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports;
  if (!(m instanceof WebAssembly.Memory)) throw new TypeError('no memory');
  return m;
}

test('a memory without a limit gets one', () => {
  const memory = memoryOf(capMemory(aModule(1, 0, 1), 300 * PAGE));
  memory.grow(299);
  expect(() => memory.grow(1)).toThrow(RangeError);
});

test('a memory with a limit gets the other one', () => {
  const memory = memoryOf(capMemory(aModule(1, 1, 2, 200, 1), 2 * PAGE));
  expect(memory.buffer.byteLength).toBe(2 * PAGE);
  expect(() => memory.grow(1)).toThrow(RangeError);
});

test('a limit below what the module needs is refused', () => {
  expect(() => capMemory(aModule(1, 0, 3), 2 * PAGE)).toThrow('at least 3 pages');
});

test('a module without a memory is refused', () => {
  expect(() => capMemory(Uint8Array.from(HEADER), PAGE)).toThrow('no memory');
});
