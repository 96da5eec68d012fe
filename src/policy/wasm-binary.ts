import { GatewayError } from '../core/errors.ts';

/**
 * The parts of the WebAssembly binary format (core specification 2.0, chapter 5) that reading and rewriting a
 * module of OPA's compiler needs.
 */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
} as const;

export interface Section {
  readonly id: number;
  /** The content, without id and size. */
  readonly bytes: Uint8Array;
}

const MAGIC_AND_VERSION = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** The sections in their order. Throws POLICY_FAILED on anything that is not such a file. */
export function readSections(wasm: Uint8Array): readonly Section[] {
  if (!MAGIC_AND_VERSION.every((byte, index) => wasm[index] === byte)) throw malformed('no WebAssembly header');
  const reader = new ByteReader(wasm, MAGIC_AND_VERSION.length);
  const sections: Section[] = [];
  while (!reader.atEnd()) sections.push({ id: reader.byte(), bytes: reader.vector() });
  return sections;
}

export function writeModule(sections: readonly Section[]): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(MAGIC_AND_VERSION);
  for (const section of sections) {
    writer.byte(section.id);
    writer.vector(section.bytes);
  }
  return writer.take();
}

/** Names of functions by index, from the custom section `name`; of equal names the first index counts. */
export function readFunctionNames(sections: readonly Section[]): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const section of sections) {
    if (section.id !== SECTION.custom) continue;
    const reader = new ByteReader(section.bytes);
    if (reader.text() !== 'name') continue;
    while (!reader.atEnd()) {
      const isFunctions = reader.byte() === 1;
      const content = new ByteReader(reader.vector());
      if (isFunctions) readNameMap(content, names);
    }
  }
  return names;
}

function readNameMap(reader: ByteReader, names: Map<string, number>): void {
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    const index = reader.unsigned();
    const name = reader.text();
    if (!names.has(name)) names.set(name, index);
  }
}

export function malformed(what: string): GatewayError {
  return new GatewayError('POLICY_FAILED', `The compiled policy is not a module of OPA's compiler: ${what}.`);
}

export class ByteReader {
  readonly source: Uint8Array;
  position: number;

  constructor(source: Uint8Array, position = 0) {
    this.source = source;
    this.position = position;
  }

  atEnd(): boolean {
    return this.position >= this.source.length;
  }

  byte(): number {
    const value = this.source[this.position];
    if (value === undefined) throw malformed('it ends too early');
    this.position += 1;
    return value;
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed('a number is too long');
  }

  /** Passes over one LEB128 number of any width. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  skip(count: number): void {
    if (this.position + count > this.source.length) throw malformed('it ends too early');
    this.position += count;
  }

  /** A length, then so many bytes; a view, not a copy. */
  vector(): Uint8Array {
    const length = this.unsigned();
    const start = this.position;
    this.skip(length);
    return this.source.subarray(start, start + length);
  }

  text(): string {
    return Buffer.from(this.vector()).toString('utf8');
  }
}

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  bytes(values: Uint8Array | readonly number[]): void {
    this.#reserve(values.length);
    this.#buffer.set(values, this.#length);
    this.#length += values.length;
  }

  unsigned(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Signed LEB128, as `i32.const` takes it. */
  signed(value: number): void {
    let rest = value;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  vector(values: Uint8Array): void {
    this.unsigned(values.length);
    this.bytes(values);
  }

  text(value: string): void {
    this.vector(Buffer.from(value));
  }

  take(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#length));
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + count));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
