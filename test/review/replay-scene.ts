import type { JsonObject } from '../../src/core/json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { ApprovalFact, Outcome, SealedRecord } from '../../src/core/record.ts';
import { type Court, rule } from '../../src/gateway/rule.ts';
import { keepRuling } from '../../src/gateway/keep-ruling.ts';
import { buildPolicySet } from '../../src/policy/build-policy-set.ts';
import type { Participant } from '../../src/policy/participant.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import type { Toolchain } from '../../src/rego/toolchain.ts';
import type { RecordedPolicies } from '../../src/review/replay-recorded.ts';
import type { ReplayReport } from '../../src/review/replay-report.ts';
import { replay } from '../../src/review/replay.ts';
import { decisionIds } from '../../src/state/decision-id.ts';
import { createMasker } from '../../src/state/masking.ts';
import type { ReadDecision } from '../../src/state/sealed-decisions.ts';
import { aCaller, LABELS } from '../gateway/makers.ts';
import { compilerOf, libraryFiles, type SmallBundle, smallParticipant } from '../policy/shipped-bundles.ts';
import { realClock, silent } from '../state/records.ts';

export const NOON = Date.parse('2026-03-02T12:00:00Z');

/** Server and resource grant everything. */
export const GRANTING: readonly SmallBundle[] = [
  { id: 'files', layer: 'server', place: { kind: 'server', server: 'files' }, rego: aRule('allow', 'S-1', 'true') },
  { id: 'owners', layer: 'resource', rego: aRule('allow', 'R-1', 'true') },
];

/** A rule with its annotation. `when`: its condition, or that and the further members of its element. */
export function aRule(set: string, id: string, when: string | readonly [condition: string, members: string]): string {
  const [condition, members] = typeof when === 'string' ? [when, '"reason": "because"'] : when;
  const annotation = `# METADATA\n# title: The rule ${id}\n# custom: {id: ${id}}\n`;
  return `${annotation}${set} contains {"id": "${id}", ${members}} if ${condition}\n`;
}

/** Makes policies; what two of them share is compiled once. */
export function policyMaker(toolchain: Toolchain): (bundles: readonly ScenedBundle[]) => Promise<PolicySet> {
  const inspect = once((small: SmallBundle) => smallParticipant(toolchain, small));
  const compile = once(compilerOf(toolchain));
  return async (bundles) => {
    const participants = bundles.map(async ({ mode = 'enforce', ruleModes = {}, ...small }): Promise<Participant> => {
      return { ...(await inspect(small)), mode, ruleModes };
    });
    return buildPolicySet({
      participants: await Promise.all(participants),
      library: libraryFiles(),
      toolchainDigest: toolchain.digest,
      compile,
      clock: realClock,
      logger: silent,
    });
  };
}

type ScenedBundle = SmallBundle & Partial<Pick<Participant, 'mode' | 'ruleModes'>>;

function once<Argument, Result>(
  make: (argument: Argument) => Promise<Result>,
): (argument: Argument) => Promise<Result> {
  const made = new Map<string, Promise<Result>>();
  return (argument) => {
    const key = JSON.stringify(argument);
    const known = made.get(key) ?? make(argument);
    made.set(key, known);
    return known;
  };
}

export interface Call {
  readonly tool?: string;
  readonly agent?: string;
  readonly args?: JsonObject;
  readonly atMs?: number;
  readonly budgets?: PolicyInput['budgets'];
  readonly approvals?: readonly ApprovalFact[];
  /** JSON pointers into the arguments that the record must not keep. */
  readonly redact?: readonly string[];
  /** Limits that have no room for it, by the name of their counter. */
  readonly full?: readonly string[];
  readonly outcome?: Partial<Outcome>;
}

let seq = 0;

/** A call as a gateway decides and records it. */
export async function recorded(policy: PolicySet, call: Call = {}): Promise<SealedRecord> {
  const { tool = 'read', agent = 'coder', redact = [], approvals = [], full = [], outcome } = call;
  const caller = aCaller(agent);
  const question = { caller, action: 'tool_call', server: 'files', tool, own: [], input: inputOf(call) } as const;
  const asked = rule({ ...question, dropped: [], traceId: '' }, courtOf(policy, redact));
  const ruling = approvals.length === 0 ? asked : asked.meet(approvals);
  const refused = ruling.charges.flatMap(({ counter }, place) => (full.includes(counter) ? [place] : []));
  const kept = await keepRuling(ruling, {
    append: async () => undefined,
    commit: async () => (refused.length > 0 ? { refused } : { remaining: ruling.charges.map(() => 1) }),
  } as unknown as Parameters<typeof keepRuling>[1]);
  seq += 1;
  const record: unknown = JSON.parse(JSON.stringify(kept.record));
  const seal = { seq, chain: 'chain', instance: 'one', hash: '' };
  const end = { id: kept.record.id, status: 'ok', withheld: false, ms: 1, record_us: 1, settled: [], seq, hash: '' };
  return {
    ...(record as SealedRecord),
    ...seal,
    outcome: outcome === undefined ? null : ({ ...end, ...outcome } as never),
  };
}

function inputOf({ tool = 'read', agent = 'coder', args = {}, atMs = NOON, budgets = {} }: Call): PolicyInput {
  const environment = { ...TOTAL_INPUT.environment, time: new Date(atMs).toISOString(), time_ms: atMs };
  return {
    ...TOTAL_INPUT,
    agent: { ...TOTAL_INPUT.agent, id: agent, delegated_by: [] },
    server: { ...TOTAL_INPUT.server, id: 'files' },
    action: { ...TOTAL_INPUT.action, type: 'tool_call', tool, args },
    budgets,
    environment,
  };
}

const newId = decisionIds(realClock);

function courtOf(policy: PolicySet, redact: readonly string[]): Court {
  const masker = createMasker({ arguments: 'redacted', redact: [], secrets: [], keyedHash: () => 'hmac:0123456789ab' });
  return {
    policy,
    clock: realClock,
    newId,
    mask: {
      maskInput: (input) => masker.maskInput(input, [], redact),
      maskQuotes: (value, hidden) => masker.maskQuotes(value, hidden),
    },
    labels: LABELS,
  };
}

export interface Replaying {
  readonly active: PolicySet;
  readonly candidate?: PolicySet;
  readonly loop?: 'open' | 'closed';
  /** By default the active one is what decided. */
  readonly recordedBy?: RecordedPolicies;
}

export function replayOf(
  records: readonly SealedRecord[],
  { active, candidate, loop = 'open', recordedBy }: Replaying,
): Promise<ReplayReport> {
  const by = { policy: active, library: 'library' };
  return replay({
    records: pagesOf(records),
    recordedBy: async () => recordedBy ?? { kind: 'kept', policies: [{ by, fromMs: 0 }] },
    active: by,
    candidate: candidate && { policy: candidate, library: 'library' },
    loop,
    explain: ({ class: kind }) => [`explains ${kind}`],
  });
}

async function* pagesOf(records: readonly SealedRecord[]): AsyncGenerator<readonly ReadDecision[]> {
  for (let first = 0; first < records.length; first += 3) {
    yield records.slice(first, first + 3).map((record) => ({ kind: 'whole', record }) as const);
  }
}

/** The classes that anything was found of. */
export function found({ classes }: Pick<ReplayReport, 'classes'>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(classes).filter(([, count]) => count > 0));
}
