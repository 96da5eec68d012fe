import type { ActionType } from '../core/action.ts';
import { messageOf } from '../core/errors.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { Principal } from '../core/principal.ts';
import { budgetOf } from '../policy/budget-views.ts';
import { countedBy, type CountedBy, type Counter } from '../policy/counters.ts';
import type { KeyFacts } from '../policy/key-facts.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { ServerFacts, ToolFacts } from './build-input.ts';
import type { Governing } from './governing.ts';
import type { Caller } from './port.ts';

type Budgets = PolicyInput['budgets'];

/** Whose counts are read. */
export interface BudgetFacts {
  readonly action: ActionType;
  readonly principal: Principal;
  readonly delegators: Caller['delegators'];
  readonly server: ServerFacts;
  readonly tool: ToolFacts;
  /** Id of the conversation. */
  readonly conversation: string;
  /** The generation that decides; absent is the one in force. */
  readonly policy?: PolicySet | undefined;
}

const NONE: Budgets = {};

/**
 * How the counters stand that bundles in scope read, by full name; what no bundle reads costs nothing. They may be stale
 * when the request is decided: what it takes is reserved with the record. Where the store cannot be read they are left out,
 * and the bundles that need them then count as failed.
 */
export async function recallBudgets(facts: BudgetFacts, governing: Governing): Promise<Budgets> {
  const { action, principal, delegators, server, tool, policy = governing.court().policy } = facts;
  const { id: agent } = principal.agent;
  const counters = policy.countersRead({ action, server: server.id, agent, tool: tool.tool, delegators });
  if (counters.length === 0) return NONE;
  try {
    return await read(counters, keyFactsOf(facts, governing), governing);
  } catch (thrown) {
    governing.logger.error('budgets could not be read, so bundles that read them deny', { problem: messageOf(thrown) });
    return NONE;
  }
}

async function read(counters: readonly Counter[], facts: KeyFacts, { budgets, clock }: Governing): Promise<Budgets> {
  const now = clock.now();
  const counted = counters.map((counter) => countedBy(counter, facts, now));
  const counts = await budgets.readCounts(counted);
  const read = counted.map(
    (one: CountedBy, index) => [one.counter.fullName, budgetOf(one, counts[index], now)] as const,
  );
  return Object.fromEntries(read);
}

function keyFactsOf({ action, principal, server, tool, conversation }: BudgetFacts, governing: Governing): KeyFacts {
  return {
    agent: principal.agent,
    user: principal.user,
    server,
    action: { type: action, tool: tool.tool, effect: tool.effect },
    context: { conversation_id: conversation },
    environment: { region: governing.environment.region },
  };
}
