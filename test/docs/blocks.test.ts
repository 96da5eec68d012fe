import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { transformSync } from 'esbuild';
import { parse as parseJsonc, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { wholeProgram } from '../../src/cli/program.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { aFolder } from '../upstream/parts.ts';
import { COMMANDS_RUN_BY, RULES_TRIED_BY } from './holders.ts';
import { allPages, type Block, blocksOf, callsIn, callsInSentences, commandsIn } from './pages.ts';

const PAGES = allPages();
const BLOCKS = PAGES.flatMap(blocksOf);
const COMMANDS = ['console', 'sh', 'bash', 'powershell'];
/** What is looked at and not read by a program here. */
const LOOKED_AT = ['text', 'dockerfile', 'ini', 'xml', 'promql', 'http', 'diff', 'sql'];

function written(...languages: readonly string[]): readonly Block[] {
  return BLOCKS.filter(({ language }) => languages.includes(language));
}

function placeOf({ page, line }: Block): string {
  return `${page}:${line}`;
}

test('each page is on the map of all pages', () => {
  const map = readFileSync('docs/README.md', 'utf8');
  const pages = PAGES.filter((page) => page.startsWith('docs/') && !/^docs\/(README|decisions\/.*)\.md$/.test(page));
  expect(pages.filter((page) => !map.includes(`(${page.slice('docs/'.length)})`))).toEqual([]);
});

test('each block says in which language it is', () => {
  const known = [...COMMANDS, ...LOOKED_AT, 'yaml', 'json', 'jsonc', 'toml', 'rego', 'js', 'ts'];
  expect(BLOCKS.filter(({ language }) => !known.includes(language)).map(placeOf)).toEqual([]);
});

/** The shapes of commands, `[options]` and all, as the program itself has written them. */
const COMMANDS_PAGE = 'docs/reference/commands.md';

test('each command is one that the program has, with flags that it takes', async () => {
  const inBlocks = written(...COMMANDS).flatMap((block) =>
    commandsIn(block).map(({ command }) => ({ where: placeOf(block), command })),
  );
  const inSentences = PAGES.filter((page) => page !== COMMANDS_PAGE).flatMap((page) =>
    callsInSentences(page).map((command) => ({ where: page, command })),
  );
  const refused: string[] = [];
  for (const { where, command } of inBlocks)
    for (const words of callsIn(command)) refused.push(...(await complaints(where, words)));
  for (const { where, command } of inSentences)
    for (const words of callsIn(command)) refused.push(...(await complaints(where, words, 'optional.missing')));
  expect(refused).toEqual([]);
  expect(inBlocks.length).toBeGreaterThan(100);
});

/** A sentence may name a command without what it needs. */
async function complaints(where: string, words: readonly string[], mode = ''): Promise<readonly string[]> {
  try {
    await idleProgram.parseAsync([...words], { from: 'user' });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return [];
    if (mode !== '' && /missingArgument|missingMandatory|commander\.help$/.test(thrown.code)) return [];
    return [`${where}: mcp-gateway ${words.join(' ')}: ${thrown.message}`];
  }
}

/** Commands that do something themselves and have commands below them. */
const GROUPS_THAT_ACT: ReadonlySet<string> = new Set(['dashboard']);

const idleProgram = programThatDoesNothing();

/** Takes what the program takes, and does nothing. */
function programThatDoesNothing(): Command {
  const silent = { write: () => true } as unknown as NodeJS.WriteStream;
  const environment = { variables: {}, workingFolder: '/', userHome: '/', home: '/', cache: '/', user: '' };
  const terminal = { in: process.stdin, out: silent, err: silent };
  const program = wholeProgram({ terminal, environment, setExit: () => undefined });
  const both = program.commands.filter((command) => GROUPS_THAT_ACT.has(command.name()));
  for (const command of [...commandsBelow(program), ...both]) command.exitOverride().action(() => undefined);
  return program;
}

function commandsBelow(command: Command): readonly Command[] {
  return command.commands.flatMap((one) => (one.commands.length === 0 ? [one] : commandsBelow(one)));
}

test('what runs the commands of a page, or tries its rules, is there and reads the page', () => {
  const held = [...Object.entries(COMMANDS_RUN_BY), ...Object.entries(RULES_TRIED_BY)];
  for (const [page, by] of held) expect([page, readFileSync(by, 'utf8').includes(page)]).toEqual([page, true]);
  expect(held.filter(([page]) => !existsSync(page))).toEqual([]);
});

test('each command of a page is run, or its block says why it is not', () => {
  const loose = written(...COMMANDS).filter(({ page, mark }) => mark === '' && COMMANDS_RUN_BY[page] === undefined);
  expect(loose.map(placeOf)).toEqual([]);
  expect(BLOCKS.filter(({ mark }) => mark.startsWith('not run')).map(placeOf)).toHaveLength(NOT_RUN);
});

/** How many blocks say that they are not run. A new one is a decision: this number is changed by hand. */
const NOT_RUN = 19;

test('each configuration is a good one', () => {
  const known = Object.keys(configJsonSchema().properties ?? {});
  const problems = written('yaml').flatMap((block) => {
    const documents = parseAllDocuments(block.text);
    const errors = documents.flatMap((document) =>
      document.errors.map(({ message }) => `${placeOf(block)}: ${message}`),
    );
    const value: unknown = documents[0]?.toJS();
    const keys = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
    const isConfiguration = keys.length > 0 && keys.every((key) => known.includes(key));
    if (!isConfiguration || errors.length > 0) return errors;
    const found = configurationProblems(block, keys);
    // A page may show what is said of a bad one.
    if (!block.file.startsWith('broken')) return found;
    return found.length > 0 ? [] : [`${placeOf(block)}: nothing is wrong with it`];
  });
  expect(problems).toEqual([]);
});

/** A part of a configuration is one with the two keys that every configuration has. */
function configurationProblems(block: Block, keys: readonly string[]): readonly string[] {
  const folder = aFolder();
  const head = [
    ...(keys.includes('version') ? [] : ['version: 1']),
    ...(keys.includes('mcpServers') ? [] : ['mcpServers: {}']),
  ];
  const path = join(folder, 'mcp-gateway.yaml');
  // A secret, and a file of another machine, have any value here.
  const text = block.text.replaceAll(/\$\{(secret:[^}]+|file:\/[^}]+)\}/g, 'a value');
  writeFileSync(path, `${head.join('\n')}\n${text}`);
  for (const [, name = ''] of block.text.matchAll(/\$\{file:(?:~\/)?([^}]+)\}/g)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), 'a value', { mode: 0o600 });
  }
  const names = [...block.text.matchAll(/\$\{(?:env:)?([A-Z_]+)\}/g)].map(
    ([, name = '']) => [name, 'a value'] as const,
  );
  const environment = Object.fromEntries(names);
  try {
    loadConfig({ path, environment, workingFolder: folder, home: folder, userHome: folder });
    return [];
  } catch (thrown) {
    return [`${placeOf(block)}: ${(thrown as Error).message}`];
  }
}

test('JSON, TOML and programs can be read', () => {
  const wrong = BLOCKS.flatMap((block) => {
    const said = syntaxProblem(block);
    return said === '' ? [] : [`${placeOf(block)}: ${said}`];
  });
  expect(wrong).toEqual([]);
});

function syntaxProblem({ language, text }: Block): string {
  try {
    if (language === 'json') JSON.parse(text);
    if (language === 'toml') parseToml(text);
    if (language === 'js' || language === 'ts') transformSync(text, { loader: language, format: 'esm' });
  } catch (thrown) {
    return (thrown as Error).message;
  }
  const errors: ParseError[] = [];
  if (language === 'jsonc') parseJsonc(text, errors, { allowTrailingComma: true });
  return errors.map(({ error }) => printParseErrorCode(error)).join(', ');
}
