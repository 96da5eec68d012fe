import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Place, PROGRAM, runProgram } from '../e2e/program.ts';
import { argumentsOf, descendantsOf } from './processes.ts';
import { aFaultPlace, aReadyClient, expectTruth, report, ROUNDS, write } from './truth.ts';

/** Checking a bundle and building all of them take about so long together; the first kill falls at once. */
const KILL_WITHIN_MS = 800;
const KILLS = 2 * ROUNDS;

/** What was compiled once is kept over all tests, so that each text is a new one. */
const RUN = randomUUID();

/** A bundle of the organisation that forbids one text; never a half of it is there to be read. */
function forbid({ folder }: Pick<Place, 'folder'>, text: string): string {
  const [bundle, made, old] = ['policy', 'made', 'old'].map((name) => join(folder, name)) as [string, string, string];
  mkdirSync(made);
  const manifest = { roots: ['guard'], metadata: { gateway: { contract: 1, layer: 'workflow' } } };
  writeFileSync(join(made, '.manifest'), JSON.stringify(manifest));
  const rule = `deny contains {"id": "GRD-1", "reason": "forbidden"} if input.action.args.text == "${RUN} ${text}"`;
  writeFileSync(
    join(made, 'policy.rego'),
    `package guard\n\n# METADATA\n# title: It is forbidden\n# custom: {id: GRD-1}\n${rule}\n`,
  );
  if (existsSync(bundle)) renameSync(bundle, old);
  renameSync(made, bundle);
  rmSync(old, { recursive: true, force: true });
  return bundle;
}

function compilerOf(pid: number): number | undefined {
  return descendantsOf(pid).find((child) => argumentsOf(child).includes('process-worker'));
}

/** The process of the compiler that this one starts next. */
async function nextCompilerOf(pid: number): Promise<number> {
  for (;;) {
    const found = compilerOf(pid);
    if (found !== undefined) return found;
    await wait(2);
  }
}

/** False where it had ended already. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

test('F-40 the compiler killed while a policy is taken up leaves the old one in force, says so, and it is tried again', async () => {
  const place = aFaultPlace({
    more: (folder) =>
      `policies: { org: [{ id: guard, layer: workflow, source: ${forbid({ folder }, 'forbidden 0')} }] }\n`,
  });
  const client = await aReadyClient(place);
  const figures = { kills: 0, unanswered: 0, decidedMeanwhile: 0 };
  for (let round = 1; round <= KILLS; round += 1) {
    // One that has nothing to do any more ends by itself; to kill it would be no fault.
    while (compilerOf(client.pid) !== undefined) await wait(50);
    forbid(place, `forbidden ${round}`);
    const compiler = await nextCompilerOf(client.pid);
    await wait(((round - 1) / KILLS) * KILL_WITHIN_MS);
    if (kill(compiler)) figures.kills += 1;
    // Nobody touches the bundle any more.
    for (;;) {
      const isOld = (await write(client, `${RUN} forbidden ${round - 1}`)).kind === 'other';
      const isNew = (await write(client, `${RUN} forbidden ${round}`)).kind === 'other';
      expect((await write(client, `ordinary ${round} ${performance.now()}`)).kind).toBe('written');
      figures.decidedMeanwhile += 3;
      // One of the two holds at every moment: a swap may fall between the questions.
      expect(isOld || isNew).toBe(true);
      if (isNew) break;
      await wait(50);
    }
  }
  const failures = client
    .stderr()
    .split('\n')
    .filter((line) => line.includes('its process ended with SIGKILL'));
  figures.unanswered = failures.length;
  expect(figures.kills).toBeGreaterThan(0);
  expect(failures.length).toBeGreaterThan(0);
  for (const line of failures) expect(line).toMatch(/what was last good of it stays in force|the old one stays/);
  report('F-40 the compiler killed', { ...figures, ...(await expectTruth(place, [client])) });
});

test('F-40 the compiler killed under bundle build is an error in words, and what was built before stays', async () => {
  const place = aFaultPlace();
  const build = ['bundle', 'build', forbid(place, 'forbidden'), '--out', 'policy.tar.gz'];
  expect(await runProgram(place, build)).toMatchObject({ code: 0 });
  const before = readFileSync(join(place.folder, 'policy.tar.gz'));
  forbid(place, 'something else');
  const building = spawn(process.execPath, [PROGRAM, ...build], { env: place.env, cwd: place.folder });
  let said = '';
  building.stderr.on('data', (text: Buffer) => (said += String(text)));
  const ended = new Promise<number | null>((settle) => building.once('close', settle));
  kill(await nextCompilerOf(building.pid ?? 0));
  expect(await ended).toBe(1);
  expect(said).toContain('TOOLCHAIN_FAILED');
  expect(said).toContain('its process ended with SIGKILL');
  expect(readFileSync(join(place.folder, 'policy.tar.gz'))).toEqual(before);
  expect(await runProgram(place, build)).toMatchObject({ code: 0 });
  expect(readFileSync(join(place.folder, 'policy.tar.gz'))).not.toEqual(before);
});
