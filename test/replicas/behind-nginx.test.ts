import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import type { SealedRecord } from '../../src/core/record.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { oneUpstream } from '../conformance/configuration.ts';
import { REVISIONS, type Revision, SCORES } from '../conformance/packages.ts';
import { type Report, scoreOf, shortfallsOf } from '../conformance/report.ts';
import { runSuitePausing } from '../conformance/suite.ts';
import { startTarget } from '../conformance/targets.ts';
import { atEndOfFile, type Finished, runProgram } from '../e2e/program.ts';
import { JOURNAL_POLICY, textsIn } from '../e2e/servers.ts';
import { CALLERS, keepCalling, type Tally } from './callers.ts';
import { type Given, type Replicas, startReplicas } from './replicas.ts';

// Three gateways behind nginx, of which one after another is killed and started again: first under the conformance suite,
// then beside the suite of the state port on the same PostgreSQL. What is under way in a gateway that dies is lost, so the
// conformance suite is let wait while one dies; other clients are not, and call without a pause all the while.

const atEnd = atEndOfFile();
let replicas: Replicas;
const reports = new Map<Revision, Report>();
let state: Finished;
let tally: Tally;
/** After each of the three suites. */
const kills: number[] = [];

beforeAll(async () => {
  const upstream = await startTarget('direct');
  atEnd(async () => {
    await upstream.close();
    rmSync(upstream.folder, { recursive: true, force: true, maxRetries: 5 });
  });
  replicas = await startReplicas({ configIn: (folder) => configuration(folder, upstream.url), atEnd });
  const stopCalling = keepCalling(replicas.url);
  const tried = { url: replicas.url, folder: upstream.folder };
  for (const revision of REVISIONS.toReversed()) {
    reports.set(revision, await runSuitePausing(tried, revision, killBefore));
    kills.push(replicas.kills());
  }
  state = await killingMeanwhile(runStateSuite());
  kills.push(replicas.kills());
  await replicas.allBack();
  tally = await stopCalling();
});

test.each(REVISIONS)('what %s requires passes, whichever gateway is asked and while one is gone', (revision) => {
  const scored = reports.get(revision)?.scenarios.filter(({ isScored }) => isScored) ?? [];
  expect(shortfallsOf(scored)).toEqual([]);
  expect(scoreOf(scored)).toBe(SCORES[revision]);
});

test('the suite of the state port passes on the same PostgreSQL meanwhile', () => {
  expect(state.stdout).toMatch(/Tests +\d+ passed/);
  expect(state).toMatchObject({ code: 0 });
});

test('during each suite gateways were killed', () => {
  const during = kills.map((count, index) => count - (kills[index - 1] ?? 0));
  expect(during.filter((count) => count === 0)).toEqual([]);
});

test('a kill loses only what was under way there, and nothing is done twice or without a record', async () => {
  expect(tally.refused).toEqual([]);
  expect(tally.lost.length).toBeLessThanOrEqual(CALLERS * replicas.kills());
  const done = replicas.places.flatMap((place) => textsIn(place).map(String));
  expect(done.filter((text, index) => done.indexOf(text) !== index)).toEqual([]);
  const [once, allowed] = [new Set(done), new Set(await allowedTexts())];
  expect(tally.answered.filter((text) => !once.has(text))).toEqual([]);
  expect(done.filter((text) => !allowed.has(text))).toEqual([]);
  for (const place of replicas.places)
    expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

test('nginx asks each gateway in turn, and another where one refuses', () => {
  const served = replicas.nginx.served();
  for (const port of replicas.ports) {
    const answered = served.filter(({ tried, status }) => tried.at(-1) === port && status === 200);
    expect(answered.length).toBeGreaterThan(served.length / 5);
  }
  const taken = served.filter(({ tried }) => tried.length > 1);
  expect(taken.map(({ status }) => status)).toContain(200);
});

/** The one scenario that gives some answers half a second begins when all are back. */
async function killBefore(scenario: string): Promise<void> {
  await replicas.killNext();
  if (scenario === 'server-stateless') await replicas.allBack();
}

/** Each with the upstream of the suite, which all share, and a journal of its own. */
function configuration(folder: string, url: string): Given {
  const { mcpServers } = parse(oneUpstream({ kind: 'http', url })) as Given;
  const args = [resolve('servers/journal/server.mjs'), `${folder}/journal`];
  const journal = { command: process.execPath, args, policy: { source: JOURNAL_POLICY } };
  return {
    gateway: { toolNames: 'plain' },
    decisions: { arguments: 'full' },
    mcpServers: { ...mcpServers, journal },
  };
}

/** The files of test/state, in a run of their own on the PostgreSQL of this one. */
function runStateSuite(): Promise<Finished> {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.postgres.config.ts', 'test/state'];
  const given = { MCP_GATEWAY_BUILT: '1', POSTGRES_OF_TESTS: JSON.stringify(inject('postgres')) };
  const env = { PATH: process.env['PATH'], NO_COLOR: '1', ...given };
  return new Promise((settle) => {
    execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      settle({ code: error === null ? 0 : 1, stdout, stderr }),
    );
  });
}

async function killingMeanwhile<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const killing = (async () => {
    while (!over.signal.aborted) {
      await replicas.killNext();
      await wait(100);
    }
  })();
  try {
    return await work;
  } finally {
    over.abort();
    await killing;
  }
}

async function allowedTexts(): Promise<readonly string[]> {
  const reader = new DecisionReader({ url: replicas.database });
  try {
    const records = await reader.list({ limit: Number.MAX_SAFE_INTEGER, tool: 'write' });
    return records.filter(({ effect }) => effect === 'allow').map(textOf);
  } finally {
    await reader.close();
  }
}

function textOf({ input }: SealedRecord): string {
  return (input as { readonly action: { readonly args: { readonly text: string } } }).action.args.text;
}
