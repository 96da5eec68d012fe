import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoreConnection } from '../../src/state/connection.ts';
import { matchesText, matchesTool } from '../../src/state/decision-match.ts';
import type { DecisionFilter } from '../../src/state/decision-query.ts';
import type { Database } from '../../src/state/driver.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { fillIndex } from '../../src/state/index-fill.ts';
import { findSeqs } from '../../src/state/index-find.ts';
import { openIndex } from '../../src/state/index-schema.ts';
import { aFolder } from './support.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-03-01T22:30:00Z');
const DECISIONS = 600;

/** Two days and more; numbered with gaps, and each seventh with a clock that is two hours behind. */
const ROWS = Array.from({ length: DECISIONS }, (_, number) => ({
  seq: 10 + number * 4_096,
  at: START_MS + number * 6 * 60_000 - (number % 7 === 0 ? 2 * HOUR_MS : 0),
  effect: number % 10 === 3 ? 'deny' : 'allow',
  server: number % 100 === 50 ? 'rare' : 'often',
  tool: `tool_${String(number % 30)}`,
  reasons: number % 10 === 3 ? `late reason_${String(number % 4)}` : '',
  agent: `agent-${String(number % 3)}`,
  user: number < 20 ? 'first' : 'later',
}));

async function anIndex(): Promise<Database> {
  const index = openIndex(chooseDriver(), join(aFolder(), 'index'), 'chain');
  const log: Pick<StoreConnection, 'ask'> = {
    async ask(work) {
      const asked = work();
      const { value } = asked.next();
      const [after, most] = (value as { readonly values: readonly number[] }).values;
      const rows = ROWS.filter(({ seq }) => seq > (after ?? 0)).slice(0, most);
      const told = rows.map((row) => ({
        ...row,
        kind: 'decision',
        id: '',
        time: timeOf(row.at),
        status: '',
        us: 5,
        body: '',
      }));
      const answered = asked.next({ rows: told, changed: 0 });
      if (answered.done !== true) throw new Error('more was asked than the rows');
      return answered.value;
    },
  };
  const filling = { atOnce: 50, most: 170, now: START_MS };
  while ((await fillIndex(index, log as StoreConnection, filling)) >= filling.most);
  return index;
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}

function expected({ since, until, ...filter }: Partial<DecisionFilter>): readonly number[] {
  const { effect, server, tool, reason, agent, user } = filter;
  const fitting = ROWS.filter(
    (row) =>
      row.at >= (since ?? 0) &&
      row.at < (until ?? Number.MAX_SAFE_INTEGER) &&
      (effect ?? row.effect) === row.effect &&
      (server ?? row.server) === row.server &&
      (agent ?? row.agent) === row.agent &&
      (user ?? row.user) === row.user &&
      (tool === undefined || matchesTool(`${row.server}/${row.tool}`, tool)) &&
      (reason === undefined || row.reasons.split(' ').some((one) => matchesText(one, reason))),
  );
  return fitting.map(({ seq }) => seq).toReversed();
}

const FILTERS: readonly Partial<DecisionFilter>[] = [
  {},
  { since: START_MS + 20 * HOUR_MS },
  { since: START_MS + 20 * HOUR_MS, until: START_MS + 21 * HOUR_MS },
  { effect: 'deny' },
  { server: 'rare' },
  { tool: 'tool_1*' },
  { tool: 'rare/*' },
  { reason: 'reason_1', agent: 'agent-0' },
  { reason: 'reason_*', until: START_MS + 30 * HOUR_MS },
  { server: 'rare', effect: 'deny' },
  { user: 'first' },
  { user: 'first', since: START_MS - HOUR_MS },
  { agent: 'nobody' },
];

test('whatever is looked for, pages of any length have each decision once, newest first', async () => {
  const index = await anIndex();
  for (const filter of FILTERS) {
    for (const limit of [1, 7, DECISIONS]) {
      // Ended after the first hour, half of the time.
      for (const goesOn of [() => true, () => false]) {
        expect({ filter, limit, found: pagesOf(index, { ...filter, limit }, goesOn) }).toEqual({
          filter,
          limit,
          found: expected(filter),
        });
      }
    }
  }
  index.close();
});

function pagesOf(index: Database, filter: DecisionFilter, goesOn: () => boolean): readonly number[] {
  const found: number[] = [];
  let before: number | undefined;
  for (;;) {
    const { seqs, lookedTo } = findSeqs(index, { ...filter, before }, goesOn);
    found.push(...seqs);
    const next = seqs.length >= filter.limit ? seqs.at(-1) : lookedTo;
    if (next === undefined) return found;
    before = next;
  }
}

test('what does not end in time says where it was, and had looked at an hour at least', async () => {
  const index = await anIndex();
  const { seqs, lookedTo } = findSeqs(index, { agent: 'agent-1', effect: 'deny', limit: 50 }, () => false);
  expect(seqs.length).toBeLessThan(expected({ agent: 'agent-1', effect: 'deny' }).length);
  expect(lookedTo).toBeLessThan(ROWS.at(-1)?.seq ?? 0);
  index.close();
});
