import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REVISIONS, SCORES } from './packages.ts';
import { hasPassed, type Scenario, scoreOf, shortfallsOf } from './report.ts';
import { runSuite } from './suite.ts';
import { type Running, startTarget } from './targets.ts';

let upstream: Running;

beforeAll(async () => {
  upstream = await startTarget('direct');
});

afterAll(async () => {
  await upstream.close();
  rmSync(upstream.folder, { recursive: true, force: true, maxRetries: 5 });
});

// What the gateway is measured with must be right itself.
describe.each(REVISIONS)('the upstream of the suite, without the gateway, on %s', (revision) => {
  let scenarios: readonly Scenario[];

  beforeAll(async () => {
    ({ scenarios } = await runSuite(upstream, revision));
  });

  test('passes every scenario that counts, without a warning', () => {
    const scored = scenarios.filter(({ isScored }) => isScored);
    expect(shortfallsOf(scored)).toEqual([]);
    expect(scoreOf(scored)).toBe(SCORES[revision]);
  });

  test('passes every other scenario but the one that the SDK gives a tool no way to pass', () => {
    // A tool that throws -32021 is answered for with a result that says so, not with the error.
    const failed = scenarios.filter((scenario) => !scenario.isScored && !hasPassed(scenario));
    expect(failed.map(({ name }) => name).filter((name) => name !== 'tasks-required-task-error')).toEqual([]);
  });
});
