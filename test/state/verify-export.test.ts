import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { publicKeyPath, readPublicKey } from '../../src/state/checkpoint-key.ts';
import { verifyExport, type ExportVerdict } from '../../src/state/verify-export.ts';
import { runCommand } from '../cli/command.ts';
import { anAct, anOutcome, aRecord } from './records.ts';
import { aFolder, anyPlace, type AnyPlace, aStore, isSettled, keepLog, seqsOf } from './support.ts';

interface Exported {
  readonly place: AnyPlace;
  readonly file: string;
}

/** A log of decisions, acts, an outcome that was said twice and one that never came; and its export, with a seal. */
async function anExport(...options: readonly string[]): Promise<Exported> {
  return exported(await aLog(), ...options);
}

async function aLog(): Promise<AnyPlace> {
  const place = anyPlace();
  const store = await aStore(place);
  for (let turn = 0; turn < 3; turn += 1) {
    const [called, refused] = [
      aRecord({ input: { 10: 'ten', 9: 'nine', 'ü "}': [1e21, -0.5] } }),
      aRecord({ effect: 'deny' }),
    ];
    await store.log.append(called);
    await store.log.append(refused);
    await store.log.act(anAct());
    store.log.settle(anOutcome(called.id, { status: 'unknown' }));
    await store.log.flush();
    store.log.settle(anOutcome(called.id));
    await store.log.flush();
  }
  await store.close();
  return place;
}

async function exported(place: AnyPlace, ...options: readonly string[]): Promise<Exported> {
  const store = 'url' in place ? { driver: 'postgres', url: place.url } : { path: place.path };
  const config = join(place.home, 'mcp-gateway.yaml');
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: {}, decisions: { store } }));
  const file = join(place.home, 'log.jsonl');
  const args = ['decision', 'export', '--config', config, '--out', file, ...options];
  await isSettled(place);
  expect(await runCommand(addDecisionCommands, args, { home: place.home, cache: place.home })).toMatchObject({
    exit: 0,
  });
  return { place, file };
}

const ROWS = 15;

interface Check {
  readonly withKey?: boolean;
  readonly withCheckpoints?: boolean;
}

function check(
  { place, file }: Exported,
  { withKey = true, withCheckpoints = true }: Check = {},
): Promise<ExportVerdict> {
  return verifyExport({
    file,
    home: withKey ? place.home : aFolder(),
    checkpoints: withCheckpoints ? checkpointPath(place.home) : undefined,
    reader: withCheckpoints ? readPublicKey(publicKeyPath(place.home)) : undefined,
  });
}

/** The export with other lines, without a seal. */
function changed({ place, file }: Exported, change: (lines: string[]) => readonly string[]): Exported {
  const other = join(aFolder(), 'log.jsonl');
  writeFileSync(other, `${change(readFileSync(file, 'utf8').trimEnd().split('\n')).join('\n')}\n`);
  return { place, file: other };
}

describe('an export alone', () => {
  test('with the key, every row is checked: decisions, outcomes and acts', async () => {
    const whole = await anExport();
    const seqs = await seqsOf(whole.place);
    expect(await check(whole)).toMatchObject({
      kind: 'ok',
      proof: 'key',
      rows: ROWS,
      first: seqs[0],
      seq: seqs[ROWS - 1],
      checkpoints: 1,
    });
  });

  test('without the key, the seal of the file proves it', async () => {
    expect(await check(await anExport(), { withKey: false })).toMatchObject({ kind: 'ok', proof: 'seal', rows: ROWS });
  });

  test('without key and seal, it is said that contents are not proven', async () => {
    const bare = changed(await anExport(), (lines) => lines);
    const verdict = await check(bare, { withKey: false });
    expect(verdict).toMatchObject({ kind: 'ok', proof: 'none', checkpoints: 1 });
    expect(verdict.kind === 'ok' ? verdict.notes[0] : '').toContain('not what stands in the others');
    expect(await check(bare, { withKey: false, withCheckpoints: false })).toMatchObject({ kind: 'ok', checkpoints: 0 });
  });
});

interface Harm {
  readonly what: string;
  readonly change: (lines: string[]) => readonly string[];
  /** What is said with the key, and without it. */
  readonly kind: string;
  readonly without: string;
}

const edited = (from: string, to: string) => (lines: readonly string[]) => lines.map((line) => line.replace(from, to));

