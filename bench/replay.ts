import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type BundleLoader, readLibrary } from '../src/app/bundles.ts';
import { keepGeneration } from '../src/app/generation.ts';
import { loadPolicies, type WantedBundle } from '../src/app/policies.ts';
import { replayDecisions } from '../src/app/replay.ts';
import { validateAgainst } from '../src/catalog/validate-against.ts';
import type { Clock } from '../src/core/clock.ts';
import type { Logger } from '../src/core/logger.ts';
import type { PolicyInput } from '../src/core/policy-input.ts';
import { type Court, rule } from '../src/gateway/rule.ts';
import { combine } from '../src/policy/combine.ts';
import type { PolicySet } from '../src/policy/policy-set.ts';
import { Toolchain } from '../src/rego/toolchain.ts';
import { ChainKeys } from '../src/state/chain-key.ts';
import { decisionIds } from '../src/state/decision-id.ts';
import { DecisionReader } from '../src/state/decision-reader.ts';
import { createMasker } from '../src/state/masking.ts';
import { Store } from '../src/state/store.ts';
import { bundleFolder } from './configuration.ts';
import { complain, inputOf, SIX, wantedBundle } from './decide.ts';
import { WARM_CACHE, WORK } from './place.ts';
import { CALLER } from './state.ts';
import { median } from './statistics.ts';
import { AGENT, SERVER, TOOL } from './workload.ts';

/** Recorded decisions of the six heavy bundles, made again. CPU is that of the process, user and system. */
export interface Replaying {
  readonly decisions: number;
  /** The decision alone, in the same run: the bundles asked, their opinions combined. */
  readonly aloneCpuUs: number;
  /** Of one replayed decision: by what decides now, which is what decided then, and with a candidate for one bundle. */
  readonly selfCheckCpuUs: number;
  readonly candidateCpuUs: number;
  /** Each against the decision alone right before it; the median. */
  readonly selfCheckRatio: number;
  readonly candidateRatio: number;
  readonly perSecond: number;
  /** Resident memory at its highest, of a tenth of the decisions and of all. */
  readonly tenthBytes: number;
  readonly allBytes: number;
}

const FOLDER = `${WORK}replay/`;
const CANDIDATE = `${FOLDER}workflow`;
const START_MS = Date.parse('2026-11-02T08:00:00Z');
const APART_MS = 1_700;
const AT_ONCE = 200;
const SLICES = 9;
const MOST_IN_A_SLICE = 2_000;
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: complain };

/** `writeBundles` has run. */
export async function measureReplaying(decisions: number): Promise<Replaying> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeCandidate();
  const toolchain = new Toolchain({ cacheFolder: WARM_CACHE });
  try {
    const loader: BundleLoader = { toolchain, library: readLibrary(), validate: validateAgainst };
    const options = { loader, required: [], evaluationFuel: 2_000_000, engine: 'native', clock, logger } as const;
    const wanted = SIX.map(wantedBundle);
    const tried: WantedBundle['origin'] = { kind: 'path', path: CANDIDATE };
    const active = await loadPolicies(wanted, options);
    const candidate = await loadPolicies(
      wanted.map((one) => (one.id === 'workflow' ? { ...one, origin: tried } : one)),
      options,
    );
    await record(decisions, active, loader);
    return await measure({ decisions, active, candidate, loader });
  } finally {
    await toolchain.close();
  }
}

function ignore(): void {
  // What is worth a warning in a gateway is not worth a line in a benchmark.
}

/** The workflow bundle with one more rule, which denies every fourth hundred. */
function writeCandidate(): void {
  cpSync(bundleFolder('workflow'), CANDIDATE, { recursive: true });
  rmSync(`${CANDIDATE}/policy_test.rego`);
  const source = readFileSync(`${bundleFolder('workflow')}/policy.rego`, 'utf8');
  writeFileSync(
    `${CANDIDATE}/candidate.rego`,
    `${source.split('\n').find((line) => line.startsWith('package ')) ?? ''}

# METADATA
# title: Amounts above three hundred are denied
# custom: {id: BWF-901}
deny contains {"id": "BWF-901", "reason": "too_much"} if input.action.args.amount > 300
`,
  );
}

async function record(decisions: number, policy: PolicySet, loader: BundleLoader): Promise<void> {
  const path = `${FOLDER}decisions.db`;
  const store = await Store.open({ path, home: FOLDER, durability: 'normal', clock, logger });
  try {
    const activated = { policy, loader, at: START_MS, instance: store.instance, why: 'start' };
    await keepGeneration(store.generations, activated);
    const court = aCourt(store, policy);
    for (let first = 0; first < decisions; first += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, decisions - first) }, (_, index) => first + index);
      await Promise.all(
        numbers.map((number) => {
          const { record: made, inputText } = rule(questionOf(recordedInput(number)), court);
          return store.log.append(made, inputText);
        }),
      );
    }
  } finally {
    await store.close();
  }
}

