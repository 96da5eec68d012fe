import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { aCall, ask, initialize, openSession, post } from '../downstream/http-client.ts';
import { atEndOfFile, decisionsAbout, type HttpGateway, type Place } from '../e2e/program.ts';
import { journal, permissiveBundle, receivedBy } from '../e2e/servers.ts';
import { report, ROUNDS } from './truth.ts';
import { type TwoUsers, twoUsers } from './two-users.ts';

const untilEnd = atEndOfFile();
let place: Place;
let gateway: HttpGateway;
let bearer: TwoUsers['bearer'];

beforeAll(async () => {
  const servers = (folder: string): string =>
    `  journal: { ${journal(folder)}, unknownArguments: allow, policy: { source: ${permissiveBundle(folder)} } }\n`;
  ({ place, gateway, bearer } = await twoUsers(servers, { ready: ['journal__read'], atEnd: untilEnd }));
});

/** 128 random bits, after the tag of the gateway that has the session. */
const SESSION_ID = /^[0-9a-f]{8}-[0-9a-f]{32}$/;

test('G-23 a session is its own client’s alone, on each method and transport, and gone when it has ended', async () => {
  const session = await openSession(gateway.url, bearer('ada'));
  const id = session['Mcp-Session-Id'];
  expect(id).toMatch(SESSION_ID);
  expect(id).not.toBe((await openSession(gateway.url, bearer('ada')))['Mcp-Session-Id']);
  const before = receivedBy(place).length;
  const call = aCall(1, 'journal__read');
  for (const other of ['bob', 'adaAgain'] as const) {
    const taken = { ...bearer(other), 'Mcp-Session-Id': id, Accept: 'text/event-stream' };
    expect((await post(gateway.url, call, { ...bearer(other), 'Mcp-Session-Id': id })).status).toBe(404);
    expect((await fetch(gateway.url, { headers: taken })).status).toBe(404);
    expect((await fetch(gateway.url, { headers: { ...taken, 'Last-Event-ID': '1-1' } })).status).toBe(404);
    expect((await fetch(gateway.url, { method: 'DELETE', headers: taken })).status).toBe(404);
  }
  // Without a key it is not even said that there is none.
  expect((await post(gateway.url, call, { 'Mcp-Session-Id': id })).status).toBe(401);
  const messages = new URL(`/messages?sessionId=${id}`, gateway.url).href;
  expect((await post(messages, call, bearer('ada'))).status).toBe(404);
  const guessed = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
  expect((await post(gateway.url, call, { ...session, 'Mcp-Session-Id': guessed })).status).toBe(404);
  expect(receivedBy(place).length).toBe(before);

  // Read to its end: with its session a call that still runs is over, too.
  expect(await (await post(gateway.url, call, session)).text()).toContain('"allow":true');
  expect((await fetch(gateway.url, { method: 'DELETE', headers: session })).status).toBe(204);
  expect((await post(gateway.url, call, session)).status).toBe(404);
  expect((await post(gateway.url, initialize(), session)).status).not.toBe(200);
  expect(receivedBy(place).length).toBe(before + 1);
  // Who reads the log or the store afterwards learns of no session that might still be open.
  const kept = filesUnder(join(place.folder, 'home')).map((path) => readFileSync(path, 'latin1'));
  expect([gateway.stderr(), ...kept].filter((text) => text.includes(id.slice(-32)))).toEqual([]);
});

test('G-23 a session of the old transport takes nothing of anybody else, and no log holds its address', async () => {
  let address = '';
  const abort = new AbortController();
  untilEnd(async () => abort.abort());
  const accepting = { ...bearer('ada'), Accept: 'text/event-stream' };
  const stream = await fetch(new URL('/sse', gateway.url), { headers: accepting, signal: abort.signal });
  const first = await stream.body?.pipeThrough(new TextDecoderStream()).getReader().read();
  address = /^data: (\S+)/m.exec(first?.value ?? '')?.[1] ?? '';
  const messages = new URL(address, gateway.url);
  const id = messages.searchParams.get('sessionId') ?? '';
  expect(id).toMatch(SESSION_ID);
  expect((await post(messages.href, initialize('2024-11-05'), bearer('bob'))).status).toBe(404);
  expect((await post(messages.href, initialize('2024-11-05'))).status).toBe(401);
  const other = { ...bearer('ada'), 'Mcp-Session-Id': id };
  expect((await post(gateway.url, aCall(1, 'journal__read'), other)).status).toBe(404);
  expect((await post(messages.href, initialize('2024-11-05'), bearer('ada'))).status).toBe(202);
  expect(gateway.stderr()).not.toContain(id.slice(-32));
});

