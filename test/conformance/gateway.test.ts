import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SealedRecord } from '../../src/core/record.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { REVISIONS, type Revision, SCORES } from './packages.ts';
import { type Scenario, scoreOf, shortChecksOf, shortfallsOf } from './report.ts';
import { runSuite } from './suite.ts';
import { startTarget, type Target } from './targets.ts';

interface Run {
  /** Of each revision. */
  readonly scenarios: ReadonlyMap<Revision, readonly Scenario[]>;
  readonly records: readonly SealedRecord[];
}

const roads: readonly { readonly name: string; readonly target: Target }[] = [
  { name: 'one upstream over HTTP', target: 'gateway' },
  { name: 'one upstream over stdio', target: 'gateway-stdio' },
  { name: 'two upstreams', target: 'gateway-two' },
];

const runs = new Map<Target, Run>();

// Two at a time: a run waits more than it computes.
beforeAll(async () => {
  const inTurn = async (...targets: readonly Target[]): Promise<void> => {
    for (const target of targets) runs.set(target, await runBoth(target));
  };
  await Promise.all([inTurn('direct', 'gateway'), inTurn('gateway-stdio', 'gateway-two')]);
});

describe.each(roads)('through the gateway to $name', ({ target }) => {
  test.each(REVISIONS)('every scenario of %s that counts passes', (revision) => {
    const scored = scenariosOf(target, revision).filter(({ isScored }) => isScored);
    expect(shortfallsOf(scored)).toEqual([]);
    expect(scoreOf(scored)).toBe(SCORES[revision]);
  });

  test.each(REVISIONS)('no other scenario of %s falls behind the upstream itself', (revision) => {
    const without = shortChecksOf(scenariosOf('direct', revision));
    const checks = shortChecksOf(scenariosOf(target, revision));
    expect(checks.filter((check) => !without.includes(check))).toEqual([]);
  });

  test('every kind of request was decided, and each record follows from what it keeps', () => {
    const { records } = runOf(target);
    expect(records.filter((record) => !reproduces(record))).toEqual([]);
    const allowed = new Set(records.filter(({ effect }) => effect === 'allow').map(({ action }) => action));
    expect([...allowed]).toEqual(expect.arrayContaining(KINDS));
  });
});

const KINDS = [
  'tool_call',
  'resource_read',
  'prompt_get',
  'completion',
  'subscribe',
  'sampling',
  'elicitation',
  'roots',
];

/** Both revisions against the same processes, as clients of any age share a gateway. */
async function runBoth(target: Target): Promise<Run> {
  const running = await startTarget(target);
  const scenarios = new Map<Revision, readonly Scenario[]>();
  try {
    for (const revision of REVISIONS) scenarios.set(revision, (await runSuite(running, revision)).scenarios);
  } finally {
    await running.close();
  }
  const records = target === 'direct' ? [] : await recordsIn(running.folder);
  rmSync(running.folder, { recursive: true, force: true, maxRetries: 5 });
  return { scenarios, records };
}

function scenariosOf(target: Target, revision: Revision): readonly Scenario[] {
  return runOf(target).scenarios.get(revision) ?? [];
}

function runOf(target: Target): Run {
  const run = runs.get(target);
  if (run === undefined) throw new Error(`${target} was not run`);
  return run;
}

async function recordsIn(folder: string): Promise<readonly SealedRecord[]> {
  const reader = new DecisionReader({ path: join(folder, 'home', 'decisions.db') });
  try {
    return await reader.list({ limit: Number.MAX_SAFE_INTEGER });
  } finally {
    await reader.close();
  }
}
