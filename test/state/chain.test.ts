import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSecretKey, createHmac } from 'node:crypto';
import { createSealer, GENESIS, type LogRow } from '../../src/state/chain.ts';

const key = { id: '0123456789abcdef', secret: createSecretKey(Buffer.alloc(32, 1)) };
const other = { id: '0123456789abcdef', secret: createSecretKey(Buffer.alloc(32, 2)) };
const sealer = createSealer(key);
const place = { chain: 'c', seq: 1, prev: GENESIS };

const text = fc.string({ unit: 'grapheme', maxLength: 6 });
const aRow: fc.Arbitrary<LogRow> = fc.record({
  kind: fc.constantFrom('decision', 'outcome', 'act'),
  id: text,
  time: text,
  instance: text,
  effect: text,
  status: text,
  server: text,
  tool: text,
  reasons: text,
  action: text,
  agent: text,
  user: text,
  session: text,
  us: fc.nat(),
  body: text,
});

const hex = (row: LogRow, at = place): string => sealer.sealRow(row, at).toString('hex');

test('two rows have one hash only when they are the same row', () => {
  fc.assert(
    fc.property(aRow, aRow, (left, right) => {
      expect(hex(left) === hex(right)).toBe(JSON.stringify(left) === JSON.stringify(right));
    }),
  );
});

test('moving text from the end of one field to the start of the next changes the hash', () => {
  fc.assert(
    fc.property(aRow, fc.string({ minLength: 1 }), (row, moved) => {
      expect(hex({ ...row, server: row.server + moved })).not.toBe(hex({ ...row, tool: moved + row.tool }));
    }),
  );
});

test('the place of a row is part of its hash', () => {
  fc.assert(
    fc.property(aRow, (row) => {
      const hashes = [
        hex(row),
        hex(row, { ...place, seq: 2 }),
        hex(row, { ...place, chain: 'd' }),
        hex(row, { ...place, prev: new Uint8Array(32).fill(1) }),
        createSealer(other).sealRow(row, place).toString('hex'),
      ];
      expect(new Set(hashes).size).toBe(hashes.length);
    }),
  );
});

test('a row has the same hash whether it fits the scratch or not', () => {
  const [sample] = fc.sample(aRow, 1);
  if (sample === undefined) throw new Error('no sample');
  for (const length of [10, 20_000, 30_000, 200_000]) {
    const row = { ...sample, body: 'é'.repeat(length) };
    const fields = [
      'mcp-gateway/log/1',
      key.id,
      row.kind,
      '1',
      'c',
      Buffer.from(GENESIS),
      row.id,
      row.time,
      row.instance,
    ];
    fields.push(
      row.effect,
      row.status,
      row.server,
      row.tool,
      row.reasons,
      row.action,
      row.agent,
      row.user,
      row.session,
    );
    fields.push(String(row.us), row.body);
    const hmac = createHmac('sha256', Buffer.alloc(32, 1));
    for (const field of fields) {
      const bytes = Buffer.from(field);
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(bytes.length);
      hmac.update(prefix).update(bytes);
    }
    expect(hex(row)).toBe(hmac.digest('hex'));
  }
});
