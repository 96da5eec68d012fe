import type { Clock } from '../core/clock.ts';
import type { Warning } from '../core/decision.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { OutcomeStatus } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Advice } from './advice.ts';
import type { Ended, Said } from './dialogue.ts';

/** What came of a request that was allowed; `ms` from forwarding to the end. */
export type Forwarded =
  | {
      readonly kind: 'answered';
      readonly status: OutcomeStatus;
      readonly ms: number;
      readonly answer: RpcAnswer;
      /** What was decided on the answer; absent until it was. */
      readonly judged?: Judgement;
    }
  /** Answered by the gateway itself, while the request may go on. */
  | { readonly kind: 'said'; readonly answer: RpcAnswer; readonly ended: Promise<Ended> }
  | { readonly kind: 'failed'; readonly status: OutcomeStatus; readonly ms: number; readonly text: string };

/** What the phase of results leaves beside the answer. */
export interface Judgement {
  /** What the client is told in place of the answer; undefined where it may have it. */
  readonly withheld: Advice | undefined;
  readonly warnings: readonly Warning[];
  /** The answer as it came, where the audit wants the whole of it. */
  readonly audited: RpcAnswer | undefined;
}

/** Sends an allowed request; throws `UPSTREAM_*`, `SIGN_IN_REQUIRED` or `CANCELLED`. */
export type Send = () => Promise<Said>;

/** A time that policy gives a request, and who gave it. */
export interface Deadline {
  readonly ms: number;
  /** Full names. */
  readonly rules: readonly string[];
}

/** As `forward`, but given up after a time: `send` is told to stop, and so is the server. */
export async function forwardWithin(
  { ms, rules }: Deadline,
  send: (expired: AbortSignal) => Promise<Said>,
  { server, clock }: { readonly server: string; readonly clock: Clock },
): Promise<Forwarded> {
  const expired = new AbortController();
  const timer = setTimeout(() => expired.abort(), ms);
  try {
    const forwarded = await forward(() => send(expired.signal), server, clock);
    if (!expired.signal.aborted || forwarded.kind !== 'failed') return forwarded;
    const by = rules.length === 0 ? 'policy' : `policy (${rules.join(', ')})`;
    const text =
      `The call was given up: ${by} gives it ${ms} ms, and the server ${server} did not answer in that time. ` +
      'It may have run all the same: find out before you repeat it.';
    return { ...forwarded, status: 'timeout', text };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs an allowed request and says what became of it. Never throws: after the forward, whatever happens is an outcome. */
export async function forward(send: Send, server: string, clock: Clock): Promise<Forwarded> {
  const startedMs = clock.monotonic();
  const elapsedMs = (): number => clock.monotonic() - startedMs;
  try {
    const answer = await send();
    const { outcome } = answer;
    if (outcome !== undefined) return { kind: 'said', answer, ended: outcome };
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
  // Some are whole sentences, and some are not.
  const why = messageOf(thrown).replace(/\.+$/, '');
  if (code === 'UPSTREAM_UNAVAILABLE') {
    return { status: 'not_forwarded', text: `The server ${server} cannot be reached: ${why}. The call was not made.` };
  }
  if (code === 'SIGN_IN_REQUIRED') {
    const mend = thrown instanceof GatewayError ? (thrown.mend ?? '') : '';
    return { status: 'not_forwarded', text: `${why}. ${mend} The call was not made.` };
  }
  if (code === 'UPSTREAM_TIMEOUT') {
    return { status: 'timeout', text: `${why}. The call may have run: find out before you repeat it.` };
  }
  if (code === 'CANCELLED') return { status: 'cancelled', text: 'The call was cancelled.' };
  return { status: 'unknown', text: `${why}. The call may have run: find out before you repeat it.` };
}
