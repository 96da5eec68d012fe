import { expect, test, vi } from 'vitest';
import {
  aLogger,
  anUpstream,
  call,
  callTool,
  fixture,
  rejection,
  serverId,
  theUpstreams,
  aDefinition,
  aHolder,
} from './parts.ts';
import { aBothErasServer } from './web.ts';

const everything = {
  kind: 'stdio',
  command: process.execPath,
  args: ['node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'stdio'],
  env: {},
} as const;

test.for(['session', 'stateless'] as const)(
  'tools/list, prompts/list, resources/list and templates/list are read as the server defines them: %s',
  async (era) => {
    const upstream = anUpstream(fixture('both-eras.mjs'), { era });
    expect((await upstream.readList('tools')).map(({ name }) => name)).toContain('add');
    expect(await upstream.readList('prompts')).toMatchObject([{ name: 'greet' }]);
    expect(await upstream.readList('resources')).toMatchObject([{ name: 'one', uri: 'note://one' }]);
    expect(await upstream.readList('templates')).toMatchObject([{ uriTemplate: 'note://{id}/text' }]);
  },
);

test('all lists of the reference server are read', async () => {
  const upstream = anUpstream(everything);
  for (const list of ['tools', 'prompts', 'resources', 'templates'] as const) {
    expect((await upstream.readList(list)).length).toBeGreaterThan(0);
  }
});

test('a list that a server does not have is empty', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  for (const list of ['prompts', 'resources', 'templates'] as const) expect(await upstream.readList(list)).toEqual([]);
});

test('pagination: the pages of each list are put together, and "" is a cursor too', async () => {
  const upstream = anUpstream(fixture('many-lists.mjs'));
  for (const list of ['prompts', 'resources'] as const) {
    expect((await upstream.readList(list)).map(({ name }) => name)).toEqual([`${list}-0`, `${list}-1`]);
  }
  // It declares resources and answers -32601 to their templates.
  expect(await upstream.readList('templates')).toEqual([]);
  expect((await rejection(upstream.readList('tools'))).message).toContain('without a list');
});

test('a tool whose x-mcp-header annotations are wrong is left out, and that is logged', async () => {
  const logger = aLogger();
  const upstream = anUpstream(fixture('wrong-headers.mjs'), { logger });
  expect((await upstream.readList('tools')).map(({ name }) => name)).toEqual(['right']);
  expect(logger.lines.map(({ fields }) => fields['tool']).filter(Boolean)).toEqual(['wrong-name', 'wrong-type']);
});

test.for(['session', 'stateless', 'stateless over HTTP'])(
  'list_changed of every list is told on, gathered: %s',
  async (way) => {
    const web = await aBothErasServer({ legacy: 'reject' });
    const http = { kind: 'http' as const, url: web.url, headers: {} };
    const isHttp = way === 'stateless over HTTP';
    const files = serverId('files');
    const upstreams = theUpstreams([aDefinition(isHttp ? http : fixture('both-eras.mjs'))]);
    const told = new Set<string>();
    upstreams.onListChanged((server, list) => told.add(`${server} ${list}`));
    const upstream = upstreams.acquire(files, aHolder({ era: way === 'session' ? 'session' : 'stateless' }));
    await upstream.start();
    await vi.waitFor(async () => {
      for (const what of ['tools', 'prompts', 'resources'] as const) {
        if (isHttp) web.tell(what);
        else await callTool(upstream, call('touch', { what }));
      }
      expect(told).toEqual(new Set(['files tools', 'files prompts', 'files resources']));
    });
  },
);

test('a stream for list changes that breaks is opened again, and what changed meanwhile is told', async () => {
  const web = await aBothErasServer({ legacy: 'reject' });
  const told: string[] = [];
  const upstream = anUpstream(
    { kind: 'http', url: web.url, headers: {} },
    { era: 'stateless', onListChanged: (list) => told.push(list) },
  );
  await upstream.start();
  await vi.waitFor(() => (web.tell('tools'), expect(told).toContain('tools')));
  told.length = 0;
  web.drop();
  await vi.waitFor(() => expect(told).toEqual(expect.arrayContaining(['tools', 'prompts', 'resources'])), {
    timeout: 5_000,
  });
});
