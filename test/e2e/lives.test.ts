import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { httpV2 } from './clients.ts';
import { aPlace, decisionsOf, outcomeOf, PATIENCE, type Place, runProgram, serveHttp } from './program.ts';
import { rawStdio } from './raw-client.ts';
import { fixture, journal, receivedBy, textsIn } from './servers.ts';

function aJournalPlace(): Place {
  return aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain }
decisions: { durability: normal }
mcpServers: { journal: { ${journal(folder)} } }
`,
  );
}

test('initialize is answered while no server has started yet', async () => {
  const place = aPlace(() => `version: 1\nmcpServers: { silent: { ${fixture('silent')} } }\n`);
  const client = await rawStdio(place);
  expect(await client.request('ping')).toMatchObject({ result: {} });
});

test('two sessions have two processes of a server', async () => {
  const place = aJournalPlace();
  const { url } = await serveHttp(place);
  const [one, two] = [await httpV2(url), await httpV2(url)];
  for (const text of ['first', 'second']) {
    await one.call('write', { text });
    await two.call('write', { text });
  }
  const pids = receivedBy(place).map(({ pid }) => pid);
  expect(pids).toEqual([pids[0], pids[1], pids[0], pids[1]]);
  expect(pids[0]).not.toBe(pids[1]);
  expect(pids.map(isAlive)).toEqual([true, true, true, true]);

  const sessions = new Set((await decisionsOf(place)).map(({ session }) => session));
  expect(sessions.size).toBe(2);
});

test('told to end, a gateway lets calls in flight finish, records their outcome and ends its servers', async () => {
  const place = aJournalPlace();
  const gateway = await serveHttp(place);
  const client = await httpV2(gateway.url);
  const slow = client.call('slow', { ms: 1500, steps: 3 });
  await vi.waitFor(() => expect(receivedBy(place)).toHaveLength(1), PATIENCE);
  const ended = new Promise((settle) => gateway.process.once('exit', settle));
  gateway.process.kill('SIGTERM');
  expect((await slow).content[0]?.text).toBe('done after 3 steps');
  expect(await ended).toBe(0);
  expect((await decisionsOf(place))[0]).toMatchObject({ tool: 'slow', outcome: { status: 'ok' } });
  expect(receivedBy(place).map(({ pid }) => isAlive(pid))).toEqual([false]);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

test('a client over stdio that hangs up still gets the answers to what it has asked', async () => {
  const place = aJournalPlace();
  const client = await rawStdio(place);
  await client.listTools();
  const answers = ['a', 'b', 'c'].map((text) => client.call('write', { text }));
  client.hangUp();
  expect((await Promise.all(answers)).map(({ content }) => content[0]?.text)).toEqual(Array(3).fill('written'));
  expect(await client.ended).toBe(0);
  expect((await decisionsOf(place)).map(({ outcome }) => outcome?.status ?? 'none').toSorted()).toEqual([
    'none',
    'ok',
    'ok',
    'ok',
  ]);
});

test('all progress of a call comes before its answer, over stdio too', async () => {
  const place = aJournalPlace();
  const client = await rawStdio(place);
  await client.listTools();
  await client.request('tools/call', {
    name: 'slow',
    arguments: { ms: 30, steps: 3 },
    _meta: { progressToken: 'steps' },
  });
  const messages = client.lines().map((line) => JSON.parse(line) as { params?: { progress?: number } });
  expect(messages.flatMap(({ params }) => params?.progress ?? [])).toEqual([1, 2, 3]);
  expect(messages.at(-1)).toHaveProperty('result');
});

test('two gateways at once share one store and one unbroken chain', async () => {
  const place = aJournalPlace();
  const [one, two] = await Promise.all([rawStdio(place), rawStdio(place)]);
  const calls = Array.from({ length: 40 }, (_, index) => `${index}`);
  await Promise.all(calls.map((text, index) => (index % 2 === 0 ? one : two).call('write', { text })));
  expect(new Set(textsIn(place))).toEqual(new Set(calls));

  const records = (await decisionsOf(place)).filter(({ tool }) => tool === 'write');
  expect(records).toHaveLength(calls.length);
  expect(new Set(records.map(({ instance }) => instance)).size).toBe(2);
  expect(new Set(records.map(({ chain }) => chain)).size).toBe(1);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

test('what a killed gateway had in flight is unknown as soon as another one looks', async () => {
  const place = aJournalPlace();
  const killed = await rawStdio(place);
  await killed.listTools();
  const lost = killed.call('slow', { ms: 60_000, steps: 1 });
  await vi.waitFor(() => expect(receivedBy(place)).toHaveLength(1), PATIENCE);
  killed.signal('SIGKILL');
  await expect(lost).rejects.toThrow('serve ended');
  await rawStdio(place);
  expect((await outcomeOf(place, 'slow'))?.outcome?.status).toBe('unknown');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('what keeps a gateway from serving ends it at once, with the mend, and leaves nothing running', async () => {
  const place = aJournalPlace();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await runProgram(place, ['serve', '--http', `127.0.0.1:${port}`]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/error LISTEN_FAILED Cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE\.\n {2}= help: /);
  expect(await runProgram(place, ['serve', '--http', '0.0.0.0:0'])).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('Configure gateway.auth, or listen on 127.0.0.1.'),
  });
});
