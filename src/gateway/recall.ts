import type { PolicyInput } from '../core/policy-input.ts';
import type { Asked } from './govern.ts';
import type { ConversationFacts } from './conversation.ts';
import type { Governing } from './governing.ts';
import type { Target } from './resolve.ts';

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
  target: Target<unknown>,
  { action, governing }: { readonly action: PolicyInput['action']['type']; readonly governing: Governing },
): Promise<Recalled> {
  const { conversations } = governing;
  const isCounted = action === 'tool_call' && target.kind !== 'unknown';
  const conversation = isCounted
    ? conversations.noteCall(caller.session, target.args.bytes)
    : conversations.look(caller.session);
  return { conversation, labels: [], budgets: {} };
}
