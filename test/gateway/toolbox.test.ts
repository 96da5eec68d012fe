import { expect, onTestFinished, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';
import { Toolbox, type ToolboxOptions } from '../../src/gateway/toolbox.ts';
import { aRoute } from './makers.ts';

const FILES = 'files' as ServerId;
const MAIL = 'mail' as ServerId;
const READ: JsonObject = { name: 'read', inputSchema: { type: 'object' } };
const SEND: JsonObject = { name: 'send', inputSchema: { type: 'object' } };

test('what is remembered is shown at once, while the servers are still starting', async () => {
  const toolbox = await started({
    remembered: { files: [READ], mail: [SEND] },
    listTools: () => new Promise(() => undefined),
  });
  await toolbox.settled();
  expect([...toolbox.routes.keys()]).toEqual(['files__read', 'mail__send']);
});

test('the first list waits for a server of which nothing is remembered, but not for ever', async () => {
  const toolbox = await started({
    listTools: (server) => (server === FILES ? later([READ]) : new Promise(() => undefined)),
  });
  expect([...toolbox.routes.keys()]).toEqual([]);
  await toolbox.settled();
  expect([...toolbox.routes.keys()]).toEqual(['files__read']);
});

test('a server that cannot be read keeps what is remembered and harms no other', async () => {
  const toolbox = await started({
    remembered: { mail: [SEND] },
    listTools: (server) => (server === FILES ? later([READ]) : Promise.reject(new Error('down'))),
  });
  await toolbox.settled();
  expect([...toolbox.routes.keys()]).toEqual(['files__read', 'mail__send']);
});

test('tools that change are told of and remembered; tools that stay the same are not', async () => {
  let definitions: readonly JsonObject[] = [READ];
  const written: string[] = [];
  let changed: (server: ServerId) => void = () => undefined;
  const toolbox = await started({
    remembered: { files: [READ], mail: [] },
    listTools: async (server) => (server === FILES ? definitions : []),
    written,
    onListening: (listener) => (changed = listener),
  });
  let told = 0;
  toolbox.onChanged(() => (told += 1));
  changed(FILES);
  await later([]);
  expect({ told, written }).toEqual({ told: 0, written: [] });
  definitions = [READ, SEND];
  changed(FILES);
  await expect.poll(() => told).toBe(1);
  expect(written).toEqual(['files']);
  expect([...toolbox.routes.keys()]).toEqual(['files__read', 'files__send']);
});

test('where plain names were asked for and two tools have one, that is said instead of hiding both', async () => {
  const toolbox = await started({ toolNames: 'plain', listTools: () => later([READ]) });
  await expect(toolbox.settled()).rejects.toThrow('tools would be shown under one name: files/read, mail/read');
});

interface Circumstances {
  readonly toolNames?: 'plain';
  readonly remembered?: Readonly<Record<string, Json>>;
  readonly listTools: (server: ServerId) => Promise<readonly JsonObject[]>;
  readonly written?: string[];
  readonly onListening?: (listener: (server: ServerId) => void) => void;
}

async function started(circumstances: Circumstances): Promise<Toolbox> {
  const { remembered = {}, listTools, written = [], onListening, toolNames = 'prefixed' } = circumstances;
  const { server } = aRoute();
  const all = { include: ['*'], exclude: [] };
  const options: ToolboxOptions = {
    servers: new Map([FILES, MAIL].map((id) => [id, { ...server, id }])),
    catalog: { toolNames, filters: new Map([FILES, MAIL].map((id) => [id, all])) },
    source: {
      listTools,
      onToolsChanged: (listener) => {
        onListening?.(listener);
        return () => undefined;
      },
    },
    memory: {
      readCatalog: async (id) => remembered[id],
      writeCatalog: async (id) => void written.push(id),
    },
    prepare: async () => undefined,
    startWaitMs: 50,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  const toolbox = new Toolbox(options);
  onTestFinished(() => toolbox.close());
  await toolbox.start();
  return toolbox;
}

function later<T>(value: T): Promise<T> {
  return new Promise((done) => setTimeout(() => done(value), 5));
}
