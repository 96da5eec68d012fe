const MAGIC_BYTES = 8;
const MEMORY_SECTION = 5;
const PAGE_BYTES = 65_536;
const HAS_MAXIMUM = 1;

/**
 * The same module with a hard limit on its memory. A Go program declares a
 * memory without one and exports it, so the host has no other way to stop it
 * from growing to 4 GiB. Past the limit Go ends with "out of memory".
 *
 * Format: WebAssembly core specification, §5.5.8 (memory section).
 */
export function capMemory(module: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  let at = MAGIC_BYTES;
  while (at < module.length) {
    const start = at;
    const id = module[at];
    const size = readUnsigned(module, at + 1);
    const end = size.next + size.value;
    if (id === MEMORY_SECTION) {
      return Buffer.concat([
        module.subarray(0, start),
        cappedSection(module, size.next, maxBytes),
        module.subarray(end),
      ]);
    }
    at = end;
  }
  throw new RangeError('the module declares no memory');
}

function cappedSection(module: Uint8Array, at: number, maxBytes: number): Uint8Array {
  const count = readUnsigned(module, at);
  const minimum = readUnsigned(module, count.next + 1);
  const pages = Math.floor(maxBytes / PAGE_BYTES);
  if (count.value !== 1 || pages < minimum.value) {
    throw new RangeError(`the module needs at least ${minimum.value} pages of one memory`);
  }
  const body = [1, HAS_MAXIMUM, ...writeUnsigned(minimum.value), ...writeUnsigned(pages)];
  return Uint8Array.from([MEMORY_SECTION, ...writeUnsigned(body.length), ...body]);
}

/** LEB128, as WebAssembly writes all its numbers. */
function readUnsigned(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let next = at;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[next] ?? 0;
    next += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next };
  }
  throw new RangeError('a number in the module is too long');
}

function writeUnsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}
