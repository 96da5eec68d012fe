/**
 * Where a text stops being JSON (RFC 8259), in bytes from the start; undefined where it is JSON. `JSON.parse` says the
 * place in some of its messages only, and quotes the text in others, which may hold a secret. Runs on refusals alone.
 */
export function findSyntaxError(bytes: Buffer): number | undefined {
  const closers: string[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at = skip(SPACE, bytes, at);
    if (at >= bytes.length) return expected === 'end' ? undefined : at;
    const first = String.fromCharCode(bytes[at] ?? 0);
    const step = take(first, expected, closers);
    if (step === undefined) return at;
    const end = step.token === 'mark' ? at + 1 : endOf(step.token, bytes, at);
    if (end < 0) return -1 - end;
    at = end;
    expected = step.next;
  }
}

type Expected = 'value' | 'value_or_close' | 'key' | 'key_or_close' | 'colon' | 'comma_or_close' | 'end';
type Token = 'mark' | 'text' | 'other';

interface Step {
  readonly token: Token;
  readonly next: Expected;
}

const SPACE = /[ \t\n\r]/;
const WORD = /[-+.0-9A-Za-z]/;
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)$/;
const ESCAPE = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/;

function take(first: string, expected: Expected, closers: string[]): Step | undefined {
  if (first === closers.at(-1) && (expected === 'comma_or_close' || expected.endsWith('_or_close'))) {
    closers.pop();
    return { token: 'mark', next: afterValue(closers) };
  }
  if (expected === 'colon') return first === ':' ? { token: 'mark', next: 'value' } : undefined;
  if (expected === 'comma_or_close') {
    return first === ',' ? { token: 'mark', next: closers.at(-1) === '}' ? 'key' : 'value' } : undefined;
  }
  if (expected === 'key' || expected === 'key_or_close') {
    return first === '"' ? { token: 'text', next: 'colon' } : undefined;
  }
  if (expected === 'end') return undefined;
  if (first === '{' || first === '[') {
    closers.push(first === '{' ? '}' : ']');
    return { token: 'mark', next: first === '{' ? 'key_or_close' : 'value_or_close' };
  }
  return { token: first === '"' ? 'text' : 'other', next: afterValue(closers) };
}

function afterValue(closers: readonly string[]): Expected {
  return closers.length === 0 ? 'end' : 'comma_or_close';
}

/** The first byte after the token; where it is broken at a byte `n`, the negative number `-1 - n`. */
function endOf(token: Token, bytes: Buffer, start: number): number {
  if (token === 'text') return endOfText(bytes, start);
  const end = skip(WORD, bytes, start);
  return SCALAR.test(bytes.toString('latin1', start, end)) ? end : -1 - start;
}

function endOfText(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) return at + 1;
    if (byte < 0x20) return -1 - at;
    if (byte === 0x5c) {
      const escape = ESCAPE.exec(bytes.toString('latin1', at, at + 6));
      if (escape === null) return -1 - at;
      at += escape[0].length;
    } else at += 1;
  }
  return -1 - at;
}

function skip(what: RegExp, bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && what.test(String.fromCharCode(bytes[at] ?? 0))) at += 1;
  return at;
}
