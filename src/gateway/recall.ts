import type { ActionType } from '../core/action.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { Asked } from './govern.ts';
import type { ConversationFacts } from './conversation.ts';
import type { Governing } from './governing.ts';
import { recallBudgets } from './recall-budgets.ts';
import type { Target } from './resolve.ts';
import type { Route } from './route.ts';

/** What earlier requests have left behind, as far as policies read it. */
export interface Recalled {
  readonly conversation: ConversationFacts;
  readonly labels: PolicyInput['context']['labels'];
  /** Members stand sorted. */
  readonly budgets: PolicyInput['budgets'];
}

/** Reads state for one request. A tool call counts from here on; all else only looks. */
export async function recall(
  { caller }: Asked<unknown>,
  target: Target<Route>,
  { action, governing }: { readonly action: ActionType; readonly governing: Governing },
): Promise<Recalled> {
  const { conversations } = governing;
  const isCounted = action === 'tool_call' && target.kind !== 'unknown';
  const conversation = isCounted
    ? conversations.noteCall(caller.session, target.args.bytes)
    : conversations.look(caller.session);
  const budgets = target.kind === 'found' ? await budgetsFor({ caller, action, target, conversation }, governing) : {};
  return { conversation, labels: [], budgets };
}

interface Found {
  readonly caller: Asked<unknown>['caller'];
  readonly action: ActionType;
  readonly target: Extract<Target<Route>, { kind: 'found' }>;
  readonly conversation: ConversationFacts;
}

function budgetsFor(
  { caller, action, target, conversation }: Found,
  governing: Governing,
): Promise<Recalled['budgets']> {
  const { server, facts } = target.route;
  return recallBudgets(
    {
      action,
      principal: caller.principal,
      server: server.facts,
      tool: facts,
      conversation: conversation.conversationId,
    },
    governing,
  );
}
