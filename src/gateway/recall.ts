import type { ActionType } from '../core/action.ts';
import { messageOf } from '../core/errors.ts';
import { NO_CONTEXT, type PolicyInput } from '../core/policy-input.ts';
import type { OwnDenial } from '../core/record.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { ServerFacts, ToolFacts } from './build-input.ts';
import { agentOf, conversationOf, type ConversationFacts } from './conversation.ts';
import type { Standing } from './govern.ts';
import type { Governing } from './governing.ts';
import { labelsInForce } from './labels.ts';
import type { Caller } from './port.ts';
import { recallBudgets } from './recall-budgets.ts';
import type { Route } from './route.ts';

/** What earlier requests have left behind, as far as policies read it. */
export interface Recalled {
  /** The one time of the decision, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly conversation: ConversationFacts;
  readonly labels: PolicyInput['context']['labels'];
  /** Members stand sorted. */
  readonly budgets: PolicyInput['budgets'];
  /** Where it could not be read: what is not known must not allow anything. */
  readonly denial?: OwnDenial;
}

/** What is asked about, as far as counters are kept apart by it. */
export interface Subject {
  readonly action: ActionType;
  readonly server: ServerFacts;
  readonly tool: ToolFacts;
  /** The generation that decides; absent is the one in force. */
  readonly policy?: PolicySet | undefined;
}

/** Of what is decided for no request in particular, such as what is listed. */
export const NOTHING_RECALLED: Recalled = { nowMs: 0, conversation: NO_CONTEXT, labels: [], budgets: {} };

/**
 * Reads state for one request. A tool call counts from here on, once, however often it is decided because people were
 * waited for; all else only looks. Never rejects.
 */
export function recall(
  { asked: { caller }, target, progress }: Standing<unknown, Route>,
  { action, governing }: { readonly action: ActionType; readonly governing: Governing },
): Promise<Recalled> {
  const { conversations } = governing;
  const subject = target.kind === 'found' ? subjectOf(target.route, action) : undefined;
  if (action !== 'tool_call' || target.kind === 'unknown') return recallFor(caller, subject, governing);
  const { route, args } = target;
  const call = { tool: `${route.server.id}/${route.facts.tool}`, hash: args.hash, bytes: args.bytes };
  const wasCounted = progress.waitedFor.length > 0;
  const facts = wasCounted ? conversations.look(caller, call) : conversations.noteCall(caller, call);
  return read({ caller, subject, facts }, governing);
}

/** As `recall`, for what counts for nothing. */
export function recallFor(caller: Caller, subject: Subject | undefined, governing: Governing): Promise<Recalled> {
  return read({ caller, subject, facts: governing.conversations.look(caller) }, governing);
}

function subjectOf({ server, facts: tool }: Route, action: ActionType): Subject {
  return { action, server: server.facts, tool, policy: server.policy };
}

interface Reading {
  readonly caller: Caller;
  readonly subject: Subject | undefined;
  readonly facts: Promise<ConversationFacts>;
}

async function read({ caller, subject, facts }: Reading, governing: Governing): Promise<Recalled> {
  const { clock, readLabels, logger } = governing;
  const nowMs = clock.now();
  const whose = { conversation: conversationOf(caller), agent: agentOf(caller) };
  try {
    const [conversation, attached] = await Promise.all([facts, readLabels(whose, nowMs)]);
    const { principal, delegators } = caller;
    const { conversation_id: id } = conversation;
    const budgets =
      subject === undefined
        ? {}
        : await recallBudgets({ ...subject, principal, delegators, conversation: id }, governing);
    return { nowMs, conversation, labels: labelsInForce(attached, nowMs), budgets };
  } catch (thrown) {
    logger.error('what a conversation did before cannot be read, so the request is refused', {
      problem: messageOf(thrown),
    });
    return { ...NOTHING_RECALLED, nowMs, denial: UNREADABLE };
  }
}

const UNREADABLE: OwnDenial = { reason: 'gateway.state_unavailable', internal: '', rules: [], params: {} };
