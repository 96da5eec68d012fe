import type { ActionType } from '../core/action.ts';
import { NO_RESULT, type PolicyInput } from '../core/policy-input.ts';
import type { OwnDenial, SealedRecord } from '../core/record.ts';
import { combine } from '../policy/combine.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { ReplayPolicy } from './replay-policy.ts';

/** Which list says whether a thing may be seen that such a request is about, and the denial of what it hides. */
const LISTED: Partial<Record<ActionType | 'method', { readonly list: ActionType; readonly reason: string }>> = {
  tool_call: { list: 'tool_list', reason: 'gateway.unknown_tool' },
  prompt_get: { list: 'prompt_list', reason: 'gateway.unknown_prompt' },
  resource_read: { list: 'resource_list', reason: 'gateway.unknown_resource' },
  subscribe: { list: 'resource_list', reason: 'gateway.unknown_resource' },
};
const UNKNOWN: ReadonlySet<string> = new Set(Object.values(LISTED).map(({ reason }) => reason));

/** Whether what was asked for is not there for the agent, for whatever reason. */
export function saysUnknown({ reason }: OwnDenial): boolean {
  return UNKNOWN.has(reason);
}

/** Whether policy has hidden it, rather than that it is not there or the configuration keeps it away. */
export function isOfPolicy(denial: OwnDenial): boolean {
  return saysUnknown(denial) && denial.internal !== '' && denial.rules.length > 0;
}

const MOST_KEPT = 10_000;

/** What policies hide from whom; each such question is asked once. */
export class Visibilities {
  readonly #kept = new WeakMap<PolicySet, Map<string, OwnDenial | undefined>>();

  /** The denial of a request for what a policy hides; undefined where it does not hide it. */
  denialOf(record: SealedRecord, input: PolicyInput, { policy }: ReplayPolicy): OwnDenial | undefined {
    const listed = LISTED[record.action];
    if (listed === undefined) return undefined;
    const asked = { record, input: listInput(input, listed.list, policy), ...listed };
    const key = keyOf(asked);
    const kept = this.#kept.get(policy) ?? new Map<string, OwnDenial | undefined>();
    this.#kept.set(policy, kept);
    if (kept.has(key)) return kept.get(key);
    if (kept.size >= MOST_KEPT) kept.clear();
    const denial = decide(asked, policy);
    kept.set(key, denial);
    return denial;
  }
}

interface Asked {
  readonly record: SealedRecord;
  readonly input: PolicyInput;
  readonly list: ActionType;
  readonly reason: string;
}

/** As a listing would ask: of the thing alone, without the call. */
function listInput(input: PolicyInput, list: ActionType, policy: PolicySet): PolicyInput {
  const { action, server } = input;
  const own = policy.participants.find(({ place }) => place.kind === 'server' && place.server === server.id);
  const declared = own?.loaded?.bundle.manifest.metadata.gateway.tools[action.tool]?.data_classes ?? [];
  const thing = { ...action, type: list, hash: '', ref: {}, request: {}, result: NO_RESULT, schema_checked: false };
  return {
    ...input,
    identity: { capabilities: {} },
    action: { ...thing, data_classes_referenced: [...declared] },
  };
}

/** What hides must not depend on the time or on the call. */
function keyOf({ record, input }: Asked): string {
  const { agent, user, server, action, environment } = input;
  const { args: _, ...thing } = action;
  const { time: _time, time_ms: _ms, weekday: _day, ...place } = environment;
  return JSON.stringify([agent, user, server, thing, place, record.combine.delegators]);
}

function decide({ record, input, list, reason }: Asked, policy: PolicySet): OwnDenial | undefined {
  const { server, tool } = record;
  const { delegators } = record.combine;
  const facts = { action: list, server, tool };
  const { opinions, required, modes } = policy.evaluate({ ...facts, agent: input.agent.id, input, delegators });
  const decision = combine({
    ...facts,
    layers: opinions,
    combine: { ...record.combine, required, carries: [], modes, own: [], approvals: [], reservations: [] },
  });
  const { reason_internal: internal, matched_rules: rules } = decision;
  return decision.effect === 'allow' || internal === '' ? undefined : { reason, internal, rules, params: {} };
}
