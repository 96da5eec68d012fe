import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { bytesOf, listBackups } from '../../src/clients/backups.ts';
import { carryOut, planConnect, planDisconnect, planRestore, putBack } from '../../src/clients/connection.ts';
import type { ReadState } from '../../src/clients/entry.ts';
import { allPlaces, type ClientPlace, foundAt } from '../../src/clients/find.ts';
import type { Machine } from '../../src/clients/machine.ts';
import { clientOf } from '../../src/clients/table.ts';
import { carryOutNatively } from '../../src/clients/native.ts';
import { aMachine, FIXTURES, layOut, write } from './home.ts';

const LAUNCH = { command: '/usr/bin/node', args: ['/opt/mcp-gateway/dist/main.js', 'serve', '--stdio'], env: {} };

interface Desk {
  readonly machine: Machine;
  readonly place: ClientPlace;
  readonly home: string;
}

function aDesk(id = 'cursor', machine = aMachine()): Desk {
  const client = clientOf(id);
  const place = client === undefined ? undefined : allPlaces(client, machine)[0];
  if (place === undefined) throw new Error(id);
  return { machine, place, home: join(machine.home, '.mcp-gateway') };
}

let second = 0;

function time(): string {
  second += 1;
  return new Date(Date.UTC(2026, 10, 21, 9, 0, second)).toISOString();
}

function connectAt({ machine, place, home }: Desk, moved: readonly string[] = []): void {
  const change = planConnect(place, machine, { launch: LAUNCH, moved });
  if (change !== undefined) carryOut(change, { home, time: time() });
}

function disconnectAt({ machine, place, home }: Desk): void {
  const change = planDisconnect(place, machine, home);
  if (change !== undefined) putBack(change, home);
}

function read({ place, machine }: Desk): ReadState {
  const { state } = foundAt(place, machine);
  if (state.kind !== 'read') throw new Error(state.kind);
  return state;
}

function filesBeside({ place }: Desk): readonly string[] {
  return readdirSync(dirname(place.path));
}

