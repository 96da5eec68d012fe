import { expect, test, vi } from 'vitest';
import type { InstanceHost } from '../../src/upstream/instance-host.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import {
  aMemory,
  aHolder,
  callTool,
  aDefinition,
  aLogger,
  call,
  fixture,
  isAlive,
  rejection,
  serverId,
  textOf,
  theUpstreams,
} from './parts.ts';

const files = serverId('files');
const other = serverId('other');
const anna = aHolder();
const ben = aHolder({ session: 'session-b', principalId: 'ben' });

async function pidOf(upstream: Upstream): Promise<number> {
  return JSON.parse(textOf(await callTool(upstream, call('process')))).pid;
}

test.for([
  {
    instance: undefined,
    same: [aHolder({ session: 'session-a', principalId: 'ben' })],
    others: [ben, aHolder({ session: 's', principalId: 'anna' })],
  },
  { instance: 'session', same: [aHolder({ session: 'session-a', principalId: 'ben' })], others: [ben] },
  { instance: 'principal', same: [aHolder({ session: 's', principalId: 'anna' })], others: [ben] },
  { instance: 'gateway', same: [ben], others: [] },
] as const)('instance: $instance says who shares a process', ({ instance, same, others }) => {
  const upstreams = theUpstreams([aDefinition(fixture('orderly.mjs'), { instance })]);
  const own = upstreams.acquire(files, anna);
  for (const holder of [anna, ...same]) expect(upstreams.acquire(files, holder)).toBe(own);
  for (const holder of others) expect(upstreams.acquire(files, holder)).not.toBe(own);
});

test('over HTTP principals share nothing and sessions of one do', () => {
  const upstreams = theUpstreams([aDefinition({ kind: 'http', url: new URL('http://127.0.0.1:9/mcp'), headers: {} })]);
  expect(upstreams.acquire(files, anna)).toBe(upstreams.acquire(files, aHolder({ session: 's', principalId: 'anna' })));
  expect(upstreams.acquire(files, anna)).not.toBe(upstreams.acquire(files, ben));
});

test('reading the tools starts no process that is not used: the first session gets it', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('orderly.mjs'))]);
  const reader = upstreams.forDiscovery(files);
  expect((await reader.readList('tools')).length).toBeGreaterThan(0);
  expect(upstreams.forDiscovery(files)).toBe(reader);

  expect(upstreams.acquire(files, anna)).toBe(reader);
  expect(upstreams.acquire(files, ben)).not.toBe(reader);
  expect(upstreams.forDiscovery(files)).toBe(reader);
});

test('the end of a session ends its processes and no others', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('orderly.mjs'))]);
  const [one, two] = [await pidOf(upstreams.acquire(files, anna)), await pidOf(upstreams.acquire(files, ben))];
  await upstreams.endSession(anna.session);
  expect([one, two].map(isAlive)).toEqual([false, true]);
  expect(await pidOf(upstreams.acquire(files, anna))).not.toBe(one);
});

test('what nobody uses for long is ended; what is at work is not', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('orderly.mjs'))], { idleMs: 300 });
  const busy = upstreams.acquire(files, ben);
  const benPid = await pidOf(busy);
  const waiting = callTool(busy, call('wait', { ms: 1_500 }));
  const pid = await pidOf(upstreams.acquire(files, anna));
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
  expect(isAlive(benPid)).toBe(true);
  expect(textOf(await waiting)).toBe('waited');
});

test('where there is no room the instance that is unused for longest ends, and none that is at work', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('orderly.mjs'))], { maxInstances: 2 });
  const oldest = await pidOf(upstreams.acquire(files, anna));
  const second = upstreams.acquire(files, ben);
  await pidOf(second);

  const third = upstreams.acquire(files, aHolder({ session: 'session-c', principalId: 'c' }));
  await vi.waitFor(() => expect(isAlive(oldest)).toBe(false));

  const waiting = [second, third].map((upstream) =>
    callTool(upstream, call('wait', { ms: 600_000 })).catch(() => 'ended'),
  );
  expect(() => upstreams.acquire(files, anna)).toThrow('All 2 instances of upstream servers are at work.');
  await upstreams.close();
  expect(await Promise.all(waiting)).toEqual(['ended', 'ended']);
});

