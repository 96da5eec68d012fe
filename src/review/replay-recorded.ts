import type { Decision } from '../core/decision.ts';
import type { Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { SealedRecord } from '../core/record.ts';
import { shadowDecision } from '../policy/combine-record.ts';
import type { Evaluation } from '../policy/policy-set.ts';
import type { Heard } from './replay-again.ts';
import { inputOf, unanswered } from './replay-input.ts';
import type { ReplayPolicy } from './replay-policy.ts';
import { sameAsRecorded } from './replay-same.ts';
import { isOfPolicy, type Visibilities } from './replay-visibility.ts';

/** The bundles of a generation, once for each way in which they counted, those that held last first. */
export type RecordedPolicies =
  | { readonly kind: 'kept'; readonly policies: readonly DatedPolicy[] }
  /** They cannot be asked any more; `why` says so for people. */
  | { readonly kind: 'gone'; readonly why: string };

export interface DatedPolicy {
  readonly by: ReplayPolicy;
  /** From when on it was in force, in milliseconds since the epoch. */
  readonly fromMs: number;
}

/** What came of making a decision again by the policy of its own time. */
export type Recorded =
  /** Every bundle that was asked then says the same, to the last bit, and it comes to the same decision. */
  | { readonly kind: 'reproduced'; readonly heard: Heard | undefined }
  /** What the bundles said is taken from the record; it comes to the same decision. */
  | { readonly kind: 'recombined'; readonly why: string; readonly heard: Heard | undefined }
  /** `what`: JSON pointers into the record. */
  | { readonly kind: 'differs'; readonly what: readonly string[]; readonly heard: Heard | undefined };

export interface Recollection {
  readonly record: SealedRecord;
  /** What its own facts combine to. */
  readonly decision: Decision;
}

/** Makes a recorded decision again as it was made. */
export function reproduce(
  { record, decision }: Recollection,
  known: RecordedPolicies,
  visibilities: Visibilities,
): Recorded {
  const what = differingParts(record, decision);
  if (what.length > 0) return { kind: 'differs', what, heard: undefined };
  const input = inputOf(record);
  const isAsked = record.layers.length > 0 || record.combine.own.some(isOfPolicy);
  if (input === undefined || !isAsked) return { kind: 'reproduced', heard: undefined };
  if (known.kind === 'gone') return { kind: 'recombined', why: known.why, heard: undefined };
  const policies = mostLikelyFirst(known.policies, record);
  const [likely] = policies;
  if (likely === undefined) return { kind: 'recombined', why: NOT_KEPT, heard: undefined };
  if (record.replayable.kind !== 'fully' || record.layers.some(endedByTheClock))
    return { kind: 'recombined', why: whyNot(record), heard: asRecorded(record, input, likely) };
  return askAgain({ record, input }, policies, visibilities);
}

/** Why a decision cannot be made again whose generation nobody kept. */
export const NOT_KEPT = 'its generation is not kept';

const PARTS = ['effect', 'reasons', 'reason_internal', 'matched_rules', 'lifted', 'obligations'] as const;

/** The parts of a record that do not follow from its own facts. */
function differingParts(record: SealedRecord, decision: Decision): readonly string[] {
  const parts: string[] = PARTS.filter((part) => !sameAsRecorded(record[part], decision[part]));
  if (!sameAsRecorded(record.shadow, shadowDecision(record))) parts.push('shadow');
  return parts.map((part) => `/${part}`);
}

/** The modes of bundles may have changed while the bundles stayed; those of the time of the record come first. */
function mostLikelyFirst(
  policies: readonly DatedPolicy[],
  { combine: { now } }: SealedRecord,
): readonly ReplayPolicy[] {
  if (policies.length < 2) return policies.map(({ by }) => by);
  const before = policies.filter(({ fromMs }) => fromMs <= now);
  return [...before, ...policies.filter(({ fromMs }) => fromMs > now).toReversed()].map(({ by }) => by);
}

/** How fast the machine was is not on record. */
function endedByTheClock({ status, error }: Opinion): boolean {
  return status === 'timeout' && error.startsWith('it took longer than');
}

function whyNot({ replayable }: SealedRecord): string {
  if (replayable.kind === 'not') return replayable.why;
  return replayable.kind === 'partly' ? 'its rules read what is masked' : 'it was ended by the clock';
}

function asRecorded(record: SealedRecord, input: PolicyInput, by: ReplayPolicy): Heard {
  return { by, opinions: record.layers, capabilities: input.identity.capabilities, budgets: record.budgets };
}

interface Asked {
  readonly record: SealedRecord;
  readonly input: PolicyInput;
}

function askAgain(asked: Asked, policies: readonly ReplayPolicy[], visibilities: Visibilities): Recorded {
  let first: Recorded | undefined;
  for (const by of policies) {
    const recorded = askOne(asked, by, visibilities);
    if (recorded.kind === 'reproduced') return recorded;
    first ??= recorded;
  }
  return first ?? { kind: 'recombined', why: NOT_KEPT, heard: undefined };
}

function askOne({ record, input }: Asked, by: ReplayPolicy, visibilities: Visibilities): Recorded {
  const { action, server, tool, layers, combine: facts } = record;
  if (action === 'method' || layers.length === 0) return seeAgain({ record, input }, by, visibilities);
  const evaluation = by.policy.evaluate({
    action,
    server,
    agent: input.agent.id,
    tool,
    input: unanswered(input, record.budgets),
    delegators: facts.delegators,
  });
  const { capabilities } = evaluation.input.identity;
  const heard = { by, opinions: evaluation.opinions, capabilities, budgets: record.budgets };
  const what = differencesIn({ record, input }, evaluation);
  return what.length === 0 ? { kind: 'reproduced', heard } : { kind: 'differs', what, heard };
}

/** What was hidden then has to be hidden again. */
function seeAgain({ record, input }: Asked, by: ReplayPolicy, visibilities: Visibilities): Recorded {
  const then = record.combine.own.find(isOfPolicy);
  const isSame = sameAsRecorded(then, visibilities.denialOf(record, input, by));
  const heard = undefined;
  return isSame ? { kind: 'reproduced', heard } : { kind: 'differs', what: ['/combine/own'], heard };
}

const OPINION_MEMBERS = [
  ...(['layer', 'bundle', 'agent', 'digest', 'mode', 'status', 'error', 'fuel'] as const),
  ...(['allow', 'deny', 'hide', 'obligations', 'permit', 'labels', 'capabilities'] as const),
] as const;

function differencesIn({ record, input }: Asked, { opinions, required, modes, input: granted }: Evaluation): string[] {
  const what: string[] = [];
  if (!sameAsRecorded(record.combine.required, required)) what.push('/combine/required');
  if (!sameAsRecorded(record.combine.modes, modes)) what.push('/combine/modes');
  if (!sameAsRecorded(input.identity.capabilities, granted.identity.capabilities)) what.push('/input/identity');
  if (record.layers.length !== opinions.length) return [...what, '/layers'];
  for (const [index, opinion] of opinions.entries()) {
    const recorded = record.layers[index];
    if (recorded === undefined) continue;
    for (const member of OPINION_MEMBERS) {
      if (!sameAsRecorded(recorded[member], opinion[member])) what.push(`/layers/${index}/${member}`);
    }
  }
  return what;
}
