import { describe, expect, test } from 'vitest';
import type { AttachedLabel, Change } from '../../src/core/change.ts';
import { listLabels, MOST_LABELS, sweepLabels } from '../../src/state/labels.ts';
import type { Store } from '../../src/state/store.ts';
import { aRecord } from './records.ts';
import { aConnection, anyPlace, aStore, refuseRecords } from './support.ts';

const NOW = Date.UTC(2100, 0);
const HOUR_MS = 3_600_000;
const WHOSE = { conversation: 'c', agent: 'a' };

function aLabel(part: Partial<AttachedLabel> = {}): AttachedLabel {
  const times = { attachedMs: NOW, expiresMs: NOW + HOUR_MS };
  return { conversation: 'c', label: 'customer_data', source: 'warehouse/WH-401', ...times, ...part };
}

function attach(store: Store, ...labels: readonly AttachedLabel[]): Promise<object> {
  return store.log.commit(
    aRecord(),
    '{}',
    labels.map((label): Change => ({ kind: 'attach_label', label })),
  );
}

describe.each(['normal', 'full'] as const)('durability %s', (durability) => {
  test('a label holds from the record that attaches it to the millisecond at which it ends', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    await attach(store, aLabel());
    expect(await store.labelsOf(WHOSE, NOW + HOUR_MS - 1)).toEqual([aLabel()]);
    expect(await store.labelsOf(WHOSE, NOW + HOUR_MS)).toEqual([]);
    expect(await store.labelsOf({ conversation: 'other', agent: 'other' }, NOW)).toEqual([]);
  });

  test('what cannot be recorded labels nothing', async () => {
    const place = anyPlace();
    const store = await aStore({ ...place, durability });
    await refuseRecords(place);
    await expect(attach(store, aLabel())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.labelsOf(WHOSE, NOW)).toEqual([]);
  });

  test('a label is cleared by an act, as the person saw it, or it stays', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    await attach(store, aLabel(), aLabel({ source: 'compliance/CO-301' }));
    const clear = (sources: readonly { source: string; attachedMs: number }[]): Promise<object> =>
      store.log.act(anAct(), [{ kind: 'clear_label', label: { ...aLabel(), sources, nowMs: NOW } }]);
    const [both, one] = [await store.labelsOf(WHOSE, NOW), [aLabel()]];
    expect(await clear(one)).toEqual({ refused: [0] });
    expect(await clear([...both, aLabel({ source: 'gone' })])).toEqual({ refused: [0] });
    expect(await clear(both.map((label) => ({ ...label, attachedMs: 1 })))).toEqual({ refused: [0] });
    expect(await store.labelsOf(WHOSE, NOW)).toHaveLength(2);
    expect(await clear(both)).toEqual({ remaining: [] });
    expect(await store.labelsOf(WHOSE, NOW)).toEqual([]);
    expect(await clear([])).toEqual({ remaining: [] });
  });
});

test('what is attached again begins anew, and never ends sooner', async () => {
  const store = await aStore(anyPlace());
  await attach(store, aLabel());
  await attach(store, aLabel({ attachedMs: NOW + 1_000, expiresMs: NOW + 2_000 }));
  expect(await store.labelsOf(WHOSE, NOW)).toEqual([aLabel({ attachedMs: NOW + 1_000 })]);
});

test('the labels of the agent hold in each of its conversations', async () => {
  const store = await aStore(anyPlace());
  await attach(store, aLabel({ conversation: 'a' }));
  expect(await store.labelsOf({ conversation: 'new', agent: 'a' }, NOW)).toHaveLength(1);
});

test('every gateway on a store sees the labels that another has attached', async () => {
  const place = anyPlace();
  const [one, other] = [await aStore(place), await aStore({ ...place, durability: 'full' })];
  await attach(one, aLabel());
  await attach(other, aLabel({ label: 'untrusted' }));
  for (const store of [one, other]) {
    expect((await store.labelsOf(WHOSE, NOW)).map(({ label }) => label)).toEqual(['customer_data', 'untrusted']);
  }
});

test('a conversation has so many labels and no more; what would add another is refused, and nothing of it done', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const labels = Array.from({ length: MOST_LABELS }, (_, index) => aLabel({ label: `label_${index}` }));
  await attach(store, ...labels);
  // In a database each is a way there and back.
  const length = 'url' in place ? 500 : 10_000;
  const many = Array.from({ length }, (_, index) => aLabel({ label: `other_${index}` }));
  expect(await attach(store, ...many)).toMatchObject({ refused: { length } });
  expect(await attach(store, aLabel({ label: 'label_0', source: 'another/rule' }))).toEqual({ remaining: [] });
  expect(await attach(store, aLabel({ conversation: 'd' }))).toEqual({ remaining: [] });
  expect(new Set((await store.labelsOf(WHOSE, NOW)).map(({ label }) => label)).size).toBe(MOST_LABELS);
  const later = { attachedMs: NOW + HOUR_MS, expiresMs: NOW + 2 * HOUR_MS };
  expect(await attach(store, aLabel({ label: 'later', ...later }))).toEqual({ remaining: [] });
});

test('labels are listed with whose they are, of all conversations or of those that begin so', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const whose = { id: 'client-12', agent: 'claude', user: 'ada', client: 'claude-code' };
  await store.conversations.add([{ whose, counted: [{ kind: 'denied', atMs: NOW }] }]);
  await attach(store, aLabel({ conversation: 'client-12' }), aLabel({ conversation: 'x%' }));
  const connection = aConnection(place);
  const listed = async (conversation: string): Promise<readonly unknown[]> =>
    (await listLabels(connection, { conversation, now: NOW })).map(({ conversation: id, agent, user }) => [
      id,
      agent,
      user,
    ]);
  expect(await listed('')).toEqual([
    ['client-12', 'claude', 'ada'],
    ['x%', '', ''],
  ]);
  expect(await listed('client-1')).toEqual([['client-12', 'claude', 'ada']]);
  expect(await listed('%')).toEqual([]);
});

test('labels are swept an hour after their end, and not before', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  await attach(store, aLabel());
  const connection = aConnection(place);
  expect(await sweepLabels(connection, NOW + 2 * HOUR_MS - 1)).toBe(0);
  expect(await sweepLabels(connection, NOW + 2 * HOUR_MS)).toBe(1);
});

function anAct() {
  const { id, time } = aRecord();
  const said = { before: null, after: null, reason: 'test data' };
  return {
    id,
    time,
    actor: 'user:ada',
    via: 'terminal',
    verb: 'label.clear',
    subject: 'customer_data',
    ...said,
  } as const;
}
