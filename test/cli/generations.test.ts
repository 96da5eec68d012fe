import { gunzipSync, gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import {
  activationsOf,
  aPolicyPlace,
  configure,
  denying,
  nextGeneration,
  type PolicyPlace,
  startLive,
  untilActivated,
  type Written,
  writeBundle,
} from '../app/live-policies.ts';
import { type Ran, runCommand } from './command.ts';

function run({ home, config }: PolicyPlace, args: readonly string[]): Promise<Ran> {
  const add = (program: Command, context: CommandContext): void => {
    addPolicyCommands(program, context);
    addDecisionCommands(program, context);
  };
  return runCommand(add, [...args, '--config', config], { home, cache: home });
}

async function json(place: PolicyPlace, args: readonly string[]): Promise<Record<string, unknown>> {
  const { out, err } = await run(place, [...args, '--json']);
  expect(err).toBe('');
  return JSON.parse(out) as Record<string, unknown>;
}

const WHY = ['--reason', 'it stops everybody'];

/** A gateway that has had these states of one bundle in force, one after the other. */
async function aHistory(states: readonly (string | Written)[], place = aPolicyPlace({ limits: {} })) {
  const [first = denying('first'), ...others] = states;
  writeBundle(place, 'limits', first);
  const live = await startLive(place);
  for (const written of others) {
    const before = live.app.readiness().generation;
    writeBundle(place, 'limits', written);
    await nextGeneration(live, before);
  }
  return { place, live };
}

test('policy generations lists what was in force, why, and what changed', async () => {
  const { place } = await aHistory([denying('first'), denying('second')]);
  const [second, first] = await activationsOf(place);
  const { out } = await run(place, ['policy', 'generations']);
  const lines = out.split('\n').map((line) => line.trimEnd().replaceAll(/ {2,}/g, ' | '));
  const short = (hash = ''): string => hash.slice(0, 12);
  expect(lines[1]).toMatch(
    new RegExp(
      `^2 \\| .* \\| ${short(second?.generation)} \\| bundle limits changed \\| limits ${short(first?.facts.bundles[0]?.digest)} → ${short(second?.facts.bundles[0]?.digest)}$`,
    ),
  );
  expect(lines[2]).toMatch(/^1 \| .* \| start \| -$/);
  const listed = await json(place, ['policy', 'generations', '--limit', '1']);
  expect(listed).toMatchObject({
    ok: true,
    generations: [{ no: 2, in_force: true, changed: [{ bundle: 'limits', what: ['rules'] }] }],
    pins: [],
  });
});

test('a rollback is taken up by the running gateway, stays when the source changes, and ends when it is cleared', async () => {
  const { place, live } = await aHistory([denying('first'), denying('second')]);
  const [second, first] = await activationsOf(place);
  const { out } = await run(place, ['policy', 'rollback', ...WHY]);
  expect(out).toContain('limits goes back to');
  await nextGeneration(live, second?.generation ?? '');
  expect(live.app.readiness().generation).toBe(first?.generation);
  expect((await activationsOf(place))[0]?.why).toBe('rollback; bundle limits changed');

  writeBundle(place, 'limits', denying('third'));
  const { pins } = await json(place, ['policy', 'generations']);
  expect(pins).toMatchObject([{ bundle: 'limits', actor: 'user:maya', reason: 'it stops everybody' }]);
  expect((await run(place, ['policy', 'generations'])).out).toContain('rolled back by user:maya, it stops everybody');
  expect((await run(place, ['policy', 'rollback', ...WHY])).err).toContain('rolled back already');

  await run(place, ['policy', 'rollback', '--clear', '--bundle', 'limits', '--reason', 'mended']);
  const third = await nextGeneration(live, first?.generation ?? '');
  expect([first?.generation, second?.generation]).not.toContain(third);
  const { out: acts } = await run(place, ['decision', 'ls', '--acts']);
  expect(acts).toContain('policy.rollback');
  expect(acts).toContain('policy.release');
});

test('a rollback that was written while no gateway ran holds for the next one', async () => {
  const { place, live } = await aHistory([denying('first'), denying('second')]);
  await live.app.close();
  const first = (await activationsOf(place))[1];
  await run(place, ['policy', 'rollback', '1', ...WHY]);
  const again = await startLive(place);
  expect(again.app.readiness().generation).toBe(first?.generation);
});

test('a rollback of a generation brings back how far each bundle counted', async () => {
  const { place } = await aHistory([denying('first')]);
  configure(place, { limits: { mode: 'warn' } });
  await untilActivated(place, 2);
  await run(place, ['policy', 'rollback', '1', ...WHY]);
  await untilActivated(place, 3);
  expect((await activationsOf(place))[0]?.facts.bundles).toMatchObject([{ id: 'limits', mode: 'enforce' }]);
});

test('bundles that change together go back together', async () => {
  const place = aPolicyPlace({ limits: {}, pace: {} }, { atomic: [['limits', 'pace']] });
  const live = await startLive(place);
  const first = live.app.readiness().generation;
  writeBundle(place, 'limits', denying('second'));
  writeBundle(place, 'pace', denying('second'));
  const second = await nextGeneration(live, first);
  const { pinned } = await json(place, ['policy', 'rollback', '--bundle', 'limits', ...WHY]);
  expect(pinned).toMatchObject([{ bundle: 'limits' }, { bundle: 'pace' }]);
  await nextGeneration(live, second);
  expect(live.app.readiness().generation).toBe(first);
});

test('what cannot be rolled back is refused with what there is', async () => {
  const { place } = await aHistory([denying('first'), denying('second')]);
  const refused = async (...args: string[]): Promise<string> => {
    const { exit, err } = await run(place, ['policy', 'rollback', ...args, ...WHY]);
    expect(exit).toBeGreaterThan(0);
    return err;
  };
  const [second, first] = await activationsOf(place);
  const kept = [second, first].map((one) => one?.facts.bundles[0]?.digest.slice(0, 12)).join(', ');
  expect(await refused('--bundle', 'limits', '--to', 'ffffff')).toContain(`Kept of it: ${kept}.`);
  expect(await refused('--bundle', 'pace')).toContain('There are limits.');
  expect(await refused('77')).toContain('There were 2 (');
  expect(await refused('2')).toContain('nothing would change');
  expect(await refused('--clear')).toContain('nothing is rolled back');
  expect(await refused('1', '--bundle', 'limits')).toContain('as a whole');
});

test.for([
  { what: 'a number', revision: '7', floor: 8 },
  { what: 'a version', revision: '1.9.0', floor: '1.10' },
  { what: 'what cannot be compared', revision: 'spring', floor: 'summer' },
])('nothing goes below a floor that is $what', async ({ revision, floor }) => {
  const { place } = await aHistory([
    { rego: denying('first'), revision },
    { rego: denying('second'), revision: String(floor), gateway: { floor } },
  ]);
  const { exit, err } = await run(place, ['policy', 'rollback', ...WHY]);
  expect([exit, err]).toEqual([6, expect.stringContaining(`below the floor ${floor}`)]);
});

test('what was kept and has changed since is refused', async () => {
  const { place, live } = await aHistory([denying('first'), denying('second')]);
  await live.app.close();
  const [, first] = await activationsOf(place);
  const bundle = first?.facts.bundles[0];
  const database = chooseDriver().open(place.store, 'write');
  const key = `bundle ${bundle?.digest} ${bundle?.dataDigest}`;
  const row = database.prepare('select body from kept_policy where key = ?').get(key);
  const text = gunzipSync(row?.['body'] as Uint8Array).toString();
  database.prepare('update kept_policy set body = ? where key = ?').run(gzipSync(text.replace('first', 'other')), key);
  database.close();
  const { exit, err } = await run(place, ['policy', 'rollback', ...WHY]);
  expect([exit, err]).toEqual([3, expect.stringContaining('what was kept of it has changed')]);
});

test('a store on which nothing was in force says so', async () => {
  const place = aPolicyPlace({ limits: {} });
  const { err } = await run(place, ['policy', 'rollback', ...WHY]);
  expect(err).toContain('nothing was in force on this store yet');
  expect((await run(place, ['policy', 'generations'])).out).toContain('Nothing was in force on this store yet.');
});
