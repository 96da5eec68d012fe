import { isUtf8 } from 'node:buffer';

import { type JsonLimits, type ScanReason, scanRequest } from './json-scan.ts';
import { findSyntaxError } from './json-syntax.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { PROTOCOL_KEYS } from './mcp-methods.ts';
import { RPC } from './rpc.ts';

/** 4 MiB, 64 levels, 10,000 keys; a text as long as the message. */
export const REQUEST_LIMITS: JsonLimits = {
  maxBytes: 4 * 1024 * 1024,
  maxDepth: 64,
  maxKeys: 10_000,
  maxStringBytes: 4 * 1024 * 1024,
};

export type RefusalReason =
  | ScanReason
  | 'too_large'
  | 'invalid_utf8'
  | 'byte_order_mark'
  | 'batch'
  | 'not_an_object'
  | 'case_variant_key';

/** Bytes that are not taken, and why. The words hold nothing of the message but members that the protocol knows. */
export interface JsonRefusal {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** JSON-RPC error code. */
  readonly code: number;
  readonly message: string;
  /** Bytes from the start. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** Characters from 1. */
  readonly column: number;
}

export type ParsedRequest = { readonly kind: 'ok'; readonly value: JsonObject } | JsonRefusal;

/**
 * The one value of a message that a client sent: what policy reads, what is hashed and what is forwarded. Takes exactly
 * what `JSON.parse` takes, less all that two parsers could read in two ways: the same key twice, numbers that a double
 * cannot hold, lone surrogates and so on. `-0` becomes `0`.
 */
export function parseRequestBytes(received: Uint8Array, limits: JsonLimits = REQUEST_LIMITS): ParsedRequest {
  const bytes = Buffer.from(received.buffer, received.byteOffset, received.byteLength);
  const no = (reason: RefusalReason, offset: number): JsonRefusal => refuse(reason, bytes, { offset, limits });
  if (bytes.length > limits.maxBytes) return no('too_large', limits.maxBytes);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return no('byte_order_mark', 0);
  if (!isUtf8(bytes)) return no('invalid_utf8', findInvalidUtf8(bytes));
  const { finding, hasNegativeZero } = scanRequest(bytes, limits);
  if (finding !== undefined) return no(finding.reason, finding.offset);
  const value = parse(bytes);
  if (value === undefined) return no('syntax', findSyntaxError(bytes) ?? 0);
  if (Array.isArray(value)) return no('batch', 0);
  if (!isJsonObject(value)) return no('not_an_object', 0);
  const variant =
    findCaseVariant(value) ?? (isJsonObject(value['params']) ? findCaseVariant(value['params']) : undefined);
  if (variant !== undefined) {
    return no('case_variant_key', Math.max(0, bytes.indexOf(`"${variant}"`) + 1));
  }
  return { kind: 'ok', value: hasNegativeZero ? withPositiveZero(value) : value };
}

const WORDS: Readonly<Record<RefusalReason, string>> = {
  syntax: 'The message is not JSON',
  too_large: 'The message is larger than this gateway takes',
  too_deep: 'The message nests deeper than this gateway takes',
  too_many_keys: 'The message has more keys than this gateway takes',
  string_too_long: 'A text is longer than this gateway takes',
  duplicate_key: 'An object has the same key twice',
  forbidden_key: 'An object has a key named __proto__, constructor or prototype',
  nul_character: 'A text holds the character NUL',
  lone_surrogate: 'A text holds half of a surrogate pair',
  number_out_of_range: 'A number is beyond ±(2^53−1); send it as text',
  invalid_utf8: 'The message is not UTF-8',
  byte_order_mark: 'The message begins with a byte-order mark',
  batch: 'Batches are not taken; send each message alone',
  not_an_object: 'The message is not an object',
  case_variant_key: 'A key differs from one that the protocol knows only in how it is written',
};

/** How much it may have, of what it has too much of. */
function limitOf(reason: RefusalReason, limits: JsonLimits): string {
  if (reason === 'too_large') return `: ${String(limits.maxBytes)} bytes`;
  if (reason === 'too_deep') return `: ${String(limits.maxDepth)} levels`;
  if (reason === 'too_many_keys') return `: ${String(limits.maxKeys)}`;
  return reason === 'string_too_long' ? `: ${String(limits.maxStringBytes)} bytes` : '';
}

const INVALID_REQUEST: ReadonlySet<RefusalReason> = new Set([
  'too_large',
  'too_deep',
  'too_many_keys',
  'string_too_long',
  'batch',
  'not_an_object',
]);

function refuse(reason: RefusalReason, bytes: Buffer, { offset, limits }: Refused): JsonRefusal {
  const { line, column } = placeOf(bytes, offset);
  const code = INVALID_REQUEST.has(reason) ? RPC.invalidRequest : RPC.parseError;
  const message = `${WORDS[reason]}${limitOf(reason, limits)} (line ${String(line)}, column ${String(column)}).`;
  return { kind: 'refused', reason, code, message, offset, line, column };
}

interface Refused {
  readonly offset: number;
  readonly limits: JsonLimits;
}

function placeOf(bytes: Buffer, offset: number): { line: number; column: number } {
  let line = 1;
  let column = 1;
  for (const byte of bytes.subarray(0, offset)) {
    if (byte === 0x0a) {
      line += 1;
      column = 1;
    } else if ((byte & 0xc0) !== 0x80) column += 1;
  }
  return { line, column };
}

function parse(bytes: Buffer): Json | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    return undefined;
  }
}

/** The length of the longest beginning that can still become UTF-8, by halving. */
function findInvalidUtf8(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (canBecomeUtf8(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function canBecomeUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The first key that another parser, less exact than this one, would take for a key of the protocol. */
function findCaseVariant(object: JsonObject): string | undefined {
  return Object.keys(object).find((key) => !PROTOCOL_KEYS.has(key) && FOLDED_KEYS.has(fold(key)));
}

/** Both ways, so that `ß` meets `ss` and the Kelvin sign meets `k`. */
function fold(key: string): string {
  return key.normalize('NFKC').toUpperCase().toLowerCase();
}

const FOLDED_KEYS: ReadonlySet<string> = new Set([...PROTOCOL_KEYS].map(fold));

function withPositiveZero(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
