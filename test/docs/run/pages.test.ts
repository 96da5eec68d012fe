import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Toolchain } from '../../../src/rego/toolchain.ts';
import { COMMANDS_RUN_BY } from '../holders.ts';
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
    let id = '';
    for (const block of blocksOf(page)) id = await follow(place, block, id);
  } finally {
    removePlace(place);
  }
});

/**
 * Writes the files of a page and types its commands, as a reader does from top to bottom. `ID` in a command is the first
 * id that was printed last; the new one is returned.
 */
async function follow(place: PagePlace, block: Block, last: string): Promise<string> {
  if (block.file !== '') writeInto(place, block.file, block.text);
  if (block.file !== '' || !COMMANDS.includes(block.language) || block.mark !== 'run') return last;
  let id = last;
  for (const shown of commandsIn(block)) {
    const said = await holds(place, block, { ...shown, command: shown.command.replace(/\bID\b/, id) });
    id = ID.exec(said)?.[0] ?? id;
  }
  return id;
}

/** Whole, or its beginning as lists show it. */
const ID = /\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}(-[0-9a-f]{4}-[0-9a-f]{12})?\b/;

/** Types a command and holds it to the page; what it said. */
async function holds(place: PagePlace, { page, line }: Block, { command, output }: Shown): Promise<string> {
  const { exit, said } = await typeIn(place, command);
  const wanted = Number(/# exit code (\d)/.exec(command)?.[1] ?? 0);
  const where = `${page}:${line}: ${command}`;
  expect({ where, exit, said: exit === wanted ? '' : said }).toEqual({ where, exit: wanted, said: '' });
  if (output !== '' && !matches(output, said)) expect(`${where}\n${said.trimEnd()}`).toBe(`${where}\n${output}`);
  return said;
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
