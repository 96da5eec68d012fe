import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { OutcomeStatus } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';

/** What came of a call that was allowed; `ms` from forwarding to the end. */
export type Forwarded =
  | { readonly kind: 'answered'; readonly status: OutcomeStatus; readonly ms: number; readonly answer: RpcAnswer }
  | { readonly kind: 'failed'; readonly status: OutcomeStatus; readonly ms: number; readonly text: string };

/** Sends an allowed call; throws `UPSTREAM_*` or `CANCELLED`. */
export type Send = () => Promise<RpcAnswer>;

/** Runs an allowed call and says what became of it. Never throws: after the forward, whatever happens is an outcome. */
export async function forward(send: Send, server: string, clock: Clock): Promise<Forwarded> {
  const startedMs = clock.monotonic();
  const elapsedMs = (): number => clock.monotonic() - startedMs;
  try {
    const answer = await send();
    return { kind: 'answered', status: statusOf(answer), ms: elapsedMs(), answer };
  } catch (thrown) {
    return { kind: 'failed', ...failureOf(thrown, server), ms: elapsedMs() };
  }
}

function statusOf(answer: RpcAnswer): OutcomeStatus {
  if (answer.kind === 'failure') return 'protocol_error';
  return isToolError(answer.result) ? 'tool_error' : 'ok';
}

function isToolError(result: JsonObject): boolean {
  return result['isError'] === true;
}

function failureOf(thrown: unknown, server: string): { status: OutcomeStatus; text: string } {
  const code = thrown instanceof GatewayError ? thrown.code : undefined;
  const why = messageOf(thrown);
  if (code === 'UPSTREAM_UNAVAILABLE') {
    return { status: 'not_forwarded', text: `The server ${server} cannot be reached: ${why}. The call was not made.` };
  }
  if (code === 'UPSTREAM_TIMEOUT') {
    return { status: 'timeout', text: `${why}. The call may have run: find out before you repeat it.` };
  }
  if (code === 'CANCELLED') return { status: 'cancelled', text: 'The call was cancelled.' };
  return { status: 'unknown', text: `${why}. The call may have run: find out before you repeat it.` };
}
