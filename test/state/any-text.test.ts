import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyLog } from '../../src/state/verify.ts';
import { all, run } from '../../src/state/work.ts';
import { aNewApproval, anAct, aRecord, aVote } from './records.ts';
import { aConnection, anyPlace, aReader, aStore } from './support.ts';

/** Lone surrogates are refused by the parser; everything else may come, and what is rare here comes often. */
const aText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('\u0000', '\u0001', '\u0002', 'a', "'", '\\', '%', '\u007f', 'é', '😀'),
    maxLength: 8,
  }),
);

test('every text comes back as it was, is found by itself alone, and stands where its bytes stand', async () => {
  const connection = aConnection(anyPlace());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(aText, { minLength: 1, maxLength: 8 }), async (texts) => {
      await connection.ask(() => run('delete from exports'));
      for (const [index, text] of texts.entries())
        await connection.ask(() => run('insert into exports (name, seq) values (?, ?)', text, index));
      const names = (await connection.ask(() => all('select name from exports order by name'))).map(({ name }) => name);
      expect(names).toEqual(texts.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))));
      for (const [index, text] of texts.entries())
        expect(await connection.ask(() => all('select seq from exports where name = ?', text))).toEqual([
          { seq: index },
        ]);
    }),
    { numRuns: 40 },
  );
});

test('a decision is recorded as it was made, whatever is in its texts', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const reader = aReader(place);
  const texts = fc.record({ tool: aText, session: aText, user: aText, agent: aText, reason: aText, key: aText });
  await fc.assert(
    fc.asyncProperty(texts, async ({ tool, session, user, agent, reason, key }) => {
      const { principal, ...plain } = aRecord({
        effect: 'deny',
        reasons: [reason],
        tool,
        session,
        input: { [key]: tool },
      });
      const whose = { agent: { ...principal.agent, id: agent }, user: { ...principal.user, id: user } };
      const record = { ...plain, principal: whose };
      await store.log.append(record);
      expect(await reader.find(record.id)).toMatchObject({ ...record, input: record.input });
      const ids = (await reader.list({ limit: 1, user, agent, tool })).map(({ id }) => id);
      expect(ids).toEqual([record.id]);
    }),
    { numRuns: 40 },
  );
  await store.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
});

test('what people write and clients say of themselves is kept as it is', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const text = 'why\u0000not\u0001';
  const label = { conversation: 'c', label: text, source: 'team/T-1', attachedMs: 0, expiresMs: 10 };
  const whose = { id: 'c', agent: text, user: text, client: text };
  const ref = { id: 'd-1', by: 'user' };
  await store.log.act(anAct({ reason: text, subject: text }), [
    { kind: 'attach_label', label },
    { kind: 'open_approval', approval: aNewApproval({ requester: { agent: text, user: text, login: text } }) },
    { kind: 'begin_pause', pause: { sinceMs: 0, untilMs: 10, actor: text, reason: text } },
    {
      kind: 'add_key',
      key: {
        id: 'k',
        role: 'approver',
        hash: 'h',
        user: text,
        groups: [text],
        agent: '',
        dataClasses: [],
        createdMs: 0,
      },
    },
  ]);
  await store.log.act(anAct(), [{ kind: 'answer_approval', ref, vote: aVote({ person: text, reason: text }) }]);
  await store.conversations.add([{ whose, counted: [{ kind: 'call', atMs: 0, bytes: 1, tool: text, hash: 'h' }] }]);
  await store.catalog.writeFact('server', text, { text });

  const [act] = await aReader(place)
    .acts({ limit: 2 })
    .then((acts) => acts.slice(-1));
  expect(act).toMatchObject({ reason: text, subject: text });
  expect(await store.labelsOf({ conversation: 'c', agent: '' }, 1)).toEqual([label]);
  expect(await store.approvals.read(ref, 0)).toMatchObject({
    requester: { agent: text, user: text, login: text },
    votes: [{ person: text, reason: text }],
  });
  expect(await store.pause()).toMatchObject({ actor: text, reason: text });
  expect(await store.keys()).toMatchObject([{ user: text, groups: [text] }]);
  expect(await store.catalog.readFact('server', text)).toEqual({ text });
  await store.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
});
