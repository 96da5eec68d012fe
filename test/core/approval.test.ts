import { expect, test } from 'vitest';
import { objectionTo } from '../../src/core/approval.ts';

const REQUESTER = { agent: 'claude', user: 'ana', login: 'analee' };
const BY_LEADS = { by: 'group:leads', requester: REQUESTER };
const BY_USER = { by: 'user', requester: REQUESTER };

function mayAnswer(person: string, approval: Parameters<typeof objectionTo>[1]): boolean {
  return objectionTo({ person, groups: ['leads'] }, approval) === undefined;
}

test('for a group answers a member who is not who asks', () => {
  expect(mayAnswer('ben', BY_LEADS)).toBe(true);
  expect(mayAnswer('ben', { ...BY_LEADS, by: 'group:owners' })).toBe(false);
});

test.for(['ana', 'analee', 'Ana', ' ana', 'Ana Lee', 'ａｎａ', 'a\u200bna'])(
  'who asks does not answer for a group by writing its name as %j',
  (person) => expect(mayAnswer(person, BY_LEADS)).toBe(false),
);

test.for(['', ' ', '\u200b'])('somebody without a name, %j, answers nothing', (person) => {
  const nameless = { ...REQUESTER, user: person, login: '' };
  expect(mayAnswer(person, BY_LEADS)).toBe(false);
  expect(mayAnswer(person, { by: 'user', requester: nameless })).toBe(false);
});

test('a call of their own confirms the user, and the login in whose name the gateway runs', () => {
  expect(['ana', 'analee'].map((person) => mayAnswer(person, BY_USER))).toEqual([true, true]);
  expect(['Ana', 'ben'].map((person) => mayAnswer(person, BY_USER))).toEqual([false, false]);
});