test.for(Object.keys(FIXTURES))('%s is connected once, and becomes what it was byte by byte', (id) => {
  const desk = aDesk(id);
  const path = layOut(desk.machine.home, [id])[id] ?? '';
  const before = readFileSync(path);
  connectAt(desk);
  const connected = readFileSync(path);
  expect(connected.equals(before)).toBe(false);
  connectAt(desk);
  expect(readFileSync(path).equals(connected)).toBe(true);
  expect(listBackups(desk.home)).toHaveLength(1);
  expect(listBackups(desk.home).map((backup) => bytesOf(backup)?.equals(before))).toEqual([true]);
  disconnectAt(desk);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('a file that was not there is gone again, and one that was changed since loses our entry alone', () => {
  const desk = aDesk();
  connectAt(desk);
  expect(statSync(desk.place.path).mode & 0o777).toBe(0o600);
  disconnectAt(desk);
  expect(existsSync(desk.place.path)).toBe(false);
  connectAt(desk);
  const changed = readFileSync(desk.place.path, 'utf8').replace(
    '"gw"',
    '"mine": { "url": "https://a.example" },\n    "gw"',
  );
  writeFileSync(desk.place.path, changed);
  disconnectAt(desk);
  expect(readFileSync(desk.place.path, 'utf8')).toBe(
    '{\n  "mcpServers": {\n    "mine": { "url": "https://a.example" }\n  }\n}\n',
  );
});

test('what was moved out comes back with the file as it was', () => {
  const desk = aDesk('claude-desktop');
  const path = layOut(desk.machine.home, ['claude-desktop'])['claude-desktop'] ?? '';
  const before = readFileSync(path, 'utf8');
  connectAt(desk);
  connectAt(desk, ['filesystem', 'github', 'price-$']);
  expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')).mcpServers as object)).toEqual(['gw']);
  expect(listBackups(desk.home)).toMatchObject([{ moved: ['filesystem', 'github', 'price-$'] }]);
  disconnectAt(desk);
  expect(readFileSync(path, 'utf8')).toBe(before);
});

test.for(['claude-desktop', 'zed', 'codex', 'continue', 'goose', 'opencode', 'vscode'] as const)(
  'servers that were moved out of %s come back beside what was changed since',
  (id) => {
    const desk = aDesk(id);
    layOut(desk.machine.home, [id]);
    const before = read(desk);
    const names = before.servers.map(({ name }) => name);
    connectAt(desk, names);
    writeFileSync(
      desk.place.path,
      `${readFileSync(desk.place.path, 'utf8')}${desk.place.client.syntax === 'jsonc' ? '// mine\n' : '# mine\n'}`,
    );
    expect(planDisconnect(desk.place, desk.machine, desk.home)?.moved).toEqual(names);
    disconnectAt(desk);
    expect(readFileSync(desk.place.path, 'utf8')).toContain(' mine\n');
    expect(read(desk)).toEqual(before);
    expect(listBackups(desk.home).flatMap(({ moved }) => moved)).toEqual([]);
    expect(planDisconnect(desk.place, desk.machine, desk.home)).toBeUndefined();
  },
);

test('servers that were moved out at two times come back, and one that is there again stays as it is', () => {
  const desk = aDesk();
  write(desk.place.path, '{ "mcpServers": { "a": { "command": "x" }, "b": { "command": "y" } } }');
  connectAt(desk, ['a']);
  const added = readFileSync(desk.place.path, 'utf8').replace('"b":', '"c": { "command": "z", "args": ["1"] }, "b":');
  write(desk.place.path, added);
  connectAt(desk, ['b', 'c']);
  const again = readFileSync(desk.place.path, 'utf8').replace('"gw":', '"b": { "command": "mine" }, "gw":');
  write(desk.place.path, again);
  disconnectAt(desk);
  expect(JSON.parse(readFileSync(desk.place.path, 'utf8'))).toEqual({
    mcpServers: { a: { command: 'x' }, b: { command: 'mine' }, c: { command: 'z', args: ['1'] } },
  });
});

test('servers that were moved out come back though our entry was taken out by hand, and then are owed no more', () => {
  const desk = aDesk();
  write(desk.place.path, '{ "mcpServers": { "a": { "command": "x" } } }');
  connectAt(desk, ['a']);
  write(desk.place.path, '{ "mcpServers": {} }');
  disconnectAt(desk);
  expect(readFileSync(desk.place.path, 'utf8')).toContain('"a"');
  write(desk.place.path, '{ "mcpServers": {} }');
  disconnectAt(desk);
  expect(readFileSync(desk.place.path, 'utf8')).toBe('{ "mcpServers": {} }');
});

test('an entry of an earlier program is replaced, and does not come back', () => {
  const desk = aDesk();
  const old = { command: '/old/node', args: ['/old/dist/main.js', 'serve', '--stdio'] };
  write(desk.place.path, JSON.stringify({ mcpServers: { 'mcp-gateway': old, a: { command: 'x' } } }));
  connectAt(desk);
  const { mcpServers } = JSON.parse(readFileSync(desk.place.path, 'utf8')) as { mcpServers: object };
  expect(Object.keys(mcpServers)).toEqual(['gw', 'a']);
  disconnectAt(desk);
  expect(readFileSync(desk.place.path, 'utf8')).toBe('{"mcpServers":{"a":{"command":"x"}}}');
});

test('a link stays, and what it leads to is written with its permissions', () => {
  const desk = aDesk();
  const real = write(join(desk.machine.home, 'dotfiles/cursor.json'), '{}\n');
  chmodSync(real, 0o640);
  mkdirSync(dirname(desk.place.path), { recursive: true });
  symlinkSync(real, desk.place.path);
  connectAt(desk);
  expect(readFileSync(real, 'utf8')).toContain('"gw"');
  expect(statSync(real).mode & 0o777).toBe(0o640);
  expect(filesBeside(desk)).toEqual(['mcp.json']);
  disconnectAt(desk);
  expect(readFileSync(real, 'utf8')).toBe('{}\n');
});

test.for([
  ['read-only', (path: string) => chmodSync(write(path, '{}'), 0o444), 'it is read-only'],
  ['a link that leads nowhere', (path: string) => symlinkSync('/nowhere/at/all', path), 'a link that leads nowhere'],
  [
    'held by another program',
    (path: string) => write(`${write(path, '{}')}.lock`, ''),
    'another program is changing it',
  ],
] as const)('a file that is %s is left alone', ([, prepare, words]) => {
  const desk = aDesk();
  mkdirSync(dirname(desk.place.path), { recursive: true });
  prepare(desk.place.path);
  const before = filesBeside(desk);
  expect(() => connectAt(desk)).toThrow(words);
  expect(filesBeside(desk)).toEqual(before);
  expect(listBackups(desk.home)).toEqual([]);
});

test.for([
  ['broken', '{ "mcpServers": {', ':1:18 '],
  ['of another shape', '{ "mcpServers": [] }', 'has mcpServers that is not an object'],
  ['in UTF-16', Buffer.from('\u{feff}{}', 'utf16le'), 'is in UTF-16; save it as UTF-8'],
] as const)('a file that is %s is left alone', ([, text, words]) => {
  const desk = aDesk();
  write(desk.place.path, text);
  expect(() => connectAt(desk)).toThrow(words);
  expect(readFileSync(desk.place.path).equals(Buffer.from(text))).toBe(true);
  expect(() => disconnectAt(desk)).toThrow(words);
});

test('what was changed between the difference and the writing is refused, and nothing is lost', () => {
  const desk = aDesk();
  write(desk.place.path, '{}');
  const change = planConnect(desk.place, desk.machine, { launch: LAUNCH });
  write(desk.place.path, '{ "mcpServers": {} }');
  expect(() => change && carryOut(change, { home: desk.home, time: time() })).toThrow('was changed while you looked');
  expect(readFileSync(desk.place.path, 'utf8')).toBe('{ "mcpServers": {} }');
  expect(listBackups(desk.home)).toEqual([]);
  expect(filesBeside(desk)).toEqual(['mcp.json']);
});

test('another server of our name is not taken for ours', () => {
  const desk = aDesk();
  write(desk.place.path, '{ "mcpServers": { "gw": { "command": "gateway-of-others" } } }');
  expect(() => connectAt(desk)).toThrow('another server called "gw"');
  expect(planDisconnect(desk.place, desk.machine, desk.home)).toBeUndefined();
});

test('a backup is restored whatever stands there now, and one that was touched is refused', () => {
  const desk = aDesk();
  write(desk.place.path, '{ "a": 1 }');
  connectAt(desk);
  write(desk.place.path, 'spoilt');
  const [backup] = listBackups(desk.home);
  if (backup === undefined) throw new Error('no backup');
  const change = planRestore(backup, desk.place, desk.machine);
  carryOut(change, { home: desk.home, time: time() });
  expect(readFileSync(desk.place.path, 'utf8')).toBe('{ "a": 1 }');
  expect(listBackups(desk.home, 'cursor').map((one) => bytesOf(one)?.toString())).toEqual(['spoilt', '{ "a": 1 }']);
  writeFileSync(backup.copy, 'other');
  expect(() => planRestore(backup, desk.place, desk.machine)).toThrow('is not what was kept');
  expect(statSync(backup.copy).mode & 0o777).toBe(0o600);
});

test('the permissions of a file stay whatever new files are created with', () => {
  const desk = aDesk();
  chmodSync(write(desk.place.path, '{}'), 0o666);
  const before = process.umask(0o077);
  try {
    connectAt(desk);
  } finally {
    process.umask(before);
  }
  expect(statSync(desk.place.path).mode & 0o777).toBe(0o666);
});

test('where no backup can be kept nothing is written', () => {
  const desk = aDesk();
  write(desk.place.path, '{}');
  write(join(desk.home, 'backups'), 'a file');
  expect(() => connectAt(desk)).toThrow('no backup can be kept in');
  expect(readFileSync(desk.place.path, 'utf8')).toBe('{}');
});

test('what a client’s own command has spoilt before it failed is kept as it was', () => {
  const desk = aDesk('claude-code');
  write(desk.place.path, '{ "a": 1 }');
  const change = planConnect(desk.place, desk.machine, { launch: LAUNCH });
  if (change === undefined) throw new Error('nothing is to be done');
  const spoil = (): boolean => write(desk.place.path, '{').length === 0;
  const keeping = { home: desk.home, time: time() };
  expect(carryOutNatively(change, keeping, { command: ['claude'], run: spoil })).toBeUndefined();
  expect(() => carryOut(change, keeping)).toThrow('was changed while you looked');
  expect(listBackups(desk.home).map((backup) => bytesOf(backup)?.toString())).toEqual(['{ "a": 1 }']);
});

test('an entry in a file of another shape is left with words, not lost', () => {
  const desk = aDesk('continue');
  const text = '{ mcpServers: [{ name: gw, command: mcp-gateway, args: [serve] }] }\n';
  write(desk.place.path, text);
  expect(() => disconnectAt(desk)).toThrow('cannot be changed here: the whole has another shape');
  expect(readFileSync(desk.place.path, 'utf8')).toBe(text);
});

test.for([
  [[], ''],
  [['a'], 'is not what was kept'],
] as const)(
  'a client is disconnected though the copy of its file is gone, unless servers stand only there: %j',
  ([moved, words]) => {
    const desk = aDesk();
    const text = '{ "mcpServers": { "a": { "command": "x" } } }';
    write(desk.place.path, text);
    connectAt(desk, moved);
    const connected = readFileSync(desk.place.path, 'utf8');
    for (const { copy } of listBackups(desk.home)) rmSync(copy, { force: true });
    expect(complaintOf(() => disconnectAt(desk))).toContain(words);
    expect(readFileSync(desk.place.path, 'utf8')).toBe(words === '' ? text : connected);
  },
);

function complaintOf(work: () => void): string {
  try {
    work();
    return '';
  } catch (thrown) {
    return String(thrown);
  }
}
