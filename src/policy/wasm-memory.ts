import { GatewayError } from '../core/errors.ts';
import type { PolicyExports } from './module.ts';

const PAGE_BYTES = 1 << 16;
/** What the module itself needs before any data. */
const BASE_PAGES = 64;
/** Parsed data takes 12 to 16 times its text. */
const PARSED_RATIO = 17;
/** For the input, parsed, and the garbage of its evaluations. */
const HEADROOM_BYTES = 64 << 20;
const MOST_PAGES = 1 << 16;

/** Numbers that OPA's `value.h` gives the types of texts; constants of the policy are `interned`. */
const STRING_TYPES: ReadonlySet<number | undefined> = new Set([4, 8]);

/**
 * The memory of one instance: how texts and values get in and out. It has all its pages from the start, which the
 * operating system gives only as they are touched: OPA's allocator would grow it page by page, each time at the price
 * of a garbage collection.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  #exports: PolicyExports | undefined;
  #bytes: Buffer;

  constructor(dataBytes: number, headroomBytes: number = HEADROOM_BYTES) {
    const pages = BASE_PAGES + Math.ceil((PARSED_RATIO * dataBytes + headroomBytes) / PAGE_BYTES);
    if (pages > MOST_PAGES) {
      throw new GatewayError(
        'POLICY_FAILED',
        `The data of a policy has ${dataBytes} bytes, more than a module can hold.`,
        { mend: 'keep the data of one bundle below 200 MB' },
      );
    }
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#bytes = Buffer.from(this.memory.buffer);
  }

  attach(exports: PolicyExports): void {
    this.#exports = exports;
  }

  /** The UTF-8 text at an address, up to its NUL. */
  text(address: number): string {
    const bytes = this.#view();
    return bytes.toString('utf8', address, bytes.indexOf(0, address));
  }

  /** The text of a value, when it is one. */
  stringValue(address: number): string | undefined {
    const bytes = this.#view();
    if (!STRING_TYPES.has(bytes[address])) return undefined;
    const start = bytes.readUInt32LE(address + 8);
    return bytes.toString('utf8', start, start + bytes.readUInt32LE(address + 4));
  }

  /** Address of the value that a JSON text says. */
  parseJson(json: string): number {
    const { address, length } = this.#write(json);
    return this.#parsed(this.#attached().opa_json_parse(address, length));
  }

  /** As `parseJson`, with sets. */
  parseValue(text: string): number {
    const { address, length } = this.#write(text);
    return this.#parsed(this.#attached().opa_value_parse(address, length));
  }

  /** The module's values point into the text, so its place is never given back. */
  #write(text: string): { address: number; length: number } {
    const length = Buffer.byteLength(text);
    const address = this.#attached().opa_malloc(length);
    this.#view().write(text, address, length, 'utf8');
    return { address, length };
  }

  #parsed(value: number): number {
    if (value === 0) throw new GatewayError('POLICY_FAILED', 'A policy module cannot parse the JSON it was given.');
    return value;
  }

  #attached(): PolicyExports {
    if (this.#exports === undefined)
      throw new GatewayError('POLICY_FAILED', 'A policy module is used before it is loaded.');
    return this.#exports;
  }

  /** Growing a memory, even by nothing, takes its old views away. */
  #view(): Buffer {
    if (this.#bytes.length === 0) this.#bytes = Buffer.from(this.memory.buffer);
    return this.#bytes;
  }
}
