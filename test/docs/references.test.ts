import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorsPage, unmendedErrors } from './errors-page.ts';
import { exampleMembers, MEMBERS, recordMembers, recordPage } from './record-page.ts';
import { decisionMembers, decisionPage } from './decision-page.ts';
import { reasonsPage, unexplainedReasons } from './reasons-page.ts';

function onDisk(name: string): string {
  return join(import.meta.dirname, '../../docs/reference', name);
}

test('the page in docs/reference/reasons.md has every reason of the gateway', async () => {
  expect(unexplainedReasons()).toEqual([]);
  await expect(reasonsPage()).toMatchFileSnapshot(onDisk('reasons.md'));
});

test('the page in docs/reference/errors.md has every error and exit code', async () => {
  expect(unmendedErrors()).toEqual([]);
  await expect(errorsPage()).toMatchFileSnapshot(onDisk('errors.md'));
});

test('the page in docs/reference/record.md has every member of a record', async () => {
  const told = Object.fromEntries(Object.entries(MEMBERS).map(([part, members]) => [part, Object.keys(members)]));
  expect(told).toEqual(recordMembers());
  await expect(recordPage()).toMatchFileSnapshot(onDisk('record.md'));
});

test('the record on that page has the members of the contract', () => {
  const { DecisionRecord = [], Seal = [] } = recordMembers();
  const must = [...DecisionRecord, ...Seal, 'outcome'].filter((name) => name !== 'audit_hash');
  expect(exampleMembers().toSorted()).toEqual(must.toSorted());
});

test('the page in docs/reference/decision.md has every member of what an agent gets', async () => {
  const page = readFileSync(onDisk('decision.md'), 'utf8');
  expect(decisionMembers().filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  await expect(decisionPage()).toMatchFileSnapshot(onDisk('decision.md'));
});
