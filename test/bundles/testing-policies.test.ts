import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { type Ran, runCommand } from '../cli/command.ts';

const PAGE = readFileSync('docs/testing-policies.md', 'utf8');
const home = mkdtempSync(join(tmpdir(), 'mcp-gateway-cases-'));
afterAll(() => rmSync(home, { recursive: true }));

/** The example organisation as it lies in this repository, and a folder of cases beside it that the page fills. */
beforeAll(() => {
  for (const name of ['mcp-gateway.yaml', 'policy-bundles', 'servers']) symlinkSync(resolve(name), join(home, name));
  mkdirSync(join(home, 'cases'));
  cpSync('policy-bundles/northwind/cases/tools.json', join(home, 'cases/tools.json'));
  cpSync('policy-bundles/northwind/resource', join(home, 'resource'), { recursive: true });
  const data = join(home, 'resource/data.json');
  const grants = readFileSync(data, 'utf8');
  writeFileSync(data, grants.replace(/("payments"\],\s+"tools": )\["\*"\]/, '$1["get_*", "list_*", "create_refund"]'));
});

/** What the page shows of a file, piece by piece, and what it says that commands print, in the order of the page. */
const STEPS = [...PAGE.matchAll(/^```(\S+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, language, file = '', text = '']) => ({
    language,
    file,
    text,
  }),
);

function run(command: string): Promise<Ran> {
  const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const place = { home, cache: join(tmpdir(), 'mcp-gateway-test-cache'), columns: 100 };
  return runCommand(addPolicyCommands, args, place);
}

/** Further cases stand on the page as a list of their own; in the file they belong to the list that is there. */
function inFile(text: string): string {
  return `${text.startsWith('- ') ? text.replaceAll(/^(?=.)/gm, '  ') : text}\n`;
}

/** The generations depend on the version of the toolchain. */
function withoutHashes(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{12}\b/g, 'c0ffee000000');
}

/** `…` on a line of its own stands for lines that are left out. */
function leftOut(printed: string, shown: string): string {
  const [start = '', end] = shown.split('\n…\n');
  if (end === undefined || !printed.startsWith(`${start}\n`) || !printed.endsWith(`\n${end}`)) return printed;
  return `${start}\n…\n${end}`;
}

test('every command of the page prints what stands below it, on the files as they stand above it', async () => {
  const [printed, shown]: [string[], string[]] = [[], []];
  let written = '';
  for (const { language, file, text } of STEPS) {
    if (language === 'yaml') {
      written += inFile(text);
      writeFileSync(join(home, file), written);
    } else if (language === 'console') {
      const [command = '', ...lines] = text.trimEnd().split('\n');
      const { out, err } = await run(command.replace('$ mcp-gateway ', ''));
      const below = withoutHashes(lines.join('\n'));
      printed.push(command, leftOut(withoutHashes(out === '' ? err : out).trimEnd(), below));
      shown.push(command, below);
    }
  }
  expect(printed).toEqual(shown);
  expect(shown.length).toBeGreaterThan(10);
});
