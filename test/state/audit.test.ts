import { expect, test } from 'vitest';
import type { AuditMaterial } from '../../src/core/change.ts';
import { openMaterial, openVault } from '../../src/state/audit.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { run } from '../../src/state/work.ts';
import { anOutcome, aRecord } from './records.ts';
import { aConnection, type AnyPlace, anyPlace, aStore } from './support.ts';

const KEY = '0123456789abcdef'.repeat(4);
const SAME = Buffer.from(KEY, 'hex').toString('base64');
const OTHER = 'f'.repeat(64);
const TEXTS = { whole: () => '{"n":9223372036854775807,"name":"Ada"}', masked: () => '{"name":"hmac:1"}' };
const PLACE = { id: 'decision-1', part: 'input' } as const;
const vault = openVault(KEY, (value) => value);

test('what is kept with a key is whole, and read with that key alone, written as hex or as base64', () => {
  const kept = vault.keep(PLACE, TEXTS);
  expect(kept.body).not.toContain('Ada');
  expect(openMaterial(kept, KEY)).toBe(TEXTS.whole());
  expect(openMaterial(kept, SAME)).toBe(TEXTS.whole());
  expect(() => openMaterial(kept, undefined)).toThrow(/is sealed with the key [0-9a-f]{16}/);
  expect(() => openMaterial(kept, OTHER)).toThrow(/is sealed with the key/);
});

test('what is kept without a key is masked, and needs none', () => {
  const kept = openVault(undefined, (value) => value).keep(PLACE, TEXTS);
  expect(kept.key).toBe('');
  expect(openMaterial(kept, undefined)).toBe('{"name":"hmac:1"}');
});

test('it is bound to its record and part: moved or changed, it is not opened', () => {
  const kept = vault.keep(PLACE, TEXTS);
  const changed = Uint8Array.from(kept.body, (byte, at) => (at === 20 ? byte ^ 1 : byte));
  const others: readonly AuditMaterial[] = [
    { ...kept, id: 'decision-2' },
    { ...kept, part: 'result' },
    { ...kept, body: changed },
    { ...kept, body: kept.body.subarray(0, 10) },
  ];
  for (const other of others) expect(() => openMaterial(other, KEY)).toThrow(/is not what was kept/);
});

test('the same text is sealed another way each time', () => {
  expect(vault.keep(PLACE, TEXTS).hash).not.toBe(vault.keep(PLACE, TEXTS).hash);
});

test('it is committed with its record and its outcome, and read beside them', async () => {
  const { place, id } = await aKeptCall();
  const reader = new DecisionReader(place);
  const material = await reader.material(id);
  expect(material.map(({ part }) => part)).toEqual(['input', 'result']);
  expect(material.map((kept) => openMaterial(kept, KEY))).toEqual([TEXTS.whole(), TEXTS.whole()]);
  await reader.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 2 });
});

test.for([
  {
    what: 'changed',
    change: () => run("update audit set body = ? where part = 'input'", Uint8Array.of(0)),
    kind: 'edited',
    why: /input is not what was kept/,
  },
  {
    what: 'taken away',
    change: () => run("delete from audit where part = 'result'"),
    kind: 'missing',
    why: /result is not there/,
  },
])('the chain tells that it was $what', async ({ change, kind, why }) => {
  const { place, id } = await aKeptCall();
  await aConnection(place).ask(change);
  expect(await verifyLog(place)).toMatchObject({ kind, id, why: expect.stringMatching(why) as string });
});

test('arguments that speak of such a hash do not confuse the chain', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  await store.log.append(aRecord({ input: { audit_hash: 'x', action: { args: { audit_hash: 'y' } } } }));
  await store.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
});

async function aKeptCall(): Promise<{ readonly place: AnyPlace; readonly id: string }> {
  const place = anyPlace();
  const store = await aStore(place);
  const plain = aRecord();
  const { id } = plain;
  const input = vault.keep({ id, part: 'input' }, TEXTS);
  const result = vault.keep({ id, part: 'result' }, TEXTS);
  await store.log.commit({ ...plain, audit_hash: input.hash }, '{}', [{ kind: 'keep_audit', material: input }]);
  store.log.settle(anOutcome(id, { audit_hash: result.hash }), [{ kind: 'keep_audit', material: result }]);
  await store.close();
  return { place, id };
}