test('a thousand changes of tools in a burst are told once or twice', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('orderly.mjs'))], { gatherMs: 50 });
  const told: string[] = [];
  const stop = upstreams.onListChanged((server, list) => told.push(`${server} ${list}`));
  await callTool(upstreams.acquire(files, anna), call('changes', { times: 1000 }));
  await vi.waitFor(() => expect(told.length).toBeGreaterThan(0));
  expect(new Set(told)).toEqual(new Set(['files tools']));
  expect(told.length).toBeLessThan(5);

  stop();
  told.length = 0;
  await callTool(upstreams.acquire(files, anna), call('changes', { times: 1 }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told).toEqual([]);
});

test('a server that was started anew may have other things, and that is told', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('unruly.mjs'))]);
  const told: string[] = [];
  upstreams.onListChanged((server, list) => told.push(`${server} ${list}`));
  const upstream = upstreams.acquire(files, anna);
  await rejection(callTool(upstream, call('crash')));
  await callTool(upstream, call('fine'));
  await vi.waitFor(() => expect(told).toEqual(['files tools', 'files prompts', 'files resources']));
});

test.for([
  ['down', fixture('exits-at-once.mjs'), 'x'],
  ['silent', fixture('silent.mjs'), 'x'],
  ['noisy', fixture('unruly.mjs'), 'junk'],
  ['flooding stderr', fixture('unruly.mjs'), 'stderr'],
  ['endless', fixture('unruly.mjs'), 'endless'],
  ['frozen', fixture('unruly.mjs'), 'freeze'],
] as const)('a server that is %s harms no other', async ([, transport, tool]) => {
  const definitions = [aDefinition(transport), aDefinition(fixture('orderly.mjs'), { id: other })];
  const upstreams = theUpstreams(definitions, { logger: aLogger(), maxMessageBytes: 1024 * 1024, graceMs: 300 });
  const bad = callTool(upstreams.acquire(files, anna), call(tool, { lines: 50_000, bytes: 4_000_000 })).catch(
    () => undefined,
  );

  const good = upstreams.acquire(other, anna);
  for (let round = 0; round < 50; round++)
    expect(textOf(await callTool(good, call('echo', { round })))).toBe(`{"round":${round}}`);

  await upstreams.close();
  await bad;
});

test('closing ends everything, and nothing begins afterwards', async () => {
  const upstreams = theUpstreams([
    aDefinition(fixture('orderly.mjs')),
    aDefinition(fixture('unruly.mjs'), { id: other }),
  ]);
  const pids = [await pidOf(upstreams.acquire(files, anna)), await pidOf(upstreams.acquire(files, ben))];
  await upstreams.acquire(other, anna).start();
  await Promise.all([upstreams.close(), upstreams.close()]);
  expect(pids.map(isAlive)).toEqual([false, false]);
  expect(() => upstreams.acquire(files, anna)).toThrow('The gateway is being ended.');
});

test('a server that nobody configured is named', () => {
  expect(() => theUpstreams([]).acquire(files, anna)).toThrow('No server "files" is configured.');
});

test('the status shows every server, its state and its last words', async () => {
  const upstreams = theUpstreams([
    aDefinition(fixture('exits-at-once.mjs')),
    aDefinition(fixture('orderly.mjs'), { id: other }),
  ]);
  await rejection(upstreams.acquire(files, anna).start());
  expect(upstreams.status()).toEqual([
    {
      server: 'files',
      state: { kind: 'failed', reason: '"files" ended with status 1.' },
      lastErrors: ['the setting API_KEY is missing'],
    },
    { server: 'other', state: { kind: 'idle' }, lastErrors: [] },
  ]);
});

const OFFERS = { sampling: {} };
const stateless = aHolder({ era: 'stateless' });

test('whoever offers a session server something else has an instance of its own, but for instances of all', () => {
  const upstreams = theUpstreams([
    aDefinition(fixture('orderly.mjs'), { instance: 'principal' }),
    aDefinition(fixture('orderly.mjs'), { id: other, instance: 'gateway' }),
  ]);
  const own = upstreams.acquire(files, anna);
  expect(upstreams.acquire(files, aHolder({ offers: {} }))).toBe(own);
  expect(upstreams.acquire(files, aHolder({ offers: OFFERS }))).not.toBe(own);
  expect(upstreams.acquire(other, aHolder({ offers: OFFERS }))).toBe(upstreams.acquire(other, anna));
});

