import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type BundleLoader, readLibrary } from '../src/app/bundles.ts';
import { loadPolicies, starterBundles, type WantedBundle } from '../src/app/policies.ts';
import { validateAgainst } from '../src/catalog/validate-against.ts';
import { canonicalJson, sha256Hex } from '../src/core/canonical-json.ts';
import type { Clock } from '../src/core/clock.ts';
import type { Logger } from '../src/core/logger.ts';
import type { Layer } from '../src/core/opinion.ts';
import { buildInput } from '../src/gateway/build-input.ts';
import { Conversations } from '../src/gateway/conversation.ts';
import type { Governing } from '../src/gateway/governing.ts';
import { keepRuling } from '../src/gateway/keep-ruling.ts';
import type { Caller } from '../src/gateway/port.ts';
import { createClassifier } from '../src/gateway/data-classes.ts';
import { recallForCall } from '../src/gateway/recall.ts';
import { rule } from '../src/gateway/rule.ts';
import type { PolicySet } from '../src/policy/policy-set.ts';
import { decisionIds } from '../src/state/decision-id.ts';
import { createMasker } from '../src/state/masking.ts';
import { Store } from '../src/state/store.ts';
import { Toolchain } from '../src/rego/toolchain.ts';
import { bundleFolder } from './configuration.ts';
import { complain, SIX, type Times, timesOf, wantedBundle } from './decide.ts';
import { WARM_CACHE, WORK } from './place.ts';
import { AGENT, DATA_CLASS, ordinaryCall, REGION, SERVER, TEAM, TOOL, USER } from './workload.ts';

/** Tool calls decided and recorded in this process, one at a time; settling is not part of it. */
export interface Remembering {
  /** The six heavy bundles with two counters, read by the workflow bundle and charged by it, and a label attached and read. */
  readonly withState: Times;
  readonly withoutState: Times;
  /** The starter set. */
  readonly starter: Times;
}

const NAMES = ['starter', 'heavy', 'counting'] as const;
type Name = (typeof NAMES)[number];

const FOLDER = `${WORK}state/`;
const COUNTED = `${FOLDER}workflow`;
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: complain };

/** `writeBundles` has run. */
export async function measureRemembering(rounds: number): Promise<Remembering> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeCountingBundle();
  const toolchain = new Toolchain({ cacheFolder: WARM_CACHE });
  try {
    const loader: BundleLoader = { toolchain, library: readLibrary(), validate: validateAgainst };
    const heavy = SIX.map(wantedBundle);
    const counted: WantedBundle['origin'] = { kind: 'path', path: COUNTED };
    const counting = heavy.map((one): WantedBundle => (one.id === 'workflow' ? { ...one, origin: counted } : one));
    const courts = {
      starter: await aCourtOf('starter', starterBundles(WITH_STARTER), loader),
      heavy: await aCourtOf('heavy', heavy, loader),
      counting: await aCourtOf('counting', counting, loader),
    };
    return await measure(courts, rounds);
  } finally {
    await toolchain.close();
  }
}

function ignore(): void {
  // What is worth a warning in a gateway is not worth a line in a benchmark.
}

/** The workflow bundle with two budgets, one for the agent's week, one for its hour, and a label. */
function writeCountingBundle(): void {
  cpSync(bundleFolder('workflow'), COUNTED, { recursive: true });
  // They say what the bundle says without budgets.
  rmSync(`${COUNTED}/policy_test.rego`);
  const manifest = JSON.parse(readFileSync(`${COUNTED}/.manifest`, 'utf8')) as {
    readonly metadata: { readonly gateway: object };
  };
  const counters = [
    counter('weekly', { kind: 'calendar', unit: 'week', tz: 'Europe/Berlin' }),
    counter('hourly', { kind: 'sliding', seconds: 3600 }),
  ];
  const metadata = { gateway: { ...manifest.metadata.gateway, counters } };
  writeFileSync(`${COUNTED}/.manifest`, JSON.stringify({ ...manifest, metadata }));
  writeFileSync(`${COUNTED}/counted.rego`, COUNTING);
}

function counter(name: string, window: object): object {
  return { name, unit: 'calls', key: ['agent.id', 'user.id'], window, limit: 1_000_000_000 };
}

const COUNTING = `package bench_workflow

# METADATA
# title: A budget that is used up denies
# custom: {id: BWF-207, remediation: 'Wait until {until}.', retry: after}
deny contains {"id": "BWF-207", "reason": "used_up", "params": {"until": input.budgets.weekly.resets_at}} if {
	input.budgets.weekly.ratio >= 1
}

# METADATA
# title: A budget that is nearly used up is pointed out
# custom: {id: BWF-304}
obligations contains {"id": "BWF-304", "type": "warn", "text": sprintf("%v are left.", [left])} if {
	left := input.budgets.hourly.remaining
	input.budgets.hourly.ratio >= 0.8
}

# METADATA
# title: Every call counts towards the week
# custom: {id: BWF-305}
obligations contains {"id": "BWF-305", "type": "counter", "name": "weekly", "cost": 1}

# METADATA
# title: Every call counts towards the hour
# custom: {id: BWF-306}
obligations contains {"id": "BWF-306", "type": "counter", "name": "hourly", "cost": 1}

# METADATA
# title: Every call marks the conversation
# custom: {id: BWF-307}
labels contains {"id": "BWF-307", "label": "measured"}
`;

