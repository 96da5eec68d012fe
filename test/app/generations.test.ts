import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  activationsOf,
  untilActivated,
  aPolicyPlace,
  configure,
  denying,
  nextGeneration,
  type PolicyPlace,
  startLive,
  until,
  writeBundle,
} from './live-policies.ts';

const BROKEN = 'package policy\n\ndeny contains {"id": "D-1"';

async function digestsIn(place: PolicyPlace): Promise<Readonly<Record<string, string>>> {
  const [newest] = await activationsOf(place);
  return Object.fromEntries((newest?.facts.bundles ?? []).map(({ id, digest }) => [id, digest]));
}

test('an edited bundle is in force without a restart, and the store says why', async () => {
  const place = aPolicyPlace({ limits: {} });
  const live = await startLive(place);
  const first = live.app.readiness().generation;
  writeBundle(place, 'limits', denying('other'));
  const second = await nextGeneration(live, first);
  expect((await activationsOf(place)).map(({ generation, why }) => [generation, why])).toEqual([
    [second, 'bundle limits changed'],
    [first, 'start'],
  ]);
  expect(live.app.readiness()).toMatchObject({ ready: true, stale: [] });
});

test('several changes at once are one generation', async () => {
  const place = aPolicyPlace({ limits: {}, pace: {} });
  const live = await startLive(place);
  writeBundle(place, 'limits', denying('other'));
  writeBundle(place, 'pace', denying('other'));
  await nextGeneration(live, live.app.readiness().generation);
  expect((await activationsOf(place)).map(({ why }) => why)).toEqual(['bundles limits, pace changed', 'start']);
});

test('a broken bundle stays as it was, is loudly stale, and holds nobody else back', async () => {
  const place = aPolicyPlace({ limits: {}, pace: {} });
  const live = await startLive(place);
  const before = await digestsIn(place);
  const first = live.app.readiness().generation;
  writeFileSync(join(place.folder, 'limits', 'policy.rego'), BROKEN);
  writeBundle(place, 'pace', denying('other'));
  const second = await nextGeneration(live, first);
  const after = await digestsIn(place);
  expect(after['limits']).toBe(before['limits']);
  expect(after['pace']).not.toBe(before['pace']);
  expect(live.app.readiness().stale).toEqual([
    { bundle: 'limits', since: expect.stringMatching(/Z$/), problem: expect.stringContaining('limits') },
  ]);
  expect(live.logged.join('\n')).toContain('what was last good of it stays in force');

  writeBundle(place, 'limits', denying('mended'));
  await nextGeneration(live, second);
  expect(live.app.readiness().stale).toEqual([]);
});

test('a bundle whose own tests fail stays as it was', async () => {
  const place = aPolicyPlace({ limits: {} });
  const live = await startLive(place);
  writeBundle(place, 'limits', denying('other'));
  writeFileSync(join(place.folder, 'limits', 'policy_test.rego'), 'package policy_test\n\ntest_it if 1 == 2\n');
  await until(() => live.app.readiness().stale.length > 0);
  expect(await activationsOf(place)).toHaveLength(1);
});

test('a folder that vanishes while it is watched keeps what was in force, and what comes back is taken up', async () => {
  const place = aPolicyPlace({ limits: {} });
  const live = await startLive(place);
  const first = live.app.readiness().generation;
  rmSync(join(place.folder, 'limits'), { recursive: true });
  await until(() => live.app.readiness().stale.length > 0);
  expect(live.app.readiness().generation).toBe(first);
  writeBundle(place, 'limits', denying('back'));
  await nextGeneration(live, first);
  expect(live.app.readiness().stale).toEqual([]);
});

test('F-41 a bundle that is broken when the gateway starts stays as it was when it was last good', async () => {
  const place = aPolicyPlace({ limits: {}, pace: {} });
  const before = await startLive(place);
  const { generation } = before.app.readiness();
  await before.app.close();
  writeFileSync(join(place.folder, 'limits', 'policy.rego'), BROKEN);
  renameSync(join(place.folder, 'pace'), join(place.folder, 'gone'));
  const after = await startLive(place);
  expect(after.app.readiness()).toMatchObject({ ready: true, generation });
  expect(after.app.readiness().stale.map(({ bundle }) => bundle)).toEqual(['limits', 'pace']);
  expect(await activationsOf(place)).toHaveLength(1);
});

test('a bundle that never was good keeps its place, and is stale too', async () => {
  const place = aPolicyPlace({ limits: {} });
  writeFileSync(join(place.folder, 'limits', 'policy.rego'), BROKEN);
  const live = await startLive(place);
  expect(live.app.readiness().stale).toMatchObject([{ bundle: 'limits' }]);
  expect(await digestsIn(place)).toEqual({ limits: '' });
  expect(live.logged.join('\n')).toContain('what it governs is denied');
});

test('bundles that change together stay together, while running and over a restart', async () => {
  const place = aPolicyPlace({ limits: {}, pace: {}, other: {} }, { atomic: [['limits', 'pace']] });
  const live = await startLive(place);
  const before = await digestsIn(place);
  writeFileSync(join(place.folder, 'limits', 'policy.rego'), BROKEN);
  writeBundle(place, 'pace', denying('changed'));
  writeBundle(place, 'other', denying('changed'));
  const second = await nextGeneration(live, live.app.readiness().generation);
  const after = await digestsIn(place);
  expect({ ...after, other: '' }).toEqual({ ...before, other: '' });
  expect(after['other']).not.toBe(before['other']);
  expect(live.app.readiness().stale).toMatchObject([
    { bundle: 'limits' },
    { bundle: 'pace', problem: 'it changes together with limits, which cannot be used' },
  ]);
  await live.app.close();

  const again = await startLive(place);
  expect(again.app.readiness().generation).toBe(second);
  writeBundle(place, 'limits', denying('mended'));
  await nextGeneration(again, second);
  const mended = await digestsIn(place);
  expect([mended['limits'] === before['limits'], mended['pace'] === before['pace']]).toEqual([false, false]);
});

test('a changed mode or value in the configuration is taken up; a broken file changes nothing and shows', async () => {
  const place = aPolicyPlace({ limits: {} });
  const live = await startLive(place);
  const first = live.app.readiness().generation;
  configure(place, { limits: { mode: 'shadow' } });
  await untilActivated(place, 2);
  expect((await activationsOf(place))[0]).toMatchObject({
    generation: first,
    why: 'configuration changed',
    facts: { bundles: [{ id: 'limits', mode: 'shadow' }] },
  });
  configure(place, { limits: { mode: 'sometimes' } });
  await until(() => live.app.readiness().configuration !== undefined);
  expect(live.app.readiness().ready).toBe(true);
  expect(await activationsOf(place)).toHaveLength(2);
  configure(place, { limits: { data: { limit: 3 } } });
  await nextGeneration(live, first);
  expect(live.app.readiness().configuration).toBeUndefined();
});

test('a bundle that is added to the configuration takes part, and one that is removed does not', async () => {
  const place = aPolicyPlace({ limits: {} });
  const live = await startLive(place);
  mkdirSync(join(place.folder, 'pace'), { recursive: true });
  writeBundle(place, 'pace', denying('pace'));
  configure(place, { pace: {} });
  await nextGeneration(live, live.app.readiness().generation);
  expect(Object.keys(await digestsIn(place))).toEqual(['pace']);
});
