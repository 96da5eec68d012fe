import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { anOutcome, aRecord } from '../state/records.ts';
import { aFolder, aStore } from '../state/support.ts';
import { sql, tamper } from '../state/tampering.ts';
import { type Ran, runCommand } from './command.ts';

const PAGE = readFileSync('docs/evidence.md', 'utf8');

interface Place {
  readonly home: string;
  readonly path: string;
}

/** A gateway's home with four records, and a configuration that is found there. */
async function aHome(): Promise<Place> {
  const home = join(aFolder(), 'home');
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'mcp-gateway.yaml'), JSON.stringify({ version: 1, mcpServers: {} }));
  const place = { home, path: join(home, 'decisions.db') };
  const store = await aStore(place);
  for (const record of [aRecord(), aRecord()]) {
    await store.log.append(record);
    store.log.settle(anOutcome(record.id));
  }
  await store.close();
  return place;
}

/** A command of the page, as it stands there. */
function run({ home }: { readonly home: string }, line: string): Promise<Ran> {
  const args = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1);
  return runCommand(addDecisionCommands, args, { home, cache: home });
}

const COMMANDS = [...PAGE.matchAll(/^mcp-gateway .*$/gm)].map(([line]) => line);
const [VERIFY = '', EXPORT = '', VERIFY_EXPORT = '', ROTATE = ''] = COMMANDS;

test('the page has the commands that these tests run', () => {
  expect(COMMANDS).toHaveLength(4);
});

test('verify says ok, and the first bad record once somebody has changed one', async () => {
  const place = await aHome();
  expect(await run(place, VERIFY)).toMatchObject({
    exit: 0,
    out: expect.stringMatching(
      /^ok: 4 records, #1 to #4, the last is \S+\n {2}held to 1 signed checkpoint, the last at #4, 2/,
    ),
  });
  tamper(place, sql(`update log set tool = 'x' where seq = 3`));
  expect(await run(place, VERIFY)).toMatchObject({
    exit: 3,
    out: expect.stringMatching(/^edited at #3 \S+: .*changed tool\n$/),
  });
  const { out } = await run(place, `${VERIFY} --json`);
  expect(JSON.parse(out)).toMatchObject({ ok: false, verdict: { kind: 'edited', seq: 3 } });
});

test('an export is verified elsewhere, by this program and by the page’s own', async () => {
  const place = await aHome();
  expect(await run(place, EXPORT)).toMatchObject({ exit: 0 });
  const there = { home: aFolder() };
  for (const name of ['month.jsonl', 'month.jsonl.seal', 'checkpoints.jsonl', 'checkpoint.pub'])
    copyFileSync(join(place.home, name), join(there.home, name));
  const ran = await run(there, VERIFY_EXPORT);
  expect(ran).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/^ok: 4 records[\s\S]*proven by the seal of the file alone/),
  });

  const script = join(there.home, 'check.mjs');
  writeFileSync(script, PAGE.split('```js\n')[1]?.split('```')[0] ?? '');
  const files = [join(there.home, 'month.jsonl'), join(there.home, 'checkpoint.pub')];
  const check = (): string => execFileSync(process.execPath, [script, ...files], { encoding: 'utf8' });
  expect(check()).toMatch(/^as exported at 2/);
  appendFileSync(files[0] ?? '', '\n');
  expect(check()).toBe('NOT what was exported\n');
  expect(await run(there, VERIFY_EXPORT)).toMatchObject({ exit: 3, out: expect.stringContaining('edited') });
});

test('the key is changed, on record with who did it and why, and the log is whole across it', async () => {
  const place = await aHome();
  expect(await run(place, ROTATE)).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/Keep chain-[0-9a-f]{16}\.key/),
  });
  expect(await run(place, VERIFY)).toMatchObject({ exit: 0, out: expect.stringContaining('ok: 5 records') });
  const { out } = await run(place, 'mcp-gateway decision ls --acts --json');
  expect(JSON.parse(out)).toMatchObject({
    acts: [{ verb: 'log.rotate_key', actor: 'user:maya', reason: 'Sam has left' }],
  });
});

test.each(['ok', 'edited', 'missing', 'truncated', 'replaced', 'rekeyed'])(
  'the page explains the answer %s',
  (kind) => {
    expect(PAGE).toContain(`| \`${kind}\``);
  },
);
