import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Outgoing } from '../../src/gateway/dialogue.ts';
import type { Ask } from '../../src/gateway/port.ts';
import {
  askedIn,
  aServer,
  aSessionCaller,
  aWorld,
  errorOf,
  result,
  resultOf,
  type Send,
  type World,
} from './dialogue-makers.ts';
import { anExchange } from './makers.ts';

const URL_PARAMS = { mode: 'url', message: 'Sign in', url: 'https://example.com/', elicitationId: 'e1' };

test.for([
  {
    name: 'lacks it itself',
    capabilities: {},
    allow: true,
    era: 'stateless',
    error: { code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } },
  },
  {
    name: 'has it, but the gateway withholds it',
    capabilities: undefined,
    allow: false,
    era: 'stateless',
    error: { code: 4030 },
  },
  { name: 'does not know that error', capabilities: {}, allow: true, era: 'session', error: { code: -32600 } },
] as const)(
  'a capability that a server misses is told to a client that $name',
  async ({ capabilities, allow, era, error }) => {
    const data = { requiredCapabilities: { elicitation: { url: {} } } };
    const world = aWorld({
      send: () => Promise.resolve({ kind: 'failure', error: { code: -32021, message: 'Missing', data } }),
    });
    const caller = aSessionCaller({ era, ...(capabilities === undefined ? {} : { capabilities }) });
    const said = await world.call({
      caller,
      server: aServer({ allow: { sampling: true, elicitation: allow, roots: true } }),
    });
    expect(errorOf(said)).toMatchObject(error);
  },
);

test('a client in a session is told which addresses to open, and only those of the web', async () => {
  const world = aWorld({ send: wantsUrl(URL_PARAMS), namesServers: true });
  const said = await world.call(inSession(() => Promise.reject(new Error('not asked'))));
  expect(errorOf(said)).toMatchObject({
    code: -32042,
    data: { elicitations: [{ ...URL_PARAMS, message: '[files] Sign in' }] },
  });
  expect(world.records).toMatchObject([{ action: 'elicitation', effect: 'allow' }]);
  expect(world.dialogue.elicitedSession('files', 'e1')).toBe('session-1');
  const bad = aWorld({ send: wantsUrl({ ...URL_PARAMS, url: 'file:///etc' }) });
  expect(resultOf(await bad.call(inSession(() => Promise.reject(new Error('not asked')))))).toMatchObject({
    isError: true,
  });
});

test('a stateless client is asked to open the address, and its request is then sent again as it was', async () => {
  const sent: Outgoing[] = [];
  const world = aWorld({ send: noting(sent, wantsUrl(URL_PARAMS, 1)) });
  const first = await world.call();
  const { elicitationId: _elicitationId, ...params } = URL_PARAMS;
  expect(Object.values(askedIn(first))).toEqual([{ method: 'elicitation/create', params }]);
  const [key = ''] = Object.keys(askedIn(first));
  expect(resultOf(await world.retry(first, { [key]: { action: 'accept' } }))).toEqual({ opened: true });
  expect(sent[1]?.params).toEqual(sent[0]?.params);
  expect(world.records.map(({ action }) => action)).toEqual(['elicitation', 'elicitation']);
});

test('a user who does not open the address has cancelled the request', async () => {
  const world = aWorld({ send: wantsUrl(URL_PARAMS, 1) });
  const first = await world.call();
  const [key = ''] = Object.keys(askedIn(first));
  await expect(world.retry(first, { [key]: { action: 'decline' } })).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('addresses that cannot be read are shown to nobody', async () => {
  const data = { elicitations: [URL_PARAMS, 'https://example.com/'] };
  const world = aWorld({
    send: () => Promise.resolve({ kind: 'failure', error: { code: -32042, message: 'x', data } }),
  });
  await expect(world.call(inSession(() => Promise.reject(new Error('not asked'))))).rejects.toMatchObject({
    code: 'UPSTREAM_PROTOCOL',
  });
});

test('any other error is the server’s own', async () => {
  const error = { code: -32002, message: 'not found', data: { uri: 'a://b' } };
  expect(errorOf(await aWorld({ send: () => Promise.resolve({ kind: 'failure', error }) }).call())).toEqual(error);
});

function wantsUrl(params: JsonObject, times = 100): Send {
  let left = times;
  return () => {
    left -= 1;
    if (left < 0) return Promise.resolve(result({ opened: true }));
    const error = { code: -32042, message: 'Sign in first', data: { elicitations: [params] } };
    return Promise.resolve({ kind: 'failure', error });
  };
}

function noting(sent: Outgoing[], send: Send): Send {
  return (outgoing) => {
    sent.push(outgoing);
    return send(outgoing);
  };
}

function inSession(ask: Ask): Parameters<World['call']>[0] {
  return { caller: aSessionCaller(), exchange: anExchange({ ask }) };
}
