import type { Bypass } from '../core/pause.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { Delegator } from '../core/principal.ts';
import { combine } from '../policy/combine.ts';
import type { CombineInput } from '../policy/combine-opinions.ts';
import { shadowDecision } from '../policy/combine-record.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { ListAction } from './route.ts';

/**
 * Whether a tool, prompt or resource may be seen. What is `hidden`, by rules or by scope, does not exist for the agent. What is `in_doubt`,
 * because a bundle could not be asked, is not listed either; a request for it is decided and says what is the matter.
 */
export type Visibility =
  /** `shadowed`: the rules that would hide it, were they not in shadow; absent where there are none. */
  | { readonly kind: 'visible'; readonly shadowed?: readonly string[] }
  | { readonly kind: 'hidden'; readonly internal: string; readonly rules: readonly string[] }
  | { readonly kind: 'in_doubt' };

export interface ListQuestion {
  readonly action: ListAction;
  /** Names the thing and its definition. */
  readonly pin: string;
  /** Tells principals apart. */
  readonly principal: string;
  readonly delegators: readonly Delegator[] | undefined;
  /** Absent is none. */
  readonly bypass?: Bypass;
  /** Made only where the answer is not known yet. */
  readonly input: () => PolicyInput;
}

const VISIBLE: Visibility = { kind: 'visible' };
const MOST_KEPT = 10_000;

/**
 * Decisions of the list phase, kept by generation, principal and thing: what hides a thing from a list also refuses every
 * request for it, because both take the answer from here.
 */
export class ListDecisions {
  /** By the set itself: two of one generation may differ in their modes. One that nothing is decided by any more is gone. */
  readonly #kept = new WeakMap<PolicySet, Map<string, Visibility>>();

  find(policy: PolicySet, question: ListQuestion): Visibility {
    const { pin, principal, bypass = '' } = question;
    const key = `${bypass}\n${pin}\n${principal}`;
    const decisions = this.#keptUnder(policy);
    const kept = decisions.get(key);
    if (kept !== undefined) return kept;
    if (decisions.size >= MOST_KEPT) decisions.clear();
    const visibility = decide(policy, question);
    decisions.set(key, visibility);
    return visibility;
  }

  #keptUnder(policy: PolicySet): Map<string, Visibility> {
    const known = this.#kept.get(policy);
    if (known !== undefined) return known;
    const decisions = new Map<string, Visibility>();
    this.#kept.set(policy, decisions);
    return decisions;
  }
}

function decide(policy: PolicySet, { action, delegators, bypass = '', ...question }: ListQuestion): Visibility {
  const input = question.input();
  const facts = { action, server: input.server.id, tool: input.action.tool };
  const { opinions, required, modes } = policy.evaluate({ ...facts, agent: input.agent.id, input, delegators });
  const all: CombineInput = {
    ...facts,
    layers: opinions,
    combine: {
      version: 1,
      required,
      carries: [],
      modes,
      own: [],
      bypass,
      now: input.environment.time_ms,
      approvals: [],
      reservations: [],
      ...(delegators && { delegators }),
    },
  };
  const decision = combine(all);
  if (decision.effect === 'allow') return visibleIn(all);
  const { reason_internal: internal, matched_rules: rules } = decision;
  return internal === '' ? { kind: 'in_doubt' } : { kind: 'hidden', internal, rules };
}

function visibleIn(facts: CombineInput): Visibility {
  const shadow = shadowDecision(facts);
  return shadow === null || shadow.effect === 'allow' ? VISIBLE : { kind: 'visible', shadowed: shadow.matched_rules };
}