const STARTER = { starter: true };
const WITH_STARTER: Readonly<Record<Layer, { readonly starter: boolean }>> = {
  identity: STARTER,
  server: STARTER,
  resource: STARTER,
  workflow: STARTER,
  compliance: STARTER,
  override: STARTER,
};

const LABELS = { ttlMs: 3_600_000, isSticky: () => false };

interface Court {
  readonly store: Store;
  readonly policy: PolicySet;
  readonly governing: Governing;
}

async function aCourtOf(name: string, wanted: readonly WantedBundle[], loader: BundleLoader): Promise<Court> {
  const options = { loader, required: [], evaluationFuel: 2_000_000, engine: 'native', clock, logger } as const;
  const policy = await loadPolicies(wanted, options);
  const path = `${FOLDER}${name}.db`;
  const store = await Store.open({ path, home: FOLDER, durability: 'normal', clock, logger });
  const keyedHash = (value: string): string => store.keyedHash(value);
  const masker = createMasker({ arguments: 'redacted', redact: [], secrets: [], keyedHash });
  const mask = {
    maskInput: (input: Parameters<typeof masker.maskInput>[0]) => masker.maskInput(input, []),
    maskQuotes: <T>(value: T, hidden: ReadonlySet<string>): T => masker.maskQuotes(value, hidden),
  };
  const newId = decisionIds(clock);
  const governing: Governing = {
    court: () => ({ policy, clock, newId, mask, labels: LABELS }),
    environment: {
      gateway: 'bench',
      region: REGION,
      isProduction: false,
      labels: {},
      timezone: 'UTC',
      weekdayAt: () => 'monday',
    },
    // As in every gateway: calls are counted and labels looked for whatever the policies say.
    conversations: new Conversations(clock, { store: store.conversations, logger, mostKept: 100 }),
    readLabels: (whose, now) => store.labelsOf(whose, now),
    results: { classifier: createClassifier([]), fitsOutput: async () => true },
    log: store.log,
    budgets: store,
    clock,
    logger,
  };
  return { store, policy, governing };
}

async function measure(courts: Readonly<Record<Name, Court>>, rounds: number): Promise<Remembering> {
  const warmUp = Math.min(rounds, 2000);
  const us: Readonly<Record<Name, number[]>> = { starter: [], heavy: [], counting: [] };
  try {
    for (let round = -warmUp; round < rounds; round += 1) {
      for (const name of NAMES) {
        const taken = await decide(courts[name], round + warmUp);
        if (round >= 0) us[name].push(taken);
      }
    }
  } finally {
    await Promise.all(NAMES.map((name) => courts[name].store.close()));
  }
  return { starter: timesOf(us.starter), withoutState: timesOf(us.heavy), withState: timesOf(us.counting) };
}

export const CALLER: Caller = {
  session: 'bench',
  principal: {
    agent: {
      id: AGENT,
      scope: '',
      owner_team: TEAM,
      model: '',
      client: { name: 'bench', version: '1' },
      delegated_by: [],
    },
    user: { id: USER, groups: [], data_classifications_authorized: [DATA_CLASS] },
  },
  client: { name: 'bench', version: '1', protocol: '2025-11-25' },
  era: 'session',
  capabilities: {},
};

/** Microseconds from reading the state to the commit. */
async function decide({ governing, store }: Court, number: number): Promise<number> {
  const args = ordinaryCall(number);
  const text = canonicalJson(args);
  const hash = sha256Hex(text);
  const startedAt = performance.now();
  const server = { id: SERVER, package: '', version: '', region: REGION, trust: '' };
  const tool = { tool: TOOL, annotations: {}, effect: 'read', consent: 'accepted', dataClasses: [] } as const;
  const about = { action: 'tool_call', principal: CALLER.principal, server, tool } as const;
  const subject = { action: 'tool_call', server, tool } as const;
  const call = { tool: `${SERVER}/${TOOL}`, hash, bytes: text.length };
  const recalled = await recallForCall(CALLER, { subject, call }, governing);
  const input = buildInput({
    ...about,
    call: {
      args,
      schemaChecked: true,
      hash,
      recalled,
      meta: {},
    },
    environment: governing.environment,
    now: recalled.nowMs,
  });
  const question = { caller: CALLER, action: 'tool_call', server: SERVER, tool: TOOL, own: [], input } as const;
  const ruling = await keepRuling(rule({ ...question, dropped: [], traceId: '' }, governing.court()), governing.log);
  const us = (performance.now() - startedAt) * 1000;
  if (ruling.decision.effect !== 'allow') complain('denied', ruling.decision);
  store.log.settle({ id: ruling.record.id, status: 'ok', withheld: false, ms: 1, record_us: 0, settled: [] });
  return us;
}
