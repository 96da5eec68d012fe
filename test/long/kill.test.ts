import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSession, post } from '../downstream/http-client.ts';
import { aPlace, decisionsAbout, type Place, runProgram, serveHttp } from '../e2e/program.ts';
import { journal, receivedBy, textsIn } from '../e2e/servers.ts';
import { callUntilKilled, KILL_WITHIN_MS } from './killing.ts';

const IN_FLIGHT = 8;
/** A server that was killed is started anew after half a second, in which others can be killed. */
const SERVERS_AT_ONCE = 8;

/** How many rounds; the figures in docs/security.md are of as many as stand here. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 1_000);

test.for(['normal', 'full'] as const)(
  `F-01 kill -9 of the gateway at any point leaves no call upstream without a committed allow (%s, ${ROUNDS} rounds)`,
  async (durability) => {
    const place = journalPlace(durability);
    for (let round = 0; round < ROUNDS; round++) await callUntilKilled(place, round);

    const received = textsIn(place);
    expect(received.length).toBeGreaterThan(ROUNDS);
    await expectAllAllowed(place, received);
    print(`gateway killed, durability ${durability}, ${ROUNDS} rounds`, place, await figuresOf(place));
  },
);

test('F-31 kill -9 of a server at any point loses no answer, no record and no outcome', async () => {
  const place = journalPlace('normal');
  const { url } = await serveHttp(place);
  let rounds = 0;
  const killOften = async (): Promise<void> => {
    while (rounds < ROUNDS) await callWhileServerIsKilled(place, url, rounds++);
  };
  await Promise.all(Array.from({ length: SERVERS_AT_ONCE }, killOften));

  await expectAllAllowed(place, textsIn(place));
  const figures = await figuresOf(place);
  expect(figures['none'] ?? 0).toBe(0);
  const ran = new Set(textsIn(place));
  const ok = (await decisionsAbout(place, 'write')).filter(({ outcome }) => outcome?.status === 'ok');
  expect(ok.map(textOf).filter((text) => !ran.has(text))).toEqual([]);
  print(`server killed, ${ROUNDS} rounds`, place, figures);
});

function journalPlace(durability: 'normal' | 'full'): Place {
  return aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain }
decisions: { durability: ${durability}, arguments: full }
mcpServers: { journal: { ${journal(folder)} } }
`,
  );
}

/** What reached the server was allowed first, and the chain is whole. */
async function expectAllAllowed(place: Place, received: readonly (string | undefined)[]): Promise<void> {
  const records = await decisionsAbout(place, 'write');
  const allowed = new Set(records.filter(({ effect }) => effect === 'allow').map(textOf));
  expect(received.filter((text) => text === undefined || !allowed.has(text))).toEqual([]);
  expect(new Set(received).size).toBe(received.length);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
}

function textOf({ input }: Awaited<ReturnType<typeof decisionsAbout>>[number]): string {
  return (input as { readonly action: { readonly args: { readonly text: string } } }).action.args.text;
}

/** How many calls of `write` were recorded, by outcome. */
async function figuresOf(place: Place): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { outcome } of await decisionsAbout(place, 'write')) {
    const status = outcome?.status ?? 'none';
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

function print(what: string, place: Place, outcomes: Readonly<Record<string, number>>): void {
  const rows = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const figures = { what, received: textsIn(place).length, recorded: rows, outcomes };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** A session with a server of its own, which is killed while calls are in flight. Every call is answered. */
async function callWhileServerIsKilled(place: Place, url: string, round: number): Promise<void> {
  const session = await openSession(url);
  const write = async (name: string): Promise<string> => {
    const params = { name: 'write', arguments: { text: `${round}.${name}` } };
    const answer = await post(url, { jsonrpc: '2.0', id: name, method: 'tools/call', params }, session);
    return answer.text();
  };
  await write('first');
  const pid = receivedBy(place).findLast(({ arguments: { text } }) => text === `${round}.first`)?.pid;
  if (pid === undefined) throw new Error('the server received nothing');
  const calls = Array.from({ length: IN_FLIGHT * 4 }, async (_, index) => {
    await wait(Math.random() * KILL_WITHIN_MS);
    return write(String(index));
  });
  const killed = wait(Math.random() * KILL_WITHIN_MS).then(() => process.kill(pid, 'SIGKILL'));
  const answers = await Promise.all(calls);
  await killed;
  for (const answer of answers) expect(answer).toMatch(/"text":"written"|The call may have run|was not made/);
  await fetch(url, { method: 'DELETE', headers: session });
}
