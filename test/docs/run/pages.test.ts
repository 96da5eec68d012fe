import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Toolchain } from '../../../src/rego/toolchain.ts';
import { COMMANDS_RUN_BY } from '../holders.ts';
import { exampleMembers } from '../record-page.ts';
import { allPages, type Block, blocksOf, commandsIn, type Shown } from '../pages.ts';
import { makePlace, type PagePlace, playDemo, removePlace, typeIn, writeInto } from './place.ts';

const COMMANDS = ['console', 'sh'];
const PAGES = allPages()
  .filter((page) => COMMANDS_RUN_BY[page] === undefined)
  .filter((page) => blocksOf(page).some(({ language, mark }) => COMMANDS.includes(language) && mark === 'run'));

const toolchain = new Toolchain({ idleMs: 60_000 });
beforeAll(() => playDemo());
afterAll(() => toolchain.close());

test.for(PAGES)('%s prints what its commands do', async (page) => {
  const kind = /<!-- place: (empty|demo) -->/.exec(readFileSync(page, 'utf8'))?.[1] === 'demo' ? 'demo' : 'empty';
  const place = makePlace(kind, toolchain);
  try {
    const { wanted, got } = await followAll(place, page);
    expect(got).toEqual(wanted);
  } finally {
    removePlace(place);
  }
});

test('a record of the demo has the members that the reference describes', async () => {
  const place = makePlace('demo', toolchain);
  try {
    const { said } = await typeIn(place, 'mcp-gateway decision ls --limit all --json');
    const { decisions } = JSON.parse(said) as { decisions: readonly object[] };
    const unlike = decisions.filter((record) => !sameNames(record, exampleMembers()));
    expect(decisions.length).toBeGreaterThan(50);
    expect(unlike.map((record) => Object.keys(record))).toEqual([]);
  } finally {
    removePlace(place);
  }
});

/** Only a record whose input is kept for the audit has the hash of it. */
function sameNames(record: object, names: readonly string[]): boolean {
  const own = Object.keys(record).filter((name) => name !== 'audit_hash');
  return own.toSorted().join() === names.toSorted().join();
}

/** Whole, or its beginning as lists show it. */
const ID = /\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}(-[0-9a-f]{4}-[0-9a-f]{12})?\b/;

/** `ID` in a command stands for the first id in what was printed last. */
function withId(command: string, id: string): string {
  return command.replace(/\bID\b/, id);
}

interface Compared {
  readonly wanted: readonly unknown[];
  readonly got: readonly unknown[];
}

interface Followed extends Compared {
  readonly said: string;
}

/** Does what a page says, up to the first command that prints something else. */
async function followAll(place: PagePlace, page: string): Promise<Compared> {
  let id = '';
  for (const block of blocksOf(page)) {
    if (block.file !== '') writeInto(place, block.file, block.text);
    else if (COMMANDS.includes(block.language) && block.mark === 'run')
      for (const shown of commandsIn(block)) {
        const { wanted, got, said } = await follow(place, block, { ...shown, command: withId(shown.command, id) });
        if (!isDeepStrictEqual(got, wanted)) return { wanted, got };
        id = ID.exec(said)?.[0] ?? id;
      }
  }
  return { wanted: [], got: [] };
}

/** Types a command: what the page says of it, and what came of it in the same words where both agree. */
async function follow(place: PagePlace, { page, line }: Block, { command, output }: Shown): Promise<Followed> {
  const { exit, said } = await typeIn(place, command);
  const where = `${page}:${line}: ${command}`;
  const wanted = [where, Number(/# exit code (\d)/.exec(command)?.[1] ?? 0), output];
  return { wanted, got: [where, exit, output === '' || matches(output, said) ? output : said.trimEnd()], said };
}

/** `…` stands for anything in its line, and alone for any lines; what differs each time is not compared. */
function matches(shown: string, said: string): boolean {
  const lines = constant(shown).split('\n');
  const pattern = lines.map((line) =>
    line.trim() === '…' ? '(?:.*\n)*?' : `${escaped(line).replaceAll('…', '.*')}\n`,
  );
  return new RegExp(`^${pattern.join('')}$`).test(`${constant(said).trimEnd()}\n`);
}

/** Ids, times and durations are others each time, and so is the width of the columns that hold them. */
function constant(text: string): string {
  return text
    .trimEnd()
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12,64}\b/g, 'HASH')
    .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)?/g, 'TIME')
    .replaceAll(/\b\d+(\.\d+)? (ms|s|B|KB|MB)\b/g, 'N $2')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ $/gm, '');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
