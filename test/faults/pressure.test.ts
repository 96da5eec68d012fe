import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { decisionsAbout, PATIENCE, type Place } from '../e2e/program.ts';
import { type RawClient, rawStdio } from '../e2e/raw-client.ts';
import { journal } from '../e2e/servers.ts';
import { isRunning } from './processes.ts';
import { aFaultPlace, aReadyClient, countOf, expectTruth, report, write, writeMany } from './truth.ts';

test('F-52 F-61 with little memory large calls are answered one way or the other, and it does not end', async () => {
  const place = aFaultPlace({ server: ', unknownArguments: allow' });
  const client = await aReadyClient(place, { env: { NODE_OPTIONS: '--max-old-space-size=96' } });
  const bytes = 500_000;
  let isOver = false;
  const pings = pingUntil(client, () => isOver);
  const load = Array.from({ length: 6 }, async (_, worker) => {
    const sizes: number[] = [];
    for (let index = 0; index < 8; index++) {
      const { content } = await client.call('journal__echo', { text: `${worker} ${index} `.padEnd(bytes, '.') });
      sizes.push(content[0]?.text?.length ?? 0);
    }
    return sizes;
  });
  const sizes = (await Promise.all(load)).flat();
  isOver = true;
  expect(sizes.filter((size) => size < bytes)).toEqual([]);
  expect(isRunning(client.pid)).toBe(true);
  report('F-52 96 MB', { calls: sizes.length, slowestPingMs: await pings, ...(await expectTruth(place, [client])) });
});

/** The longest that anything else waited meanwhile, milliseconds: how long the event loop was not free. */
async function pingUntil(client: RawClient, isOver: () => boolean): Promise<number> {
  let slowestMs = 0;
  while (!isOver()) {
    const sentAtMs = performance.now();
    await client.request('ping');
    slowestMs = Math.max(slowestMs, performance.now() - sentAtMs);
    await wait(5);
  }
  return Math.round(slowestMs);
}

const REWRITES = 300;

test('F-62 a configuration that is rewritten a hundred times a second is never half in force', async () => {
  const place = aFaultPlace();
  const [one, two] = ['one', 'two'].map((forbidden) => configurationOf(place, forbidden));
  writeFileSync(place.config, one ?? '');
  const client = await rawStdio(place);
  const wasForbidden = async (text: string): Promise<void> => {
    await vi.waitFor(async () => expect((await write(client, text)).answer).toContain('forbidden_text'), PATIENCE);
  };
  await wasForbidden('one');
  writeFileSync(place.config, two ?? '');
  await wasForbidden('two');
  const known = new Set((await decisionsAbout(place, 'write')).map(({ generation }) => generation));
  expect(known.size).toBe(2);

  const load = writeMany(client, 'meanwhile', { count: 400, inFlight: 2 });
  for (let count = 0; count < REWRITES; count++) {
    const next = (count % 2 === 0 ? one : two) ?? '';
    // As an editor writes that is not careful: at every moment some part of it is there.
    writeFileSync(place.config, next.slice(0, Math.floor(Math.random() * next.length)));
    await wait(5);
    writeFileSync(place.config, next);
    await wait(5);
  }
  writeFileSync(place.config, one ?? '');
  await wasForbidden('one');
  expect(countOf(await load, 'written')).toBe(400);
  const generations = new Set((await decisionsAbout(place, 'write')).map(({ generation }) => generation));
  expect(generations).toEqual(known);
  report('F-62 rewritten', { rewrites: REWRITES, ...(await expectTruth(place, [])) });
});

function configurationOf({ folder }: Place, forbidden: string): string {
  return `version: 1
gateway: { toolNames: prefixed }
decisions: { arguments: full }
mcpServers:
  journal:
    ${journal(folder).replace(', args', '\n    args')}
    policy: { data: { forbidden_texts: [${forbidden}] } }
`;
}
