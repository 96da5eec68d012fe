import { randomInt } from 'node:crypto';

import { OpenKeys } from './json-keys.ts';
import { FORBIDDEN_NAMES } from './names.ts';

export interface JsonLimits {
  readonly maxBytes: number;
  /** Objects and lists inside one another, the message itself included. */
  readonly maxDepth: number;
  readonly maxKeys: number;
  /** Bytes of one text or key as it stands in the message, without its quotes. */
  readonly maxStringBytes: number;
}

export type ScanReason =
  | 'syntax'
  | 'too_deep'
  | 'too_many_keys'
  | 'string_too_long'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'nul_character'
  | 'lone_surrogate'
  | 'number_out_of_range';

export interface ScanFinding {
  readonly reason: ScanReason;
  /** Bytes from the start. */
  readonly offset: number;
}

export interface ScanResult {
  readonly finding: ScanFinding | undefined;
  readonly hasNegativeZero: boolean;
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_E = 0x45;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Decimal digits that a double always keeps. */
const EXACT_DIGITS = 15;
const HASH_MASK = 0x3fffffff;
/** Unknown outside this process, so that nobody can prepare keys whose hashes collide. */
const HASH_SEED = randomInt(HASH_MASK);
const HASH_PRIME = 0x01000193;
/** 1 for each length that a forbidden name has. */
const FORBIDDEN_LENGTHS = Uint8Array.from({ length: 16 }, (_, length) =>
  [...FORBIDDEN_NAMES].some((name) => name.length === length) ? 1 : 0,
);

/**
 * One pass over UTF-8 bytes that finds what `JSON.parse` lets through and a request must not have. It does not check the
 * grammar: `JSON.parse` does that afterwards, so that a message made to be slow is refused before its value is built.
 */
export function scanRequest(bytes: Buffer, limits: JsonLimits): ScanResult {
  const scan = new RequestScan(bytes, limits);
  const end = bytes.length;
  let expectsKey = false;
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      const start = at + 1;
      at = expectsKey ? scan.readKey(start) : scan.readText(start);
      if (at - start > limits.maxStringBytes) scan.refuseString(start - 1);
      expectsKey = false;
    } else if (byte === COMMA) {
      expectsKey = scan.isInObject();
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      expectsKey = byte === OPEN_OBJECT;
      scan.open(at, expectsKey);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      expectsKey = false;
      scan.close();
    } else if ((byte >= ZERO && byte <= NINE) || byte === MINUS) {
      at = scan.readNumber(at) - 1;
    }
    if (scan.finding !== undefined) break;
  }
  return { finding: scan.finding, hasNegativeZero: scan.hasNegativeZero };
}

class RequestScan {
  finding: ScanFinding | undefined = undefined;
  hasNegativeZero = false;
  private readonly bytes: Buffer;
  private readonly limits: JsonLimits;
  private readonly keys: OpenKeys;
  /** For each open container whether the one around it is an object. */
  private readonly containers: boolean[] = [];
  private isObject = false;
  private keyCount = 0;

  constructor(bytes: Buffer, limits: JsonLimits) {
    this.bytes = bytes;
    this.limits = limits;
    this.keys = new OpenKeys((offset) => this.keyAt(offset));
  }

  isInObject(): boolean {
    return this.isObject;
  }

  open(at: number, isObject: boolean): void {
    this.containers.push(this.isObject);
    this.isObject = isObject;
    if (isObject) this.keys.openObject();
    if (this.containers.length > this.limits.maxDepth) this.find('too_deep', at);
  }

  close(): void {
    if (this.isObject) this.keys.closeObject();
    this.isObject = this.containers.pop() ?? false;
  }

  refuseString(at: number): void {
    this.find('string_too_long', at);
  }

