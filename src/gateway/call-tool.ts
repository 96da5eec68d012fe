import type { RpcAnswer } from '../core/rpc.ts';
import type { Forwarded } from './forward.ts';
import type { Caller, Exchange, ToolCallRequest } from './port.ts';
import type { Target } from './resolve.ts';
import type { Ruling } from './rule.ts';
import type { ToolRoute } from './tool-route.ts';

/** One `tools/call` as the door hands it over. */
export interface ToolCall {
  readonly request: ToolCallRequest;
  readonly caller: Caller;
  readonly exchange: Exchange;
}

/** The steps of a call. `tool-steps.ts` fills them with the real parts, a test with an object literal. */
export interface CallSteps {
  resolve(call: ToolCall): Promise<Target>;
  decide(call: ToolCall, target: Target): Ruling;
  /** Resolves when the record is committed, with the microseconds that took; rejects when it could not be. */
  record(ruling: Ruling): Promise<number>;
  forward(call: ToolCall, route: ToolRoute): Promise<Forwarded>;
  settle(ruling: Ruling, forwarded: Forwarded, recordUs: number): void;
  answer(call: ToolCall, ruling: Ruling, forwarded: Forwarded): RpcAnswer;
  refuse(call: ToolCall, ruling: Ruling, target: Target): RpcAnswer;
  refuseUnrecorded(call: ToolCall, ruling: Ruling, cause: unknown): RpcAnswer;
}

/**
 * The way of one `tools/call`: resolve, decide, record, forward, settle, answer.
 *
 * The record is committed first and awaited: a call that cannot be recorded is not made.
 */
export async function callTool(call: ToolCall, steps: CallSteps): Promise<RpcAnswer> {
  const target = await steps.resolve(call);
  const ruling = steps.decide(call, target);

  let recordUs: number;
  try {
    recordUs = await steps.record(ruling);
  } catch (cause) {
    return steps.refuseUnrecorded(call, ruling, cause);
  }
  if (ruling.decision.effect !== 'allow' || target.kind !== 'found') return steps.refuse(call, ruling, target);

  const forwarded = await steps.forward(call, target.route);
  steps.settle(ruling, forwarded, recordUs);
  return steps.answer(call, ruling, forwarded);
}
