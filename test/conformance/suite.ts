import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { NODE, type Revision, SUITE } from './packages.ts';
import { type Report, readReport } from './report.ts';

/** A server to try, and a folder of its own. */
export interface Tried {
  readonly url: string;
  readonly folder: string;
}

/** Runs everything that a revision requires. What the suite writes goes to a new folder inside that of the server. */
export function runSuite(tried: Tried, revision: Revision): Promise<Report> {
  return run(tried, revision, ['--requirements', revision]);
}

/** As `runSuite`, with something to do before each scenario, while the suite waits and asks nothing. */
export async function runSuitePausing(
  tried: Tried,
  revision: Revision,
  beforeEach: (scenario: string) => Promise<void>,
): Promise<Report> {
  const folder = mkdtempSync(join(tried.folder, `${revision}-`));
  const args = ['--import', PAUSING, PROGRAM, ...argumentsFor(tried, folder), '--requirements', revision];
  const suite = spawn(NODE, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  const [, printed, , goOn] = suite.stdio;
  const ended = once(suite, 'exit');
  const log = createWriteStream(join(folder, 'suite.log'));
  for await (const line of createInterface({ input: printed as Readable })) {
    log.write(`${line}\n`);
    const [, scenario] = /^=== Running scenario: (\S+) ===$/.exec(line) ?? [];
    if (scenario === undefined) continue;
    await beforeEach(scenario);
    (goOn as Writable).write('.');
  }
  log.end();
  await ended;
  return readReport(folder, revision);
}

/** Runs one scenario; the others of the report then have no checks. */
export function runScenario(tried: Tried, revision: Revision, scenario: string): Promise<Report> {
  return run(tried, revision, ['--scenario', scenario, '--spec-version', revision, '--force']);
}

async function run(tried: Tried, revision: Revision, which: readonly string[]): Promise<Report> {
  const folder = mkdtempSync(join(tried.folder, `${revision}-`));
  const printed = await execute([...argumentsFor(tried, folder), ...which]);
  writeFileSync(join(folder, 'suite.log'), printed);
  return readReport(folder, revision);
}

function argumentsFor({ url }: Tried, folder: string): readonly string[] {
  return ['server', '--url', url, '--output-dir', folder];
}

const PROGRAM = join(SUITE, 'dist/index.js');
const PAUSING = resolve('test/conformance/pausing.mjs');

/** The exit code says less than the results do, so it counts only where the suite could not be started. */
function execute(args: readonly string[]): Promise<string> {
  return new Promise((settle, fail) => {
    execFile(NODE, [PROGRAM, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') fail(error);
      else settle(stdout + stderr);
    });
  });
}
