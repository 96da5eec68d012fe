import { expect, onTestFinished, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';
import type { ListName } from '../../src/core/protocol.ts';
import type { ServerPins } from '../../src/catalog/pins.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { Quarantine } from '../../src/gateway/drift-news.ts';
import { Directory, type DirectoryOptions } from '../../src/gateway/directory.ts';
import { aLogger } from '../upstream/parts.ts';
import { silent } from '../state/records.ts';
import { aGovernedServer } from './makers.ts';

const FILES = 'files' as ServerId;
const MAIL = 'mail' as ServerId;
const READ: JsonObject = { name: 'read', inputSchema: { type: 'object' } };
const SEND: JsonObject = { name: 'send', inputSchema: { type: 'object' } };
const NEVER = new Promise<never>(() => undefined);

test('what is remembered is shown at once, while the servers are still starting', async () => {
  const directory = await started({
    remembered: {
      'files tools': [READ],
      'mail tools': [SEND],
      'files prompts': [{ name: 'plan' }],
      'mail prompts': [],
    },
    readList: () => NEVER,
  });
  await Promise.all([directory.settled('tools'), directory.settled('prompts')]);
  expect([...directory.tools.keys()]).toEqual(['files__read', 'mail__send']);
  expect([...directory.prompts.keys()]).toEqual(['files__plan']);
});

test('the first list waits for a server of which nothing is remembered, but not for ever', async () => {
  const directory = await started({ readList: (server) => (server === FILES ? later([READ]) : NEVER) });
  expect([...directory.tools.keys()]).toEqual([]);
  await directory.settled('tools');
  expect([...directory.tools.keys()]).toEqual(['files__read']);
});

test('a server that cannot be read keeps what is remembered and harms no other', async () => {
  const directory = await started({
    remembered: { 'mail tools': [SEND] },
    readList: (server) => (server === FILES ? later([READ]) : Promise.reject(new Error('down'))),
  });
  await directory.settled('tools');
  expect([...directory.tools.keys()]).toEqual(['files__read', 'mail__send']);
});

test('a server that cannot be reached is asked for no other list', async () => {
  const asked: string[] = [];
  const directory = await started({
    readList: (server, list) => {
      asked.push(`${server} ${list}`);
      return server === FILES ? later([]) : Promise.reject(new Error('down'));
    },
  });
  await directory.settled('templates');
  expect(asked.filter((entry) => entry.startsWith('mail'))).toEqual(['mail tools']);
});

test('tools that change are told of and remembered; tools that stay the same are not', async () => {
  let definitions: readonly JsonObject[] = [READ];
  const written: string[] = [];
  let changed: (server: ServerId, list: ListName) => void = () => undefined;
  const directory = await started({
    remembered: everyList({ 'files tools': [READ] }),
    readList: async (server, list) => (server === FILES && list === 'tools' ? definitions : []),
    written,
    onListening: (listener) => (changed = listener),
  });
  const told: ListName[] = [];
  directory.onChanged((list) => told.push(list));
  changed(FILES, 'tools');
  await later([]);
  expect({ told, written }).toEqual({ told: [], written: [] });
  definitions = [READ, SEND];
  changed(FILES, 'tools');
  await expect.poll(() => told).toEqual(['tools']);
  expect(written).toEqual(['files tools']);
  expect([...directory.tools.keys()]).toEqual(['files__read', 'files__send']);
});

test('what was made ready for tools is kept for those that are shown, however often their servers change', async () => {
  let version = 0;
  let changed: (server: ServerId, list: ListName) => void = () => undefined;
  const ready = new Set<string>();
  const directory = await started({
    readList: async (server, list) => {
      if (list !== 'tools') return [];
      return server === FILES ? [READ, { ...SEND, description: String(version) }] : [SEND];
    },
    onListening: (listener) => (changed = listener),
    prepare: async ({ pin }) => void ready.add(pin),
    forget: ({ pin }) => void ready.delete(pin),
  });
  await directory.settled('tools');
  const shown = (): readonly string[] => [...directory.tools.values()].map(({ pin }) => pin);
  for (version = 1; version <= 20; version += 1) {
    changed(FILES, 'tools');
    await expect.poll(() => directory.tools.get('files__send')?.definition['description']).toBe(String(version));
  }
  expect([...ready].toSorted()).toEqual(shown().toSorted());
  expect(ready.size).toBe(3);
  await directory.govern(
    () => new Map([[MAIL, aGovernedServer(MAIL)]]),
    () => undefined,
  );
  expect([...ready]).toEqual(shown());
  expect(ready.size).toBe(1);
});

test('a change of resources may be one of templates', async () => {
  let templates: readonly JsonObject[] = [];
  let changed: (server: ServerId, list: ListName) => void = () => undefined;
  const directory = await started({
    remembered: everyList({}),
    readList: async (server, list) => (server === FILES && list === 'templates' ? templates : []),
    onListening: (listener) => (changed = listener),
  });
  templates = [{ uriTemplate: 'note://{id}', name: 'Any' }];
  changed(FILES, 'resources');
  await expect.poll(() => [...directory.resources.templates.keys()]).toEqual(['note://{id}']);
});

test('one list that cannot be made ready does not keep later ones from being shown', async () => {
  let tools: readonly JsonObject[] = [READ];
  let changed: (server: ServerId, list: ListName) => void = () => undefined;
  const directory = await started({
    remembered: everyList({}),
    readList: async (server, list) => (server === FILES && list === 'tools' ? tools : []),
    onListening: (listener) => (changed = listener),
    prepare: async ({ tool }) => {
      if (tool === 'broken') throw new Error('no thread to be had');
    },
  });
  await expect.poll(() => [...directory.tools.keys()]).toEqual(['files__read']);
  tools = [{ ...READ, name: 'broken' }];
  changed(FILES, 'tools');
  await new Promise((turn) => setTimeout(turn, 5));
  tools = [SEND];
  changed(FILES, 'tools');
  await expect.poll(() => [...directory.tools.keys()]).toEqual(['files__send']);
});

test.for(['tools', 'prompts'] as const)(
  'where plain names were asked for and two %s have one, that is said instead of hiding both',
  async (list) => {
    const directory = await started({ toolNames: 'plain', readList: () => later([READ]), startWaitMs: 60_000 });
    await expect(directory.settled(list)).rejects.toThrow(
      `${list} would be shown under one name: files/read, mail/read`,
    );
  },
);

test('F-33 of ten thousand names that are not shown, however long, the log has a few, cut, and the count', async () => {
  const logger = aLogger();
  const hidden = Array.from({ length: 10_000 }, (_, index) => ({ ...READ, name: `${'\u200b'.repeat(1_000)}${index}` }));
  await started({ logger, remembered: { 'files tools': hidden }, readList: () => NEVER });
  expect(logger.lines).toHaveLength(21);
  expect(logger.lines.every(({ fields }) => JSON.stringify(fields).length < 1_200)).toBe(true);
  expect(logger.lines.at(-1)).toMatchObject({ message: 'more tools are not shown', fields: { count: 9_980 } });
});

test('G-41 of ten thousand tools that change at once the log has a few, and the record all', async () => {
  const logger = aLogger();
  const definitions = Array.from({ length: 10_000 }, (_, index) => ({ ...READ, name: `t${index}` }));
  const pinned = definitions.map(({ name }) => [name, { contract: 'another', text: '' }] as const);
  const pins = { tools: new Map(pinned), drift: '', text: 'warn' as const };
  const quarantines: Quarantine[] = [];
  await started({ logger, pins, quarantines, remembered: { 'files tools': definitions }, readList: () => NEVER });
  expect(logger.lines).toHaveLength(21);
  expect(logger.lines.at(-1)?.fields).toEqual({ count: 9_980 });
  expect(quarantines.map(({ tools }) => tools.length)).toEqual([10_000]);
});

interface Circumstances {
  readonly logger?: Logger;
  readonly pins?: ServerPins;
  readonly quarantines?: Quarantine[];
  readonly toolNames?: 'plain';
  readonly startWaitMs?: number;
  readonly remembered?: Readonly<Record<string, Json>>;
  readonly readList: (server: ServerId, list: ListName) => Promise<readonly JsonObject[]>;
  readonly written?: string[];
  readonly prepare?: DirectoryOptions['prepare'];
  readonly forget?: DirectoryOptions['forget'];
  readonly onListening?: (listener: (server: ServerId, list: ListName) => void) => void;
}

async function started(circumstances: Circumstances): Promise<Directory> {
  const {
    remembered = {},
    readList,
    written = [],
    onListening,
    toolNames = 'prefixed',
    prepare,
    forget,
  } = circumstances;
  const all = { include: ['*'], exclude: [] };
  const options: DirectoryOptions = {
    servers: new Map(
      [FILES, MAIL].map((id) => [id, aGovernedServer(id, id === FILES ? { pins: circumstances.pins } : {})]),
    ),
    names: { toolNames, filters: new Map([FILES, MAIL].map((id) => [id, all])) },
    source: {
      readList,
      onListChanged: (listener) => {
        onListening?.(listener);
        return () => undefined;
      },
      capabilitiesOf: () => undefined,
    },
    memory: {
      read: async (id, list) => remembered[`${id} ${list}`],
      write: async (id, list) => void written.push(`${id} ${list}`),
    },
    prepare: prepare ?? (async () => undefined),
    forget: forget ?? (() => undefined),
    startWaitMs: circumstances.startWaitMs ?? 50,
    logger: circumstances.logger ?? silent,
    onQuarantined: (quarantine) => void circumstances.quarantines?.push(quarantine),
  };
  const directory = new Directory(options);
  onTestFinished(() => directory.close());
  await directory.start();
  return directory;
}

function everyList(known: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  const lists = ['tools', 'prompts', 'resources', 'templates'];
  const empty = [FILES, MAIL].flatMap((id) => lists.map((list) => [`${id} ${list}`, []] as const));
  return { ...Object.fromEntries(empty), ...known };
}

function later<T>(value: T): Promise<T> {
  return new Promise((done) => setTimeout(() => done(value), 5));
}
