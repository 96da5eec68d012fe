import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctorPage } from '../../src/app/doctor-checks.ts';
import { commandReference, helpAfter, withAllBelow } from '../../src/cli/command-reference.ts';
import { pathOf } from '../../src/cli/completion-words.ts';
import { ALL_JSON_OUTPUTS as JSON_OUTPUTS, jsonReference } from '../../src/cli/json-reference.ts';
import { wholeProgram } from '../../src/cli/program.ts';

const PROGRAM = wholeProgram({
  terminal: { in: process.stdin, out: process.stdout, err: process.stderr },
  environment: { variables: {}, workingFolder: '', userHome: '', home: '', cache: '', user: 'maya' },
  setExit: () => undefined,
});
const LEAVES = withAllBelow(PROGRAM).filter(({ commands }) => commands.length === 0);

/** What prints no JSON object of its own: a server, scripts for shells, and what is JSON already. */
const WITHOUT_JSON = ['serve', 'completion', 'config schema'];

/** Every command that scripts may rely on. */
const PROMISED = [
  ...words('', 'init serve status doctor connect disconnect explain pause completion version'),
  ...words('client', 'ls import backups restore'),
  ...words('secret', 'set ls rm check'),
  ...words('server', 'ls add inspect approve test update rollback login logout logs rm'),
  ...words('tool', 'ls show call'),
  ...words('agent', 'ls show'),
  ...words(
    'policy',
    'ls show pull outdated test replay diff shadow matrix explain stats overrides generations rollback',
  ),
  ...words('policy', 'verify'),
  ...words('bundle', 'init check test fmt doc vendor build inspect sign verify'),
  ...words('decision', 'ls show explain tail stats export verify'),
  ...words('approval', 'ls show approve deny'),
  ...words('budget', 'ls show adjust'),
  ...words('label', 'ls clear'),
  ...words('key', 'create ls revoke'),
  ...words('config', 'validate show schema migrate'),
];

function words(noun: string, verbs: string): readonly string[] {
  return verbs.split(' ').map((verb) => `${noun} ${verb}`.trim());
}

test('every command that was promised is there', () => {
  const there = LEAVES.map(pathOf);
  expect(PROMISED.filter((path) => !there.includes(path))).toEqual([]);
});

test('every command says what it does, and shows an example that is a command of its own', () => {
  const bad = LEAVES.filter((command) => {
    const after = helpAfter(command);
    return command.description() === '' || !/^Examples?:$/m.test(after) || !after.includes(pathOf(command));
  });
  expect(bad.map(pathOf)).toEqual([]);
});

test('every command prints JSON but those that have none, and takes the flags that hold for all', () => {
  const flags = (path: string): readonly (string | undefined)[] =>
    LEAVES.filter((command) => pathOf(command) === path).flatMap(({ options }) => options.map(({ long }) => long));
  const paths = LEAVES.map(pathOf);
  expect(paths.filter((path) => !flags(path).includes('--json'))).toEqual(expect.arrayContaining(WITHOUT_JSON));
  expect(paths.filter((path) => !flags(path).includes('--json') && !WITHOUT_JSON.includes(path))).toEqual([]);
  for (const flag of ['--quiet', '--no-input', '--no-color'])
    expect(paths.filter((path) => !flags(path).includes(flag))).toEqual([]);
});

test('the pages of the reference are what the program says', async () => {
  const docs = join(import.meta.dirname, '../../docs');
  await expect(commandReference(PROGRAM)).toMatchFileSnapshot(join(docs, 'reference/commands.md'));
  await expect(jsonReference()).toMatchFileSnapshot(join(docs, 'reference/json-output.md'));
  await expect(doctorPage()).toMatchFileSnapshot(join(docs, 'doctor.md'));
});

const SOURCES = readdirSync('src/cli').map((name) => readFileSync(join('src/cli', name), 'utf8'));
/** A name, and the members where they stand as a literal. */
const PRINTED = SOURCES.flatMap((source) =>
  [...source.matchAll(/printJson\([^,()]+, '([a-z-]+)',\s*/g)].map((match) => {
    const { index, 0: all, 1: name = '' } = match;
    return { name, ...literalAt(source, index + all.length) };
  }),
);

interface Literal {
  readonly members: readonly string[];
  /** Whether there may be more than its members say. */
  readonly isOpen: boolean;
}

/** The members of an object literal; none where there stands another expression. */
function literalAt(source: string, start: number): Literal {
  if (source[start] !== '{') return { members: [], isOpen: true };
  let depth = 0;
  let top = '';
  for (const character of source.slice(start)) {
    if ('{[('.includes(character)) depth += 1;
    if (depth === 1 && !'{[('.includes(character)) top += character;
    if ('}])'.includes(character)) depth -= 1;
    if (depth === 0) break;
  }
  const parts = top.split(',').map((part) => part.replaceAll(/[{}\s]/g, ''));
  const named = parts.filter((part) => part !== '' && !part.startsWith('...'));
  return {
    members: named.map((part) => part.split(':')[0] ?? ''),
    isOpen: parts.some((part) => part.startsWith('...')),
  };
}

/** Printed in several places, in one of them under a name that is handed over. */
const SHARED = ['connect'];

test('what a command prints as JSON is described, member by member, and nothing else is', () => {
  const described = (name: string): readonly string[] => ['ok', ...Object.keys(JSON_OUTPUTS[name]?.members ?? {})];
  expect(PRINTED.length).toBeGreaterThan(60);
  expect(PRINTED.filter(({ name }) => JSON_OUTPUTS[name] === undefined).map(({ name }) => name)).toEqual([]);
  const missing = PRINTED.flatMap(({ name, members }) =>
    members.filter((member) => !described(name).includes(member)).map((member) => `${name}.${member}`),
  );
  expect(missing).toEqual([]);
  const closed = Object.keys(JSON_OUTPUTS).filter((name) => {
    if (SHARED.includes(name)) return false;
    const all = PRINTED.filter((one) => one.name === name);
    return all.length > 0 && all.every(({ isOpen }) => !isOpen);
  });
  const invented = closed.flatMap((name) => {
    const printed = PRINTED.filter((one) => one.name === name).flatMap(({ members }) => members);
    return described(name)
      .slice(1)
      .filter((member) => !printed.includes(member))
      .map((member) => `${name}.${member}`);
  });
  expect(invented).toEqual([]);
  const commands = Object.values(JSON_OUTPUTS).map(({ command }) => command.replace(/ --.*/, ''));
  expect(commands.filter((command) => !LEAVES.map(pathOf).includes(command))).toEqual([]);
});
