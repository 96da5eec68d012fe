import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addBundleCommands } from '../../src/cli/bundle-commands.ts';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { LINT_RULES } from '../../src/review/lint.ts';
import { runCommand } from '../cli/command.ts';

const PAGE = 'docs/write-a-bundle.md';
const page = readFileSync(PAGE, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-'));
const toolchain = new Toolchain({ idleMs: 60_000 });
afterAll(async () => {
  await toolchain.close();
  rmSync(folder, { recursive: true });
});

test('the page is a way from an empty folder to a packed bundle: every command prints what stands below it', async () => {
  expect(page).toContain('```console');
  for (const [, head = '', text = ''] of page.matchAll(/^```(\S+(?: \S+)?)\n([\s\S]*?)^```$/gm)) {
    const [kind, file] = head.split(' ');
    if (file !== undefined) write(file, text);
    else if (kind === 'console') for (const { command, shown } of commandsIn(text)) await runs(command, shown);
  }
});

test('the table of the lint says what the lint looks for', () => {
  const rows = LINT_RULES.map(
    ({ code, severity, about }) => `\`${code}\` | ${severity} | ${about.replaceAll('|', '\\|')}`,
  );
  const cells = (line: string): string =>
    line
      .split(/ *(?<!\\)\| */)
      .filter((cell) => cell !== '')
      .join(' | ');
  expect(
    page
      .split('\n')
      .filter((line) => line.startsWith('| `lint_'))
      .map(cells),
  ).toEqual(rows);
});

interface Shown {
  readonly command: string;
  /** Empty where nothing is shown. */
  readonly shown: string;
}

function commandsIn(block: string): readonly Shown[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...lines] = part.trimEnd().split('\n');
      return { command, shown: lines.join('\n') };
    });
}

async function runs(command: string, shown: string): Promise<void> {
  const [program, ...args] = command.split(' ');
  expect(program).toBe('mcp-gateway');
  const ran = await runCommand(addBundleCommands, args, { home: folder, cache: join(folder, 'cache'), toolchain });
  expect({ command, exit: ran.exit, err: ran.exit === 0 ? '' : ran.err }).toEqual({ command, exit: 0, err: '' });
  const printed = ran.out.trimEnd().replaceAll(/\b[0-9a-f]{12}\b|\b\d+(?= bytes)/g, '…');
  expect(shown === '' ? '' : printed).toBe(shown);
}

function write(file: string, text: string): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
