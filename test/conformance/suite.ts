import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Runs one scenario; the others of the report then have no checks. */
export function runScenario(tried: Tried, revision: Revision, scenario: string): Promise<Report> {
  return run(tried, revision, ['--scenario', scenario, '--spec-version', revision, '--force']);
}

async function run(tried: Tried, revision: Revision, which: readonly string[]): Promise<Report> {
  const folder = mkdtempSync(join(tried.folder, `${revision}-`));
  const printed = await execute(['server', '--url', tried.url, '--output-dir', folder, ...which]);
  writeFileSync(join(folder, 'suite.log'), printed);
  return readReport(folder, revision);
}

/** The exit code says less than the results do, so it counts only where the suite could not be started. */
function execute(args: readonly string[]): Promise<string> {
  return new Promise((settle, fail) => {
    const program = join(SUITE, 'dist/index.js');
    execFile(NODE, [program, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') fail(error);
      else settle(stdout + stderr);
    });
  });
}
