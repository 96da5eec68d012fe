import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addLabelCommands } from '../../src/cli/label-commands.ts';
import type { AttachedLabel } from '../../src/core/change.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aRecord } from '../state/records.ts';
import { aFolder, aStore } from '../state/support.ts';
import { type Ran, runCommand } from './command.ts';

const NOW = Date.now();
const LABEL: AttachedLabel = {
  conversation: 'client-1234',
  label: 'customer_data',
  source: 'warehouse/WH-401',
  attachedMs: NOW,
  expiresMs: NOW + 3_600_000,
};

async function aPlaceWith(labels: readonly Partial<AttachedLabel>[]) {
  const home = join(aFolder(), 'home');
  mkdirSync(home);
  const config = join(home, 'mcp-gateway.yaml');
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: {} }));
  const place = { home, config, path: join(home, 'decisions.db') };
  const store = await aStore(place);
  const changes = labels.map((part) => ({ kind: 'attach_label', label: { ...LABEL, ...part } }) as const);
  await store.log.commit(aRecord(), '{}', changes);
  return { place, store };
}

function run({ home, config }: { home: string; config: string }, args: readonly string[]): Promise<Ran> {
  return runCommand(addLabelCommands, ['label', ...args, '--config', config], { home, cache: home });
}

test('the labels that hold are listed, as a table and for scripts', async () => {
  const { place } = await aPlaceWith([{}, { conversation: 'other', label: 'over', expiresMs: NOW - 1 }]);
  const { out } = await run(place, ['ls']);
  expect(out.split('\n').map((line) => line.trim().split(/ {2,}/).slice(0, 3))).toEqual([
    ['conversation', 'label', 'source'],
    ['client-1234', 'customer_data', 'warehouse/WH-401'],
    [''],
  ]);
  const { out: json } = await run(place, ['ls', '--json', '--conversation', 'client-']);
  expect(JSON.parse(json)).toMatchObject({
    schema: 'mcp-gateway/label-ls/v1',
    ok: true,
    labels: [{ conversation: 'client-1234', label: 'customer_data', expires: new Date(LABEL.expiresMs).toISOString() }],
  });
  expect((await run(place, ['ls', '--json', '--conversation', 'nobody'])).out).toContain('"labels":[]');
});

test('a label is cleared with all its sources, and on record with who did it, why, and what it was', async () => {
  const { place, store } = await aPlaceWith([{}, { source: 'compliance/CO-301' }, { label: 'untrusted' }]);
  const args = ['customer_data', '--conversation', 'client-12', '--reason', 'only test data'];
  const { exit, out } = await run(place, ['clear', ...args, '--json']);
  const cleared = JSON.parse(out);
  expect([exit, cleared.schema, cleared.ok]).toEqual([0, 'mcp-gateway/label-clear/v1', true]);
  const left = await store.labelsOf({ conversation: 'client-1234', agent: '' }, NOW);
  expect(left.map(({ label }) => label)).toEqual(['untrusted']);
  expect(actIn(place.path)).toMatchObject({
    id: cleared.act,
    actor: 'user:maya',
    via: 'terminal',
    verb: 'label.clear',
    subject: 'customer_data',
    before: {
      conversation: 'client-1234',
      sources: [{ source: 'compliance/CO-301' }, { source: 'warehouse/WH-401', expires: expect.any(String) }],
    },
    after: { conversation: 'client-1234', sources: [] },
    reason: 'only test data',
  });
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 2 });
  const again = await run(place, ['clear', ...args]);
  expect([again.exit, again.err]).toEqual([1, expect.stringContaining('LABEL_NOT_FOUND')]);
});

test.each([
  { why: 'no reason', args: ['--conversation', 'client-1', '--reason', ' '], exit: 2, says: 'the reason is empty' },
  { why: 'several conversations', args: ['--conversation', '', '--reason', 'x'], exit: 1, says: 'Give more of the id' },
  { why: 'none', args: ['--conversation', 'z', '--reason', 'x'], exit: 1, says: 'no such conversation' },
])('nothing is cleared where there is $why', async ({ args, exit, says }) => {
  const { place, store } = await aPlaceWith([{}, { conversation: 'agent-9' }]);
  const ran = await run(place, ['clear', 'customer_data', ...args]);
  expect([ran.exit, ran.out]).toEqual([exit, '']);
  expect(ran.err).toContain(says);
  expect(await store.labelsOf({ conversation: 'client-1234', agent: 'agent-9' }, NOW)).toHaveLength(2);
});

function actIn(path: string): unknown {
  const connection = new SqliteConnection({ driver: chooseDriver(), path, access: 'read', durability: 'normal' });
  onTestFinished(() => connection.close());
  const row = connection.use((database) => database.prepare(`select body from log where kind = 'act'`).get());
  return JSON.parse(String(row?.['body']));
}
