import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { REVISIONS, type Revision } from './packages.ts';
import { hasPassed, scoreOf, shortfallsOf } from './report.ts';
import { runScenario, runSuite } from './suite.ts';
import { startTarget, TARGETS } from './targets.ts';

// Runs the suite by hand and says what failed:
// node --import tsx test/conformance/run.ts --target direct|gateway|gateway-stdio|gateway-two
//   [--requirements 2025-11-25|2026-07-28] [--scenario NAME] [--runs 5] [--program dist/main.js]
const Options = z.object({
  target: z.enum(TARGETS).default('direct'),
  requirements: z.enum(REVISIONS).optional(),
  scenario: z.string().optional(),
  runs: z.coerce.number().int().positive().default(1),
  program: z.string().default('dist/main.js'),
});

const { target, requirements, scenario, runs, program } = Options.parse(
  parseArgs({
    options: {
      target: { type: 'string' },
      requirements: { type: 'string' },
      scenario: { type: 'string' },
      runs: { type: 'string' },
      program: { type: 'string' },
    },
  }).values,
);

const running = await startTarget(target, resolve(program));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void running.close().finally(() => process.exit(1)));
}
console.log(`${target}: ${running.url}, its files in ${running.folder}`);
try {
  for (let run = 0; run < runs; run += 1) {
    for (const revision of requirements === undefined ? REVISIONS : [requirements]) await runAndTell(revision);
  }
} finally {
  await running.close();
}

async function runAndTell(revision: Revision): Promise<void> {
  const { folder, scenarios } =
    scenario === undefined ? await runSuite(running, revision) : await runScenario(running, revision, scenario);
  const run = scenarios.filter(({ name }) => name === (scenario ?? name));
  const scored = run.filter(({ isScored }) => isScored);
  const unscored = run.filter(({ isScored }) => !isScored);
  console.log(`\n${revision}: ${scoreOf(scored)} scored, ${scoreOf(unscored)} not scored, results in ${folder}`);
  for (const line of shortfallsOf(run)) console.log(`  ${line}`);
  if (!scored.every(hasPassed)) process.exitCode = 1;
}
