import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { SIGNATURES } from '../../src/policy/bundle-path.ts';
import type { Signing } from '../../src/policy/sign-bundle.ts';
import { runCommand } from '../cli/command.ts';
import { aKeyPair, type KeyPair, signedBy } from '../policy/signing-keys.ts';
import {
  activationsOf,
  aPolicyPlace,
  configure,
  denying,
  type Live,
  nextGeneration,
  type PolicyPlace,
  startLive,
  until,
  writeBundle,
} from './live-policies.ts';

const KEY = aKeyPair();
const BY_KEY = { limits: { signer: KEY.publicPem } };

async function sign(place: PolicyPlace, pair: KeyPair = KEY, part: Partial<Signing> = {}): Promise<void> {
  const folder = join(place.folder, 'limits');
  const { files } = await readBundle(folder);
  writeFileSync(join(folder, SIGNATURES), (await signedBy(files, pair, part)).get(SIGNATURES) ?? '');
}

/** Unsigned until it is signed; at no time is it a bundle of which only the half is new. */
async function publish(place: PolicyPlace, revision: string, part: Partial<Signing> = {}): Promise<void> {
  writeBundle(place, 'limits', { rego: denying(`reason_${revision.replaceAll('.', '_')}`), revision });
  await sign(place, KEY, part);
}

async function inForce(place: PolicyPlace): Promise<string | undefined> {
  const [newest] = await activationsOf(place);
  return newest?.facts.bundles.find(({ id }) => id === 'limits')?.digest;
}

const problemsOf = ({ app }: Live): string => JSON.stringify(app.readiness().stale);
const untilStale = (live: Live, words: string): Promise<void> => until(() => problemsOf(live).includes(words));
const untilGood = (live: Live): Promise<void> => until(() => live.app.readiness().stale.length === 0);

test('G-62 what is not signed is not put in force; what was signed stays', async () => {
  const place = aPolicyPlace(BY_KEY);
  const live = await startLive(place);
  expect(problemsOf(live)).toContain('it is not signed');
  expect(await inForce(place)).toBe('');

  const first = live.app.readiness().generation;
  await publish(place, '1');
  await nextGeneration(live, first);
  const signed = await inForce(place);
  expect((await activationsOf(place))[0]?.facts.bundles).toMatchObject([
    { signer: expect.stringMatching(/^[\w-]{43}$/) },
  ]);

  writeBundle(place, 'limits', { rego: denying('forged'), revision: '2' });
  await untilStale(live, 'it is not as it was signed');
  await sign(place, aKeyPair());
  await untilStale(live, 'a signature is not by this key');
  expect(await inForce(place)).toBe(signed);
  expect(live.logged.join('\n')).toContain('what was last good of it stays in force');
});

test('G-62 another signer in the configuration takes away what only the old one has signed', async () => {
  const place = aPolicyPlace(BY_KEY);
  await publish(place, '1');
  const live = await startLive(place);
  const first = live.app.readiness().generation;
  const other = aKeyPair();
  configure(place, { limits: { signer: [KEY.publicPem, other.publicPem] } });
  await nextGeneration(live, first);
  expect(await inForce(place)).toBe('');
  await sign(place, other, { isAdded: true });
  await untilGood(live);
  expect(await inForce(place)).not.toBe('');
});

test('G-63 an older signed bundle is refused while it runs and after a restart, until somebody goes back', async () => {
  const place = aPolicyPlace(BY_KEY);
  await publish(place, '4');
  const live = await startLive(place);
  const fourth = await inForce(place);
  expect(live.logged.join('\n')).toContain('has not seen the signed bundle before');
  const first = live.app.readiness().generation;
  await publish(place, '5');
  await nextGeneration(live, first);
  const fifth = await inForce(place);

  await publish(place, '4');
  await untilStale(live, 'it is revision 4, and 5 was in force');
  await publish(place, '');
  await untilStale(live, 'cannot be compared with 5');
  expect(await inForce(place)).toBe(fifth);
  await publish(place, '4');
  await live.app.close();

  const again = await startLive(place);
  expect(problemsOf(again)).toContain('it is revision 4, and 5 was in force');
  expect(await inForce(place)).toBe(fifth);

  const before = again.app.readiness().generation;
  await rollback(place, '--to', fourth?.slice(0, 12) ?? '');
  await nextGeneration(again, before);
  await rollback(place, '--clear');
  await untilGood(again);
  expect(await inForce(place)).toBe(fourth);
});

