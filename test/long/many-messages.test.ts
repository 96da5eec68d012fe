import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { writeJson } from '../../src/core/lossless-json.ts';
import { receiveMessage } from '../../src/downstream/receive.ts';
import { parseRequestBytes } from '../../src/core/strict-json.ts';
import { LIMITS } from '../downstream/fake-gateway.ts';
import { MESSAGES, nodeReads, OUR_OWN, TOKENS } from '../fuzz/wire-targets.ts';

const COUNT = Number(process.env['MESSAGES'] ?? 10_000_000);
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
/** In between the process answers whoever watches over it. */
const PAUSE_EVERY = 50_000;

/**
 * A generator of its own, because fast-check takes ten times as long for a message as the parser does. The n-th message is
 * the same for the same seed.
 */
class Messages {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): Buffer {
    const whole: Buffer = Buffer.from(this.#below(3) === 0 ? this.#pick(MESSAGES) : this.#call());
    const edits = Array.from({ length: this.#below(4) });
    return edits.reduce<Buffer>((bytes) => this.#edited(bytes), whole);
  }

  #call(): string {
    const name = this.#pick(['echo', 'fs__write', 'toString', '']);
    return `{"jsonrpc":"2.0","id":${this.#below(9)},"method":"tools/call","params":{"name":"${name}","arguments":{${this.#members(3)}}}}`;
  }

  #members(depth: number): string {
    return Array.from({ length: this.#below(4) }, () => `${this.#text()}:${this.#value(depth)}`).join(',');
  }

  #value(depth: number): string {
    const kind = this.#below(depth === 0 ? 3 : 5);
    if (kind === 0) return this.#text();
    if (kind === 1) return this.#pick(['0', '-0', '1.5e3', '9007199254740991', '9007199254740993', '1e400', '-1e-400']);
    if (kind === 2) return this.#pick(['true', 'false', 'null']);
    if (kind === 3) return `{${this.#members(depth - 1)}}`;
    return `[${Array.from({ length: this.#below(4) }, () => this.#value(depth - 1)).join(',')}]`;
  }

  #text(): string {
    const parts = ['a', 'b', 'amount', 'Amount', 'é', '\\u00e9', '\\ud83d\\ude00', '\\ud800', '\\n', '__proto__', 'ſ'];
    return `"${Array.from({ length: this.#below(3) }, () => this.#pick(parts)).join('')}"`;
  }

  #edited(bytes: Buffer): Buffer {
    const at = this.#below(bytes.length + 1);
    const put = this.#below(3) === 0 ? Buffer.of(this.#below(256)) : Buffer.from(this.#pick(TOKENS));
    return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + this.#below(6))]);
  }

  #pick(from: readonly string[]): string {
    return from[this.#below(from.length)] ?? '';
  }

  /** Mulberry32. */
  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
}

test(`F-70 of ${COUNT} messages each is refused by a rule, or is for policy and server what Node reads in it`, async () => {
  const messages = new Messages(SEED);
  const counts = { taken: 0, calls: 0, refused: 0 };
  const startedAt = performance.now();
  for (let made = 0; made < COUNT; made += 1) {
    const bytes = messages.next();
    const problem = problemWith(bytes, counts);
    if (problem !== '') throw new Error(`seed ${SEED}, message ${made}: ${problem}: ${bytes.toString('latin1')}`);
    if (made % PAUSE_EVERY === 0) await new Promise((settle) => setImmediate(settle));
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stdout.write(`${JSON.stringify({ fuzz: 'messages', seed: SEED, made: COUNT, ...counts, seconds })}\n`);
  expect(counts.calls).toBeGreaterThan(COUNT / 100);
  expect(counts.refused).toBeGreaterThan(COUNT / 100);
});

interface Counts {
  taken: number;
  calls: number;
  refused: number;
}

function problemWith(bytes: Buffer, counts: Counts): string {
  const parsed = parseRequestBytes(bytes);
  const node = nodeReads(bytes);
  if (parsed.kind === 'refused') {
    counts.refused += 1;
    return node.isGood && !OUR_OWN.has(parsed.reason) ? `refused for ${parsed.reason}` : '';
  }
  counts.taken += 1;
  if (!isDeepStrictEqual(parsed.value, node.value)) return 'Node reads something else';
  const received = receiveMessage(bytes, LIMITS);
  if (received.kind === 'refused' || received.message.kind !== 'request') return '';
  counts.calls += 1;
  // Policy reads the value, the server what is written of it.
  const { params } = received.message;
  return isDeepStrictEqual(JSON.parse(writeJson(params)), params) ? '' : 'the server would read something else';
}