  /** From the byte after the opening quote to the closing quote. */
  readText(start: number): number {
    const { bytes } = this;
    const end = bytes.length;
    let at = start;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) return at;
      at = byte === BACKSLASH ? this.readEscape(at) : at + 1;
    }
    return end;
  }

  /** As `readText`, and the key joins those of its object. */
  readKey(start: number): number {
    const { bytes } = this;
    const end = bytes.length;
    let hash = HASH_SEED;
    let at = start;
    let byte = 0;
    while (at < end && (byte = bytes[at] ?? 0) !== QUOTE && byte !== BACKSLASH) {
      hash = Math.imul(hash ^ byte, HASH_PRIME);
      at += 1;
    }
    if (byte === BACKSLASH) return this.readEscapedKey(start, at);
    const mayBeForbidden = FORBIDDEN_LENGTHS[at - start] === 1;
    this.addKey(hash, start, mayBeForbidden ? bytes.toString('latin1', start, at) : '');
    return at;
  }

  /** From the first byte of a number to the first byte after it. */
  readNumber(start: number): number {
    const { bytes } = this;
    const isNegative = bytes[start] === MINUS;
    const whole = endOfDigits(bytes, isNegative ? start + 1 : start);
    const at = bytes[whole] === DOT ? endOfDigits(bytes, whole + 1) : whole;
    if (bytes[at] === LOWER_E || bytes[at] === UPPER_E) {
      const sign = bytes[at + 1];
      const end = endOfDigits(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
      this.checkNumber(start, end);
      return end;
    }
    // Without an exponent only `-0` and `-0.0…` are the negative zero.
    if (whole - start > EXACT_DIGITS || (isNegative && bytes[start + 1] === ZERO)) this.checkNumber(start, at);
    return Math.max(at, start + 1);
  }

  private checkNumber(start: number, end: number): void {
    const value = Number(this.bytes.toString('latin1', start, end));
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) this.find('number_out_of_range', start);
    if (Object.is(value, -0)) this.hasNegativeZero = true;
  }

  private readEscapedKey(start: number, escape: number): number {
    const end = this.readText(escape);
    const key = this.keyAt(start);
    this.addKey(hashOf(Buffer.from(key)), start, key);
    return end;
  }

  /** `name` is the key, or empty where its length alone says that it is a harmless one. */
  private addKey(hash: number, start: number, name: string): void {
    this.keyCount += 1;
    if (this.keyCount > this.limits.maxKeys) this.find('too_many_keys', start - 1);
    else if (!this.keys.add(hash & HASH_MASK, start)) this.find('duplicate_key', start - 1);
    else if (FORBIDDEN_NAMES.has(name)) this.find('forbidden_key', start - 1);
  }

  /** From the backslash to the first byte after the escape. */
  private readEscape(at: number): number {
    if (this.bytes[at + 1] !== LOWER_U) return at + 2;
    const unit = this.unitAt(at);
    if (unit === 0) this.find('nul_character', at);
    // Also where the escape is broken, which is for `JSON.parse` to find.
    if (!(unit >= 0xd800 && unit <= 0xdfff)) return at + 6;
    const isPair = unit < 0xdc00 && this.bytes[at + 6] === BACKSLASH && isLowSurrogate(this.unitAt(at + 6));
    if (!isPair) this.find('lone_surrogate', at);
    return at + 12;
  }

  /** The UTF-16 code unit that an escape stands for; NaN where it is none. */
  private unitAt(at: number): number {
    if (this.bytes[at + 1] !== LOWER_U) return Number.NaN;
    const digits = this.bytes.toString('latin1', at + 2, at + 6);
    return HEX.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
  }

  /** A key that `JSON.parse` does not take is a breach of the grammar, which is found here first. */
  private keyAt(start: number): string {
    try {
      const text: unknown = JSON.parse(this.bytes.toString('utf8', start - 1, this.readText(start) + 1));
      return String(text);
    } catch {
      this.find('syntax', start - 1);
      return '';
    }
  }

  private find(reason: ScanReason, offset: number): void {
    this.finding ??= { reason, offset };
  }
}

function endOfDigits(bytes: Buffer, start: number): number {
  const end = bytes.length;
  let at = start;
  for (; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) break;
  }
  return at;
}

const HEX = /^[0-9a-fA-F]{4}$/;

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function hashOf(bytes: Buffer): number {
  let hash = HASH_SEED;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, HASH_PRIME);
  return hash;
}
