import { expect, test, vi } from 'vitest';
import { outcomeOf, PATIENCE } from '../e2e/program.ts';
import { journal, receivedBy } from '../e2e/servers.ts';
import { isRunning } from './processes.ts';
import { aFaultPlace, aReadyClient, countOf, expectTruth, report, write, writeMany } from './truth.ts';

/** Another server, which nothing happens to. */
function withOther(folder: string): string {
  return `  other: { ${journal(folder, 'other')} }\n`;
}

test('F-30 a server that is stopped costs its own calls their time, and no other server anything', async () => {
  const place = aFaultPlace({ server: ', timeout: 2s', more: withOther });
  const client = await aReadyClient(place);
  expect((await write(client, 'at first', 'other__write')).kind).toBe('written');
  const pid = receivedBy(place).at(-1)?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const stopped = writeMany(client, 'stopped', { count: 8 });
  const others = await writeMany(client, 'other', { count: 200, tool: 'other__write' });
  expect(countOf(others, 'written')).toBe(200);
  expect(countOf(await stopped, 'other')).toBe(8);
  expect((await outcomeOf(place, 'write'))?.outcome?.status).not.toBeUndefined();
  // It does not even say that it is there, so it is ended, and started anew by the next call.
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), PATIENCE);
  await vi.waitFor(
    async () => expect((await write(client, `anew ${performance.now()}`)).kind).toBe('written'),
    PATIENCE,
  );
  report('F-30 SIGSTOP', await expectTruth(place, [client]));
});

test('F-31 a server that dies in every call is left alone after a while, and costs no other server anything', async () => {
  const place = aFaultPlace({ more: withOther });
  const client = await aReadyClient(place);
  const load = writeMany(client, 'beside', { count: 200, tool: 'other__write' });
  const crashed = 8;
  // Nobody waits for an answer that cannot come any more.
  for (let call = 0; call < crashed; call++) {
    expect((await client.call('journal__exit', { code: 1 })).isError).toBe(true);
  }
  expect(countOf(await load, 'written')).toBe(200);
  // Half a second, one, two and four between five deaths, then half a minute in which it is not started at all.
  const starts = new Set(receivedBy(place).map(({ pid }) => pid)).size;
  expect(starts).toBe(5);
  report('F-31 crash loop', { crashed, starts, ...(await expectTruth(place, [client])) });
});