function aCourt(store: Store, policy: PolicySet): Court {
  const keyedHash = (value: string): string => store.keyedHash(value);
  const masker = createMasker({ arguments: 'redacted', redact: [], secrets: [], keyedHash });
  const mask: Court['mask'] = {
    maskInput: (input) => masker.maskInput(input, []),
    maskQuotes: (value, hidden) => masker.maskQuotes(value, hidden),
  };
  return { policy, clock, newId: decisionIds(clock), mask, labels: { ttlMs: 3_600_000, isSticky: () => false } };
}

function questionOf(input: PolicyInput): Parameters<typeof rule>[0] {
  const about = { action: 'tool_call', server: SERVER, tool: TOOL } as const;
  return { caller: CALLER, ...about, own: [], input, dropped: [], traceId: '' };
}

/** One call after the other. */
function recordedInput(number: number): PolicyInput {
  const input = inputOf(number);
  const now = START_MS + number * APART_MS;
  return { ...input, environment: { ...input.environment, time: new Date(now).toISOString(), time_ms: now } };
}

interface Parts {
  readonly decisions: number;
  readonly active: PolicySet;
  readonly candidate: PolicySet;
  readonly loader: BundleLoader;
}

/** The decision alone and the replay in turn, so that a busy minute of the machine falls on both. */
async function measure(parts: Parts): Promise<Replaying> {
  const { decisions } = parts;
  const tenth = Math.ceil(decisions / 10);
  await replayed(parts, { limit: tenth });
  const { peakBytes: tenthBytes } = await replayed(parts, { limit: tenth });
  const slice = Math.min(Math.ceil(decisions / SLICES), MOST_IN_A_SLICE);
  const alone: number[] = [];
  const self: number[] = [];
  const tried: number[] = [];
  for (let round = 0; round < SLICES; round += 1) {
    alone.push(decideAlone(parts, slice, round * slice));
    self.push((await replayed(parts, { limit: slice })).cpuUs);
    tried.push((await replayed(parts, { limit: slice, candidate: parts.candidate })).cpuUs);
  }
  const all = await replayed(parts, { limit: Number.MAX_SAFE_INTEGER });
  return {
    decisions,
    aloneCpuUs: median(alone),
    selfCheckCpuUs: median(self),
    candidateCpuUs: median(tried),
    selfCheckRatio: median(self.map((us, round) => us / (alone[round] ?? Number.NaN))),
    candidateRatio: median(tried.map((us, round) => us / (alone[round] ?? Number.NaN))),
    perSecond: all.perSecond,
    tenthBytes,
    allBytes: all.peakBytes,
  };
}

/** Microseconds of CPU of one. */
function decideAlone({ active }: Parts, count: number, first: number): number {
  const before = process.cpuUsage();
  for (let number = first; number < first + count; number += 1) {
    const input = recordedInput(number);
    const { opinions, required, modes } = active.evaluate({
      action: 'tool_call',
      server: SERVER,
      agent: AGENT,
      tool: TOOL,
      input,
    });
    const facts = { required, modes, carries: [], own: [], bypass: '', approvals: [], reservations: [] } as const;
    const now = input.environment.time_ms;
    combine({
      action: 'tool_call',
      server: SERVER,
      tool: TOOL,
      layers: opinions,
      combine: { version: 1, ...facts, now },
    });
  }
  return cpuSince(before) / count;
}

interface Replayed {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly peakBytes: number;
}

async function replayed(
  { active, loader }: Parts,
  { limit, candidate }: { readonly limit: number; readonly candidate?: PolicySet },
): Promise<Replayed> {
  const reader = new DecisionReader({ path: `${FOLDER}decisions.db` });
  let peakBytes = 0;
  const startedAt = performance.now();
  const before = process.cpuUsage();
  try {
    const report = await replayDecisions(
      {
        records: reader.sealed({ filter: { limit }, keys: new ChainKeys(FOLDER), withOutcomes: false }),
        generations: reader.generations,
        active,
        candidate,
        loop: 'open',
        onProgress: () => void (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())),
      },
      { loader, clock },
    );
    const cpuUs = cpuSince(before) / report.replayed;
    const { reproduced, recombined, alarms } = report.recorded;
    if (alarms.length + recombined.length > 0 || reproduced !== report.replayed) complain('not as recorded', alarms);
    if (candidate === undefined && report.classes.same !== report.replayed) complain('not the same', report.classes);
    return { cpuUs, perSecond: report.replayed / ((performance.now() - startedAt) / 1000), peakBytes };
  } finally {
    await reader.close();
  }
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
