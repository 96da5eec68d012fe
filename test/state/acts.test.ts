import { expect, test } from 'vitest';
import type { Act } from '../../src/core/act.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aRecord } from './records.ts';
import { type AnyPlace, anyPlace, aReader, aStore, changeByHand } from './support.ts';

function anAct(id: string, time: string): Act {
  const act = {
    actor: 'user:maya',
    via: 'terminal',
    verb: 'budget.adjust',
    subject: 'pace/weekly',
    reason: 'a trial',
  } as const;
  return { id, time, before: { used: 3 }, after: { used: 1 }, ...act };
}

const [FIRST, SECOND] = [anAct('a-1', '2026-03-01T12:00:00.000Z'), anAct('a-2', '2026-03-02T12:00:00.000Z')];

async function aLog(): Promise<AnyPlace> {
  const place = anyPlace();
  const store = await aStore(place);
  await store.log.act(FIRST);
  await store.log.append(aRecord());
  await store.log.act(SECOND);
  await store.close();
  return place;
}

test('acts are listed newest first, as they were recorded, and decisions are not among them', async () => {
  const reader = aReader(await aLog());
  const listed = await reader.acts({ limit: 10 });
  expect(listed).toMatchObject([SECOND, FIRST]);
  const [decision] = await reader.list({ limit: 10 });
  const inOrder = [listed[1]?.seq, decision?.seq, listed[0]?.seq].map(Number);
  expect(inOrder).toEqual(inOrder.toSorted((one, other) => one - other));
  expect(await reader.acts({ limit: 1 })).toMatchObject([{ id: 'a-2' }]);
  const noon = Date.parse('2026-03-02T12:00:00Z');
  expect(await reader.acts({ limit: 10, since: noon })).toMatchObject([{ id: 'a-2' }]);
  expect(await reader.acts({ limit: 10, until: noon })).toMatchObject([{ id: 'a-1' }]);
  expect(await reader.list({ limit: 10 })).toHaveLength(1);
});

test('an act that was edited or removed is found', async () => {
  const edited = await aLog();
  await changeByHand(edited, `update log set body = replace(body, 'a trial', 'because') where id = 'a-1'`);
  expect(await verifyLog(edited)).toMatchObject({ kind: 'edited', id: 'a-1' });
  const removed = await aLog();
  await changeByHand(removed, `delete from log where id = 'a-1'`);
  expect(await verifyLog(removed)).toMatchObject({ kind: 'missing' });
});