const HARMS: readonly Harm[] = [
  { what: 'an edited decision', change: edited('"effect":"deny"', '"effect":"allow"'), kind: 'edited', without: 'ok' },
  { what: 'an edited outcome', change: edited('"withheld":false', '"withheld":true'), kind: 'edited', without: 'ok' },
  { what: 'an edited act', change: edited('user:ada', 'user:eve'), kind: 'edited', without: 'ok' },
  { what: 'two lines that changed places', change: swapped, kind: 'edited', without: 'edited' },
  { what: 'a first line that is gone', change: ([, ...rest]) => rest, kind: 'missing', without: 'missing' },
  { what: 'a middle line that is gone', change: (lines) => lines.toSpliced(4, 1), kind: 'missing', without: 'missing' },
  { what: 'last lines that are gone', change: (lines) => lines.slice(0, -4), kind: 'truncated', without: 'truncated' },
  // With the key, a hash that was made up does not even fit its own row.
  { what: 'a hash that was made up', change: withOtherHash, kind: 'edited', without: 'replaced' },
];

function swapped([one = '', two = '', ...rest]: readonly string[]): readonly string[] {
  return [two, one, ...rest];
}

function withOtherHash(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replaceAll(lastHash(lines), 'ab'.repeat(32)));
}

/** Of the record that a checkpoint names. */
function lastHash(lines: readonly string[]): string {
  const rows = lines.flatMap((line) => {
    const { seq, hash, outcome } = JSON.parse(line) as {
      seq: number;
      hash: string;
      outcome?: { seq: number; hash: string };
    };
    return [{ seq, hash }, ...(outcome === undefined ? [] : [outcome])];
  });
  return rows.toSorted((one, other) => one.seq - other.seq).at(-1)?.hash ?? '';
}

test.each(HARMS)('G-80 $what: $kind, and $without without the key', async ({ change, kind, without }) => {
  const harmed = changed(await anExport(), change);
  expect(await check(harmed)).toMatchObject({ kind });
  expect(await check(harmed, { withKey: false })).toMatchObject({ kind: without });
});

test('an export that was changed is told by its seal even where the key is not', async () => {
  const whole = await anExport();
  const harmed = changed(whole, (lines) => lines.map((line) => line.replace('"effect":"deny"', '"effect":"allow"')));
  writeFileSync(`${harmed.file}.seal`, readFileSync(`${whole.file}.seal`));
  expect(await check(harmed, { withKey: false })).toMatchObject({
    kind: 'edited',
    why: expect.stringContaining('sealed'),
  });
});

test('an export of a log that went on from an older state is replaced, with the key and without', async () => {
  const place = await aLog();
  const putBack = await keepLog(place);
  const goOn = async (): Promise<void> => {
    const store = await aStore(place);
    await store.log.append(aRecord({ effect: 'deny' }));
    await store.close();
  };
  await goOn();
  const lost = (await seqsOf(place)).at(-1);
  await putBack();
  await goOn();
  const ofOlder = await exported(place);
  for (const withKey of [true, false])
    expect(await check(ofOlder, { withKey })).toMatchObject({ kind: 'replaced', seq: lost });
});

test('an export that was narrowed has gaps, which are told, and what is in it is held to the key', async () => {
  const narrowed = await anExport('--effect', 'deny');
  expect(await check(narrowed)).toMatchObject({ kind: 'missing', why: expect.stringContaining('narrowed') });
});

test('a file that is no export, or that another program has written anew, is refused by line', async () => {
  const anew = changed(await anExport(), (lines) =>
    lines.map((line) => JSON.stringify(JSON.parse(line), null, 1).replaceAll('\n', ' ')),
  );
  await expect(check(anew)).rejects.toMatchObject({ message: expect.stringContaining('log.jsonl:1') });
});

test('the command needs neither store nor configuration', async () => {
  const { place, file } = await anExport();
  const home = aFolder();
  const args = ['--checkpoints', checkpointPath(place.home), '--public-key', publicKeyPath(place.home)];
  const ran = await runCommand(addDecisionCommands, ['decision', 'verify', '--export', file, ...args, '--json'], {
    home,
    cache: home,
  });
  expect(ran.exit).toBe(0);
  expect(JSON.parse(ran.out)).toMatchObject({
    schema: 'mcp-gateway/decision-verify/v1',
    ok: true,
    verdict: { proof: 'seal' },
  });
});