const CALLS = 1_000 * ROUNDS;

/** Each numbers its calls and their progress as all others do; only what is in them tells whose they are. */
const CROSSING = [
  { who: 'ada', isStateless: false, steps: 2 },
  { who: 'bob', isStateless: false, steps: 3 },
  { who: 'ada', isStateless: true, steps: 4 },
  { who: 'bob', isStateless: true, steps: 5 },
] as const;
type Crossing = (typeof CROSSING)[number];
/** Of so many calls, the first few tell their progress, several at once. */
const EVERY = 25;
const SLOW = 4;

test('G-24 of many calls of two users with the same ids at once, in sessions and without, none gets what is another’s', async () => {
  const before = (await decisionsAbout(place, 'echo')).length;
  const crossed = await Promise.all(CROSSING.map(crossedOf));
  expect(crossed.flat()).toEqual([]);

  const records = (await decisionsAbout(place, 'echo')).slice(0, -before || undefined);
  expect(records).toHaveLength(CALLS * (1 - SLOW / EVERY));
  const misfiled = records.filter(({ input, principal }) => {
    return !JSON.stringify(input).includes(`canary-of-${principal.user.id}-`);
  });
  expect(misfiled).toEqual([]);
  report('G-24 two users', { calls: CALLS, crossed: crossed.flat().length });
});

/** What one client has got that is not exactly the answer to its call. */
async function crossedOf(client: Crossing): Promise<readonly unknown[]> {
  const session = client.isStateless ? {} : await openSession(gateway.url, bearer(client.who));
  const crossed: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < CALLS / CROSSING.length) {
      const id = next++;
      const isSlow = id % EVERY < SLOW;
      const response = await send(client, session, { id, params: callOf(client, id) });
      const seen = messagesIn(await response.text());
      const text = isSlow ? `done after ${client.steps} steps` : JSON.stringify({ text: canaryOf(client, id) });
      const answer = { id, result: { content: [{ type: 'text', text }] } };
      const told = isSlow ? Array.from({ length: client.steps }, (_, at) => stepOf(client, id, at + 1)) : [];
      try {
        expect(seen).toMatchObject([...told, answer]);
      } catch {
        crossed.push({ client, id, seen });
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return crossed;
}

function send(
  { who, isStateless }: Crossing,
  session: Record<string, string>,
  { id, params }: { readonly id: number; readonly params: JsonObject },
): Promise<Response> {
  if (!isStateless) {
    const withToken = { ...params, _meta: { progressToken: id } };
    return post(gateway.url, { jsonrpc: '2.0', id, method: 'tools/call', params: withToken }, session);
  }
  return ask(gateway.url, {
    id,
    method: 'tools/call',
    params,
    meta: { progressToken: id },
    headers: bearer(who),
  });
}

function callOf(client: Crossing, id: number): JsonObject {
  return id % EVERY < SLOW
    ? { name: 'journal__slow', arguments: { ms: 40, steps: client.steps } }
    : { name: 'journal__echo', arguments: { text: canaryOf(client, id) } };
}

function canaryOf({ who, isStateless }: Crossing, id: number): string {
  return `canary-of-${who}-${isStateless ? 'without' : 'in'} a session, ${id}`;
}

function stepOf({ steps }: Crossing, id: number, done: number): JsonObject {
  return { method: 'notifications/progress', params: { progressToken: id, progress: done, total: steps } };
}

/** Of a body that is one message, or a stream of them. */
function messagesIn(body: string): readonly unknown[] {
  if (body.startsWith('{')) return [JSON.parse(body)];
  return [...body.matchAll(/^data: (\{.*)$/gm)].map(([, message = '']): unknown => JSON.parse(message));
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
