import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { addBudgetCommands } from '../../src/cli/budget-commands.ts';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { writeBucket } from '../../src/core/bucket.ts';
import { Store } from '../../src/state/store.ts';
import { aCharge, aHold, anOutcome, aRecord, realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';
import { type Ran, runCommand } from './command.ts';

interface Place {
  readonly home: string;
  readonly config: string;
}

/** The year in which this is run, so that the counts are in force. */
function thisYear(): { readonly startsMs: number; readonly endsMs: number } {
  const year = new Date().getUTCFullYear();
  return { startsMs: Date.UTC(year, 0), endsMs: Date.UTC(year + 1, 0) };
}

function bucketOf(agent: string): string {
  return writeBucket({
    counter: 'workflow/weekly',
    key: { 'agent.id': agent },
    unit: 'points',
    version: 1,
    window: 'calendar year, UTC',
  });
}

/** Two agents have used some of one budget, and a rate limit has counted, too. */
async function aPlace(): Promise<Place> {
  const folder = aFolder();
  const [home, config, path] = [join(folder, 'home'), join(folder, 'mcp-gateway.yaml'), join(folder, 'decisions.db')];
  mkdirSync(home);
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: {}, decisions: { store: { path } } }));
  const store = await Store.open({ path, home, durability: 'normal', clock: realClock, logger: silent });
  const take = async (charge: ReturnType<typeof aHold>): Promise<void> => {
    const record = aRecord();
    await store.log.commit(record, '{}', [{ kind: 'take', charge }]);
    store.log.settle(anOutcome(record.id));
  };
  const window = thisYear();
  await take(aHold({ bucket: bucketOf('claude'), cost: 80, limit: 1000, window }));
  await take(aHold({ bucket: bucketOf('coder'), cost: 12.5, limit: 1000, window }));
  await take(aCharge({ limit: 30, window }));
  await store.close();
  return { home, config };
}

function run({ home, config }: Place, args: readonly string[]): Promise<Ran> {
  const add = (program: Command, context: CommandContext): void => {
    addBudgetCommands(program, context);
    addDecisionCommands(program, context);
  };
  return runCommand(add, [...args, '--config', config], { home, cache: home });
}

const CLAUDE = ['workflow/weekly', '--key', 'agent.id=claude'];

test('budget ls tells every count, its window and when it begins anew', async () => {
  const place = await aPlace();
  const resets = new Date(thisYear().endsMs).toISOString();
  const { out } = await run(place, ['budget', 'ls']);
  expect(out.split('\n').map((line) => line.trimEnd().replaceAll(/ {2,}/g, ' | '))).toEqual([
    'counter | used | reserved | limit | unit | resets | key | window',
    `pace/agent.id/60s | 1 (3 %) | 0 | 30 | calls | ${resets.slice(0, 19).replace('T', ' ')} | agent.id=claude | fixed 60s`,
    `workflow/weekly | 80 (8 %) | 0 | 1000 | points | ${resets.slice(0, 19).replace('T', ' ')} | agent.id=claude | calendar year, UTC`,
    `workflow/weekly | 12.5 (1 %) | 0 | 1000 | points | ${resets.slice(0, 19).replace('T', ' ')} | agent.id=coder | calendar year, UTC`,
    '',
  ]);
});

test('budget show tells one counter, and with a key one count', async () => {
  const place = await aPlace();
  const { out } = await run(place, ['budget', 'show', ...CLAUDE, '--json']);
  expect(JSON.parse(out)).toEqual({
    schema: 'mcp-gateway/budget-show/v1',
    ok: true,
    budgets: [
      {
        counter: 'workflow/weekly',
        key: { 'agent.id': 'claude' },
        unit: 'points',
        version: 1,
        window: 'calendar year, UTC',
        used: 80,
        reserved: 0,
        limit: 1000,
        remaining: 920,
        ratio: 0.08,
        resets_at: new Date(thisYear().endsMs).toISOString(),
      },
    ],
  });
  const unknown = await run(place, ['budget', 'show', 'workflow/weekly', '--key', 'agent.id=nobody']);
  expect(unknown).toMatchObject({ exit: 1, out: '' });
  expect(unknown.err).toContain('agent.id=claude; agent.id=coder');
});

test('a correction changes the count and is an act with before, after and reason, in a log that is whole', async () => {
  const place = await aPlace();
  const adjusted = await run(place, ['budget', 'adjust', ...CLAUDE, '--by', '-30.5', '--reason', 'it ran twice']);
  expect(adjusted).toMatchObject({ exit: 0, out: 'workflow/weekly agent.id=claude: 80 → 49.5 used\n' });
  await run(place, ['budget', 'adjust', ...CLAUDE, '--to', '0', '--reason', 'a new start']);
  const { out } = await run(place, ['decision', 'ls', '--acts', '--json']);
  const { acts } = JSON.parse(out);
  expect(acts).toMatchObject([
    { verb: 'budget.adjust', before: { used: 49.5 }, after: { used: 0 }, reason: 'a new start' },
    {
      verb: 'budget.adjust',
      subject: 'workflow/weekly',
      actor: 'user:maya',
      via: 'terminal',
      before: { key: { 'agent.id': 'claude' }, used: 80 },
      after: { key: { 'agent.id': 'claude' }, used: 49.5 },
      reason: 'it ran twice',
    },
  ]);
  expect((await run(place, ['decision', 'ls', '--acts'])).out).toContain('budget.adjust  workflow/weekly  user:maya');
  expect(await run(place, ['decision', 'verify'])).toMatchObject({
    exit: 0,
    out: expect.stringContaining('ok: 8 records'),
  });
});

test.for<readonly [string, readonly string[], string]>([
  ['without a reason', ['--by', '1'], '--reason'],
  ['with an empty reason', ['--by', '1', '--reason', ' '], 'needs a reason'],
  ['without a number', ['--reason', 'x'], 'Give --by or --to'],
  ['with two numbers', ['--by', '1', '--to', '1', '--reason', 'x'], 'cannot be used with'],
  ['with a bad number', ['--by', '0.0001', '--reason', 'x'], 'at most three decimals'],
  ['to less than nothing', ['--to', '-1', '--reason', 'x'], '0 or more'],
  ['by more than is used', ['--by', '-81', '--reason', 'x'], 'only 80 are used'],
])('a correction %s is refused and leaves no act', async ([, args, words]) => {
  const place = await aPlace();
  const ran = await run(place, ['budget', 'adjust', ...CLAUDE, ...args]);
  expect(ran.exit).not.toBe(0);
  expect(ran.err).toContain(words);
  expect(JSON.parse((await run(place, ['decision', 'ls', '--acts', '--json'])).out)).toMatchObject({ acts: [] });
});

test('a correction that fits more than one count is refused', async () => {
  const ran = await run(await aPlace(), ['budget', 'adjust', 'workflow/weekly', '--to', '0', '--reason', 'x']);
  expect(ran).toMatchObject({ exit: 2, err: expect.stringContaining('agent.id=claude; agent.id=coder') });
});