test('nobody’s capabilities are offered where an instance is everybody’s', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('asking.mjs'), { instance: 'gateway' })]);
  const upstream = upstreams.acquire(files, aHolder({ offers: OFFERS }));
  expect(JSON.parse(textOf(await callTool(upstream, call('greeting')))).capabilities).toEqual({});
});

test('clients of both eras have instances of their own where the server speaks both, else they share', async () => {
  const upstreams = theUpstreams([
    aDefinition(fixture('both-eras.mjs'), { instance: 'principal' }),
    aDefinition(fixture('sdk-v1.mjs'), { id: other, instance: 'principal' }),
  ]);
  const first = upstreams.acquire(files, stateless);
  expect(await first.start()).toMatchObject({ era: 'stateless' });
  const second = upstreams.acquire(other, stateless);
  expect(await second.start()).toMatchObject({ era: 'session', eras: ['session'] });
  expect(upstreams.acquire(other, anna)).toBe(second);
});

test('an instance that was started to read lists goes only to whom it fits', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('both-eras.mjs'))]);
  const reader = upstreams.forDiscovery(files);
  await reader.start();
  expect(upstreams.acquire(files, aHolder({ offers: OFFERS }))).not.toBe(reader);
  expect(upstreams.acquire(files, ben)).toBe(reader);
});

test('one that was not started yet is dialled for whom it goes to', async () => {
  const upstreams = theUpstreams([aDefinition(fixture('both-eras.mjs'))]);
  const reader = upstreams.forDiscovery(files);
  expect(upstreams.acquire(files, stateless)).toBe(reader);
  expect(await reader.start()).toMatchObject({ era: 'stateless' });
});

test('what is known of a server outlives the gateway, and its lists are read in the era that was wanted last', async () => {
  const memory = aMemory();
  const before = theUpstreams([aDefinition(fixture('both-eras.mjs'))], { memory });
  expect(before.describe(files)).toBeUndefined();
  await before.acquire(files, stateless).start();
  const known = before.describe(files);
  expect(known).toMatchObject({ era: 'stateless', serverInfo: { name: 'both-eras' } });
  await before.close();

  const after = theUpstreams([aDefinition(fixture('both-eras.mjs'))], { memory });
  await after.recalled();
  expect(after.describe(files)).toEqual(known);
  expect(await after.forDiscovery(files).start()).toMatchObject({ era: 'stateless' });
});

test('the host is told whose instance speaks', async () => {
  const told: unknown[] = [];
  const instanceHost: InstanceHost = {
    onNotification: ({ server, kind, holder }) => told.push([server, kind, holder]),
    onRequest: async () => ({ kind: 'result', result: {} }),
  };
  const notifications = [{ method: 'notifications/message', params: { level: 'info', data: 'x' } }];
  for (const instance of ['session', 'gateway'] as const) {
    const upstreams = theUpstreams([aDefinition(fixture('asking.mjs'), { instance })], { instanceHost });
    await callTool(upstreams.acquire(files, anna), call('tell', { notifications }));
  }
  expect(told).toEqual([
    ['files', 'session', anna],
    ['files', 'gateway', undefined],
  ]);
});

test('credentials are those of the principal, and an instance without them is nobody’s', () => {
  const asked: string[] = [];
  const authorizer = { headers: async () => ({}), challenged: async () => 'retry' as const };
  const upstreams = theUpstreams([aDefinition({ kind: 'http', url: new URL('http://127.0.0.1:9/'), headers: {} })], {
    authorizerFor: (server, principalId) => (asked.push(`${server} ${principalId}`), authorizer),
  });
  const reader = upstreams.forDiscovery(files);
  const own = upstreams.acquire(files, anna);
  expect(own).not.toBe(reader);
  return Promise.allSettled([reader.start(), own.start()]).then(() =>
    expect(new Set(asked)).toEqual(new Set(['files ', 'files anna'])),
  );
});
