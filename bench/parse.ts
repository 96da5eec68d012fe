import { parseRequestBytes } from '../src/core/strict-json.ts';
import { median } from './statistics.ts';
import { ordinaryCall } from './workload.ts';

export interface Parsing {
  readonly bytes: number;
  /** Value and checks together. */
  readonly strictMbPerSecond: number;
  /** `JSON.parse` of the same bytes, for comparison. */
  readonly plainMbPerSecond: number;
}

/** A `tools/call` of about 100 KB with nested rows, as a client sends one that carries data. */
export function measureParsing(rounds: number): Parsing {
  const rows = Array.from({ length: 400 }, (_, row) => ({ id: row, ...ordinaryCall(row), tags: ['night', 'größe'] }));
  const params = { name: 'echo', arguments: { rows } };
  const message = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  const strict = (): void => {
    const parsed = parseRequestBytes(message);
    if (parsed.kind === 'refused') throw new Error(parsed.message);
  };
  const plain = (): void => void JSON.parse(message.toString('utf8'));
  return {
    bytes: message.length,
    strictMbPerSecond: message.length / median(timesUs(strict, rounds)),
    plainMbPerSecond: message.length / median(timesUs(plain, rounds)),
  };
}

function timesUs(work: () => void, rounds: number): readonly number[] {
  for (let round = 0; round < 200; round += 1) work();
  return Array.from({ length: rounds }, () => {
    const startedAt = performance.now();
    work();
    return (performance.now() - startedAt) * 1000;
  });
}
