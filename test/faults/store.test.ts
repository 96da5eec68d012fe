import { chmodSync, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { decisionsAbout, storeOf } from '../e2e/program.ts';
import type { RawClient } from '../e2e/raw-client.ts';
import { textsIn } from '../e2e/servers.ts';
import { heldByAnother } from './held-store.ts';
import { aFaultPlace, aReadyClient, countOf, expectTruth, report, write, writeMany } from './truth.ts';

/** How long another program keeps the store, milliseconds. */
const HELD_MS = 10_000;

test('F-14 while another program holds the store nothing is forwarded, and the gateway answers all the same', async () => {
  const place = aFaultPlace();
  const client = await aReadyClient(place);
  const letGo = await heldByAnother(place);
  const forwarded = textsIn(place).length;
  const startedAtMs = performance.now();
  const isHeld = (): boolean => performance.now() - startedAtMs < HELD_MS;
  const during: string[] = [];
  const calls = (async () => {
    while (isHeld()) during.push((await write(client, `held ${during.length}`)).kind);
  })();
  const pingsMs = await pingWhile(client, isHeld);
  await calls;
  expect(textsIn(place)).toHaveLength(forwarded);
  await letGo();
  const after = await writeMany(client, 'free', { count: 50 });

  expect(new Set(during)).toEqual(new Set(['unrecorded']));
  expect(client.stderr()).toContain('is held by another program');
  expect(countOf(after, 'written')).toBe(50);
  const slowestPingMs = Math.round(Math.max(...pingsMs));
  report('F-14 locked for 10 s', { refused: during.length, slowestPingMs, ...(await expectTruth(place, [client])) });
});

/** How long each ping took, milliseconds: a figure for what else the gateway does meanwhile. */
async function pingWhile(client: RawClient, isOn: () => boolean): Promise<readonly number[]> {
  const tookMs: number[] = [];
  while (isOn()) {
    const sentAtMs = performance.now();
    await client.request('ping');
    tookMs.push(performance.now() - sentAtMs);
    await wait(10);
  }
  return tookMs;
}

interface Change {
  readonly what: string;
  /** What somebody does to the store; answers how it is mended, where it can be. */
  readonly make: (path: string) => (() => void) | undefined;
}

const CHANGES: readonly Change[] = [
  {
    what: 'removed',
    make: (path) => {
      for (const file of filesOf(path)) rmSync(file, { force: true });
      return undefined;
    },
  },
  {
    what: 'moved away',
    make: (path) => {
      const aside = `${path}.aside`;
      renameSync(path, aside);
      return () => renameSync(aside, path);
    },
  },
  {
    what: 'replaced by an older copy',
    make: (path) => {
      const files = filesOf(path).filter((file) => existsSync(file));
      for (const file of files) renameSync(file, `${file}.aside`);
      copyFileSync(`${path}.older`, path);
      return () => {
        for (const file of filesOf(path)) rmSync(file, { force: true });
        for (const file of files) renameSync(`${file}.aside`, file);
      };
    },
  },
];

function filesOf(path: string): readonly string[] {
  return ['', '-wal', '-shm'].map((suffix) => `${path}${suffix}`);
}

test.for(CHANGES)('F-15 a store that is $what under a running gateway is noticed by the next call', async (change) => {
  const place = aFaultPlace();
  const path = storeOf(place);
  const earlier = await aReadyClient(place);
  earlier.hangUp();
  await earlier.ended;
  copyFileSync(path, `${path}.older`);

  const client = await aReadyClient(place);
  const forwarded = textsIn(place).length;
  const mend = change.make(path);
  const during = await writeMany(client, 'without', { count: 40 });
  expect(countOf(during, 'unrecorded')).toBe(40);
  expect(textsIn(place)).toHaveLength(forwarded);
  if (mend === undefined) return;
  mend();
  await write(client, 'a call that may meet the other one still');
  const after = await writeMany(client, 'mended', { count: 40 });
  expect(countOf(after, 'written')).toBe(40);
  report(`F-15 ${change.what}`, { refused: 40, ...(await expectTruth(place, [earlier, client])) });
});

test('F-15 rights that are taken away under a running gateway let nothing through unrecorded', async () => {
  const place = aFaultPlace();
  const client = await aReadyClient(place);
  for (const file of filesOf(storeOf(place))) chmodSync(file, 0);
  const during = await writeMany(client, 'without rights', { count: 40 });
  for (const file of filesOf(storeOf(place))) chmodSync(file, 0o600);
  expect(countOf(during, 'written') + countOf(during, 'unrecorded')).toBe(40);
  expect((await decisionsAbout(place, 'write')).length).toBe(1 + countOf(during, 'written'));
  report('F-15 chmod 000', { kept: countOf(during, 'written'), ...(await expectTruth(place, [client])) });
});
