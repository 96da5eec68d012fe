import type { OutcomeStatus } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Advice } from './advice.ts';
import type { Forwarding, Said } from './dialogue.ts';
import { refusedError } from './error-answer.ts';
import { refusal } from './tool-answer.ts';

/** An answer of the gateway's own to a request that is over. */
export function saidAtLast(answer: RpcAnswer, status: OutcomeStatus, ms: number): Said {
  return { ...answer, outcome: Promise.resolve({ status, ms }) };
}

/** The whole request is refused because of what its server asked, or of what its client answered. */
export function saidNo(advice: Advice, { method, caller }: Forwarding, ms: number): Said {
  // Whether the tool has an output schema is not known here; only clients up to 2025-11-25 mind.
  const answer = method === 'tools/call' ? refusal(advice, caller.era === 'session') : refusedError(advice);
  return saidAtLast(answer, 'ok', ms);
}