test('G-63 a removed store is told of, because nobody knows then which revision is the newest', async () => {
  const place = aPolicyPlace(BY_KEY);
  await publish(place, '5');
  await (await startLive(place)).app.close();
  const known = await startLive(place);
  expect(known.logged.join('\n')).not.toContain('has not seen');
  await known.app.close();
  for (const end of ['', '-wal', '-shm']) rmSync(`${place.store}${end}`, { force: true });
  await publish(place, '4');
  const live = await startLive(place);
  expect(live.logged.join('\n')).toContain('has not seen the signed bundle before');
});

test('G-63 a bundle whose signature ends is taken away in that moment, and comes back signed anew', async () => {
  const place = aPolicyPlace(BY_KEY);
  await publish(place, '1', { endsMs: Date.now() + 10_000 });
  const live = await startLive(place);
  expect(await inForce(place)).not.toBe('');
  await untilStale(live, 'the signature of the bundle limits');
  await until(async () => (await inForce(place)) === '');
  await sign(place);
  await untilGood(live);
  expect(await inForce(place)).not.toBe('');
});

test('G-63 a bundle that is signed for later takes nothing away before, and is put in force when its time comes', async () => {
  const place = aPolicyPlace(BY_KEY);
  await publish(place, '5');
  const live = await startLive(place);
  const fifth = await inForce(place);
  await publish(place, '6', { startsMs: Date.now() + 3_600_000 });
  await untilStale(live, 'the signature of the bundle limits');
  expect(await inForce(place)).toBe(fifth);
  await live.app.close();

  // It was in force at no time, so that the one before is no older than what was.
  const again = await startLive(place);
  expect(problemsOf(again)).toContain('counts from');
  expect(await inForce(place)).toBe(fifth);
  await publish(place, '5');
  await untilGood(again);

  await publish(place, '6', { startsMs: Date.now() + 3_000 });
  await untilStale(again, 'counts from');
  expect(await inForce(place)).toBe(fifth);
  // Nobody touches it any more.
  await untilGood(again);
  expect(await inForce(place)).not.toBe(fifth);
});

test('G-63 a clock that is set back takes nothing away that was in force', async () => {
  const place = aPolicyPlace(BY_KEY);
  await publish(place, '1', { startsMs: Date.now() - 1_000 });
  await (await startLive(place)).app.close();
  const first = await inForce(place);
  await sign(place, KEY, { startsMs: Date.now() + 3_600_000 });
  const live = await startLive(place);
  expect(problemsOf(live)).toContain('counts from');
  expect(await inForce(place)).toBe(first);
  expect(live.app.readiness().ready).toBe(true);
});

test('G-61 a file of twice the limit keeps what was last good, and takes nothing with it', async () => {
  const place = aPolicyPlace({ limits: {} });
  const live = await startLive(place);
  const before = await inForce(place);
  // A hole in a file: 128 MB that nobody has written.
  truncateSync(join(place.folder, 'limits', 'data.json'), 128 * 1024 * 1024);
  await untilStale(live, 'larger than 64 MB');
  expect(await inForce(place)).toBe(before);
  expect(live.app.readiness().ready).toBe(true);
});

test('G-62 a layer that demands signatures takes no bundle without one', async () => {
  const place = aPolicyPlace(BY_KEY, { layers: { workflow: { signed: true } } });
  await publish(place, '1');
  const live = await startLive(place);
  expect(live.app.readiness().stale).toEqual([]);
  configure(place, { limits: {} }, { layers: { workflow: { signed: true } } });
  await until(() => live.logged.some((line) => line.includes('policies.layers.workflow.signed demands')));
});

async function rollback({ config, home, folder }: PolicyPlace, ...args: readonly string[]): Promise<void> {
  const words = [
    'policy',
    'rollback',
    '--bundle',
    'limits',
    '--reason',
    'it was too strict',
    '--config',
    config,
    ...args,
  ];
  const { exit, err } = await runCommand(addPolicyCommands, words, { home, cache: join(folder, 'cache') });
  if (exit !== 0) throw new Error(err);
}
