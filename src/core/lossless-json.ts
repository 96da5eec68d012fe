import { withoutEndingZeros } from './digits.ts';
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';

import { findSyntaxError } from './json-syntax.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

export interface ResultLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** 16 MiB, 64 levels. */
export const RESULT_LIMITS: ResultLimits = { maxBytes: 16 * 1024 * 1024, maxDepth: 64 };

export type ResultRefusalReason = 'too_large' | 'too_deep' | 'invalid_utf8' | 'syntax' | 'not_an_object';

export type ParsedResult =
  | { readonly kind: 'ok'; readonly value: JsonObject }
  | {
      readonly kind: 'refused';
      readonly reason: ResultRefusalReason;
      readonly message: string;
      /** Bytes from the start. */
      readonly offset: number;
    };

/**
 * The value of a message that an upstream sent, as it came. A number that a double would change becomes a text that
 * begins with a mark nobody outside this process knows: `writeJson` writes the number as it was received, `toPolicyJson`
 * makes a plain text of it. Keys such as `__proto__` are own members, as `JSON.parse` makes them; copy them with spread.
 */
export function parseResultBytes(received: Uint8Array, limits: ResultLimits = RESULT_LIMITS): ParsedResult {
  const bytes = Buffer.from(received.buffer, received.byteOffset, received.byteLength);
  if (bytes.length > limits.maxBytes) return refuse('too_large', limits.maxBytes);
  if (!isUtf8(bytes)) return refuse('invalid_utf8', 0);
  const scan = scanResult(bytes, limits.maxDepth);
  if (scan.kind === 'too_deep') return refuse('too_deep', scan.offset);
  const text = scan.lexemes.length === 0 ? bytes.toString('utf8') : withMarks(bytes, scan.lexemes);
  const value = parse(text);
  if (value === undefined) return refuse('syntax', findSyntaxError(bytes) ?? 0);
  if (!isJsonObject(value)) return refuse('not_an_object', 0);
  return { kind: 'ok', value };
}

/** JSON text for the wire. Every message leaves through here: a plain `JSON.stringify` would write the marks. */
export function writeJson(value: Json): string {
  const text = JSON.stringify(value);
  return hasMarked && text.includes(MARK) ? text.replace(MARKED, '$1') : text;
}

/** The value as policy reads it: numbers that a double would change are texts. */
export function toPolicyJson(value: Json): Json {
  return hasMarked ? mapMarked(value, (lexeme) => lexeme) : value;
}

/** The value for code that needs numbers and may round them, such as a schema validator. */
export function toRoundedJson(value: Json): Json {
  return hasMarked ? mapMarked(value, Number) : value;
}

/** Unguessable, so that no upstream can write a text that turns into a number; plain ASCII without escapes. */
const MARK = `mcp-gateway:number:${randomBytes(16).toString('hex')}:`;
const NUMBER = '-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?';
const MARKED = new RegExp(`"${MARK}(${NUMBER})"`, 'g');
/** Whether this process ever met such a number: until then writing is `JSON.stringify` and no more. */
let hasMarked = false;

const WORDS: Readonly<Record<ResultRefusalReason, string>> = {
  too_large: 'the message is larger than this gateway takes',
  too_deep: 'the message nests deeper than this gateway takes',
  invalid_utf8: 'the message is not UTF-8',
  syntax: 'the message is not JSON',
  not_an_object: 'the message is not an object',
};

function refuse(reason: ResultRefusalReason, offset: number): ParsedResult {
  return { kind: 'refused', reason, message: WORDS[reason], offset };
}

type ResultScan =
  | { readonly kind: 'ok'; readonly lexemes: readonly Span[] }
  | { readonly kind: 'too_deep'; readonly offset: number };

interface Span {
  readonly start: number;
  readonly end: number;
}

/** One pass: how deep it nests, and where numbers stand that a double would change. */
function scanResult(bytes: Buffer, maxDepth: number): ResultScan {
  const lexemes: Span[] = [];
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) at = endOfText(bytes, at + 1);
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maxDepth) return { kind: 'too_deep', offset: at };
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      const end = endOfNumber(bytes, at);
      if (mayBeChanged(bytes, at, end) && isChangedByDouble(bytes.toString('latin1', at, end))) {
        lexemes.push({ start: at, end });
      }
      at = end - 1;
    }
  }
  return { kind: 'ok', lexemes };
}

function endOfText(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
  return at;
}

function endOfNumber(bytes: Buffer, start: number): number {
  const end = bytes.length;
  let at = start;
  for (; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if ((byte < 0x30 || byte > 0x39) && !NUMBER_MARKS.includes(byte)) break;
  }
  return at;
}

const NUMBER_MARKS: readonly number[] = [...Buffer.from('+-.eE')];
/** A double keeps 15 digits; the 16th character is a sign or a point, or reason to look. */
const KEPT_LENGTH = 15;
/** With an exponent, no number up to this length is changed. */
const KEPT_LENGTH_WITH_EXPONENT = 4;

function mayBeChanged(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > KEPT_LENGTH) return true;
  if (end - start <= KEPT_LENGTH_WITH_EXPONENT) return false;
  for (let at = start; at < end; at += 1) if (bytes[at] === 0x65 || bytes[at] === 0x45) return true;
  return false;
}

const WHOLE_NUMBER = new RegExp(`^${NUMBER}$`);
const INTEGER = /^-?[0-9]+$/;

/** Whether a double stands for another decimal than the one that was written. What is no number is left to `JSON.parse`. */
function isChangedByDouble(lexeme: string): boolean {
  const value = Number(lexeme);
  if (INTEGER.test(lexeme)) return !Number.isSafeInteger(value) && WHOLE_NUMBER.test(lexeme);
  const written = String(value);
  return written !== lexeme && WHOLE_NUMBER.test(lexeme) && decimalOf(written) !== decimalOf(lexeme);
}

/** Significant digits and a power of ten, equal for equal decimals: `1.50`, `15e-1` and `1.5` are `15e-1`. */
function decimalOf(lexeme: string): string {
  const [mantissa = '', exponent = '0'] = lexeme.replace(/^-/, '').split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = withoutEndingZeros(digits);
  if (significant === '') return '0';
  return `${significant}e${String(Number(exponent) - fraction.length + digits.length - significant.length)}`;
}

function withMarks(bytes: Buffer, lexemes: readonly Span[]): string {
  hasMarked = true;
  let text = '';
  let from = 0;
  for (const { start, end } of lexemes) {
    text += `${bytes.toString('utf8', from, start)}"${MARK}${bytes.toString('latin1', start, end)}"`;
    from = end;
  }
  return text + bytes.toString('utf8', from);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function mapMarked(value: Json, map: (lexeme: string) => Json): Json {
  if (typeof value === 'string') return value.startsWith(MARK) ? map(value.slice(MARK.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (!isJsonObject(value)) return value.map((item) => mapMarked(item, map));
  // Object.fromEntries defines members, so that `__proto__` stays one.
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapMarked(member, map)]));
}
