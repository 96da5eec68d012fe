import { expect, type Mock, test, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import type { Watching } from '../../src/upstream/watches.ts';
import { anUpstream, call, callTool, fixture, rejection, textOf, type AnUpstream } from './parts.ts';
import { aBothErasServer } from './web.ts';

const NOTE = 'note://one';

/** A session server that shows its subscriptions, one line for each message about them. */
function aWatchedServer(more: AnUpstream = {}): Upstream {
  return anUpstream(fixture('watched.mjs'), more);
}

function aListener(): Mock<(params: JsonObject) => void> {
  return vi.fn<(params: JsonObject) => void>();
}

async function watch(
  upstream: Upstream,
  onUpdated: (params: JsonObject) => void,
  uri = NOTE,
): Promise<() => Promise<void>> {
  const watching = await upstream.watch(uri, onUpdated, { offers: {} });
  if (watching.kind === 'refused') throw new Error(watching.error.message);
  return watching.stop;
}

async function subscriptions(upstream: Upstream): Promise<readonly string[]> {
  return JSON.parse(textOf(await callTool(upstream, call('subscriptions'))));
}

test('resources/subscribe and unsubscribe: one resource is watched once, however many watch it', async () => {
  const upstream = aWatchedServer();
  const [first, second] = [aListener(), aListener()];
  const [stopFirst, stopSecond] = await Promise.all([watch(upstream, first), watch(upstream, second)]);
  await callTool(upstream, call('update', { uri: NOTE }));
  expect([first, second].map(({ mock }) => mock.calls)).toEqual([
    [[{ uri: NOTE, vendor: 1 }]],
    [[{ uri: NOTE, vendor: 1 }]],
  ]);

  await stopFirst();
  await stopFirst();
  expect(await subscriptions(upstream)).toEqual([`subscribe ${NOTE}`]);
  await callTool(upstream, call('update', { uri: NOTE }));
  expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([1, 2]);

  await stopSecond();
  expect(await subscriptions(upstream)).toEqual([`subscribe ${NOTE}`, `unsubscribe ${NOTE}`]);
  await watch(upstream, first);
  expect(await subscriptions(upstream)).toEqual([`subscribe ${NOTE}`, `unsubscribe ${NOTE}`, `subscribe ${NOTE}`]);
});

test('a change of what lies below a watched resource is told with its own name', async () => {
  const upstream = aWatchedServer();
  const told = aListener();
  await watch(upstream, told);
  for (const uri of [`${NOTE}/a`, `${NOTE}-other`]) await callTool(upstream, call('update', { uri }));
  expect(told.mock.calls).toEqual([[{ uri: `${NOTE}/a`, vendor: 1 }]]);
});

test('a refusal of the server is handed on, and nothing is watched', async () => {
  const upstream = aWatchedServer();
  const refused = await upstream.watch('note://secret', () => {}, { offers: {} });
  expect(refused).toEqual({ kind: 'refused', error: { code: -32002, message: 'not found' } });
  expect(upstream.isBusy).toBe(false);
});

test.for(['orderly.mjs', 'sdk-v2.mjs'])(
  'a server that tells of no changes is not asked for any: %s',
  async (script) => {
    for (const era of ['session', 'stateless'] as const) {
      const upstream = anUpstream(fixture(script), { era });
      expect(await upstream.watch(NOTE, () => {}, { offers: {} })).toMatchObject({
        kind: 'refused',
        error: { code: -32601 },
      });
    }
  },
);

test('a watched server that crashes is started again by itself and asked again', async () => {
  const upstream = aWatchedServer();
  const told = aListener();
  await watch(upstream, told);
  await rejection(callTool(upstream, call('crash')));
  // What changed while it was down is not known, so it is told as a change.
  await vi.waitFor(() => expect(told.mock.calls).toEqual([[{ uri: NOTE }]]), { timeout: 5_000 });
  expect(await subscriptions(upstream)).toEqual([`subscribe ${NOTE}`]);
});

test('a server that is started for a watch after a crash is asked once', async () => {
  const upstream = aWatchedServer();
  const told = aListener();
  await rejection(callTool(upstream, call('crash')));
  await watch(upstream, told);
  expect(await subscriptions(upstream)).toEqual([`subscribe ${NOTE}`]);
  expect(told).not.toHaveBeenCalled();
});

test('whoever is cancelled while the server is asked watches nothing', async () => {
  const upstream = aWatchedServer();
  const options = { signal: AbortSignal.abort(), offers: {} };
  expect((await rejection(upstream.watch(NOTE, () => {}, options))).code).toBe('CANCELLED');
  await vi.waitFor(async () =>
    expect(await subscriptions(upstream)).toEqual([`subscribe ${NOTE}`, `unsubscribe ${NOTE}`]),
  );
});

test.for(['pipe', 'http'])(
  'subscriptions/listen: a stateless server tells of the resource until it is stopped: %s',
  async (road) => {
    const web = await aBothErasServer({ legacy: 'reject' });
    const isHttp = road === 'http';
    const transport = isHttp
      ? { kind: 'http' as const, url: web.url, headers: {} }
      : fixture('both-eras.mjs', 'stateless');
    const upstream = anUpstream(transport, { era: 'stateless' });
    const touch = async (): Promise<void> => {
      if (isHttp) web.tell('note');
      else await callTool(upstream, call('touch', { what: 'note' }));
    };
    const [first, second] = [aListener(), aListener()];
    const stopFirst = await watch(upstream, first);
    const stopSecond = await watch(upstream, second);
    await touch();
    await vi.waitFor(() =>
      expect([first, second].map(({ mock }) => mock.calls)).toEqual([[[{ uri: NOTE }]], [[{ uri: NOTE }]]]),
    );

    await stopFirst();
    await stopSecond();
    await touch();
    await callTool(upstream, call('add', { a: 1, b: 1 }));
    expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect(upstream.isBusy).toBe(false);
  },
);

test('a stream of subscriptions/listen that breaks is opened again', async () => {
  const web = await aBothErasServer({ legacy: 'reject' });
  const upstream = anUpstream({ kind: 'http', url: web.url, headers: {} }, { era: 'stateless' });
  const told = aListener();
  await watch(upstream, told);
  web.drop();
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1), { timeout: 5_000 });
  web.tell('note');
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(2));
});

test('a stateless server that never acknowledges is an error, and one that does may be silent for as long as it likes', async () => {
  const stays = anUpstream(fixture('both-eras.mjs', 'stateless'), { era: 'stateless', startTimeoutMs: 2_000 });
  const told = aListener();
  await watch(stays, told);
  const mute = anUpstream(fixture('never-acknowledges.mjs'), { era: 'stateless', startTimeoutMs: 300 });
  expect((await rejection(mute.watch(NOTE, () => {}, { offers: {} }))).code).toBe('UPSTREAM_TIMEOUT');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await callTool(stays, call('touch', { what: 'note' }));
  expect(told.mock.calls).toEqual([[{ uri: NOTE }]]);
});

test('what is watched keeps an instance from being idle', async () => {
  const upstream = aWatchedServer();
  const stop = await watch(upstream, () => {});
  expect(upstream.isBusy).toBe(true);
  await stop();
  expect(upstream.isBusy).toBe(false);
});

test('what watches is over when the instance is closed', async () => {
  const upstream = aWatchedServer();
  const stop = await watch(upstream, () => {});
  await upstream.close();
  await stop();
  const again: Promise<Watching> = upstream.watch(NOTE, () => {}, { offers: {} });
  expect((await rejection(again)).code).toBe('UPSTREAM_CLOSED');
});
