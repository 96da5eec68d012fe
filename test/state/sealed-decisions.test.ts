import { expect, test } from 'vitest';
import type { SealedRecord } from '../../src/core/record.ts';
import { ChainKeys } from '../../src/state/chain-key.ts';
import type { DecisionFilter } from '../../src/state/decision-query.ts';
import type { ReadDecision } from '../../src/state/sealed-decisions.ts';
import { aFolder, anyLogOf, type AnyPlace, aReader, changeByHand, isSettled } from './support.ts';

const ALL = { limit: Number.MAX_SAFE_INTEGER };

async function read(
  place: AnyPlace,
  { filter = ALL, withOutcomes = true }: { readonly filter?: DecisionFilter; readonly withOutcomes?: boolean } = {},
): Promise<readonly (readonly ReadDecision[])[]> {
  await isSettled(place);
  const pages = [];
  const keys = new ChainKeys(place.home);
  for await (const page of aReader(place).sealed({ filter, keys, withOutcomes })) pages.push(page);
  return pages;
}

function recordsIn(pages: readonly (readonly ReadDecision[])[]): readonly SealedRecord[] {
  return pages.flat().flatMap((item) => (item.kind === 'whole' ? [item.record] : []));
}

test('a log is read oldest first, in pages, each decision with its outcome or without', async () => {
  const place = await anyLogOf(60);
  const pages = await read(place);
  expect(pages.map(({ length }) => length)).toEqual([25, 25, 10]);
  const records = recordsIn(pages);
  expect(records.map(({ id }) => id)).toEqual(place.ids);
  expect(records.every(({ outcome }) => outcome?.status === 'ok')).toBe(true);
  const without = recordsIn(await read(place, { withOutcomes: false }));
  expect(without.every(({ outcome }) => outcome === null)).toBe(true);
});

test('a limit lets the newest through', async () => {
  const place = await anyLogOf(5);
  expect(recordsIn(await read(place, { filter: { limit: 2 } })).map(({ id }) => id)).toEqual(place.ids.slice(-2));
  expect(recordsIn(await read(place, { filter: { limit: 9 } })).map(({ id }) => id)).toEqual(place.ids);
  expect(await read(place, { filter: { ...ALL, server: 'nobody' } })).toEqual([]);
});

test('a row that was changed is said to be, and those around it are not', async () => {
  const place = await anyLogOf(3);
  await changeByHand(place, `update log set agent = 'mallory' where id = ? and kind = 'decision'`, place.ids[1] ?? '');
  const kinds = (await read(place)).flat().map((item) => (item.kind === 'whole' ? item.record.id : item.kind));
  expect(kinds).toEqual([place.ids[0], 'changed', place.ids[2]]);
});

test('a log that another key has sealed is refused', async () => {
  const place = await anyLogOf(1);
  const other = await anyLogOf(1);
  await expect(read({ ...place, home: other.home })).rejects.toMatchObject({ code: 'CHAIN_KEY' });
  await expect(read({ ...place, home: aFolder() })).rejects.toMatchObject({ code: 'CHAIN_KEY' });
});
