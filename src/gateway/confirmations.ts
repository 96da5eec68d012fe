import { setTimeout as pause } from 'node:timers/promises';
import type { Act } from '../core/act.ts';
import type { ApprovalRef } from '../core/approval.ts';
import type { Change } from '../core/change.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { APPROVAL_KEY } from '../core/names.ts';
import { abortSignalOf } from '../core/stop.ts';
import type { ApprovalBook } from '../state/approval-book.ts';
import { type Verdict, verdictIn } from './approval-form.ts';
import type { Caller, Exchange, InputAnswers, ServerQuestion } from './port.ts';
import { capabilityFor, lackingIn } from './questions.ts';
import { principalOf } from './request-state.ts';
import { Sealer } from './seal.ts';

export interface ConfirmationParts {
  readonly book: ApprovalBook;
  /** Records an answer, and makes it count in the same transaction. */
  readonly act: (act: Act, changes: readonly Change[]) => Promise<unknown>;
  readonly newId: () => string;
  /** The store's, so that every gateway on it knows what the others have given out. */
  readonly keyedHash: (text: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a call waits for its user, in milliseconds. */
  readonly holdMs: number;
  /** How often is looked whether somebody has answered elsewhere, in milliseconds. */
  readonly pollMs?: number;
}

/** What a stateless client says of the question that it was given with an earlier answer. */
export interface Confirmed {
  readonly ref: ApprovalRef;
  readonly verdict: Verdict;
}

export type Opening =
  | { readonly kind: 'confirmed'; readonly confirmed: Confirmed }
  | { readonly kind: 'other'; readonly rest: InputAnswers | undefined };

/** A call that waits for its user. */
export interface Waiting {
  readonly ref: ApprovalRef;
  readonly question: ServerQuestion;
  readonly caller: Caller;
  readonly exchange: Exchange;
  /** SHA-256 of server, thing and arguments, hex. */
  readonly binding: string;
  /** When the call is held no longer, in milliseconds on the monotonic clock. */
  readonly untilMs: number;
}

/** The state of a question outlives it, so that an answer that comes late is told that it is late. */
const STATE_LIFE_MS = 24 * 60 * 60 * 1000;
const POLL_MS = 500;
const PROGRESS_MS = 5_000;

/**
 * Asks the user of a client, in the middle of a call, whether the call may run: by elicitation in a session, by
 * `input_required` without one. Only the client's answer to this very question counts, so no model can give it.
 */
export class Confirmations {
  readonly #parts: ConfirmationParts;
  readonly #sealer: Sealer;
  /** Approvals that a user of this process is being asked for: one question is enough. */
  readonly #asking = new Set<string>();

  constructor(parts: ConfirmationParts) {
    this.#parts = parts;
    this.#sealer = new Sealer(parts);
  }

  get holdMs(): number {
    return this.#parts.holdMs;
  }

  canAsk({ capabilities }: Caller, question: ServerQuestion): boolean {
    return lackingIn(capabilities, capabilityFor(question)) === undefined;
  }

  /** Takes our own question out of what a stateless client sends with a request that it repeats. */
  open(answers: InputAnswers, caller: Caller, binding: string): Opening {
    const { [APPROVAL_KEY]: answer, ...responses } = answers.responses;
    const ref = answers.state === undefined ? undefined : this.#refIn(answers.state, caller, binding);
    if (ref !== undefined) return { kind: 'confirmed', confirmed: { ref, verdict: verdictIn(answer) } };
    if (answer === undefined) return { kind: 'other', rest: answers };
    // An answer to a question that was not asked of this user about this call counts for nothing.
    const isAll = answers.state === undefined && Object.keys(responses).length === 0;
    return { kind: 'other', rest: isAll ? undefined : { ...answers, responses } };
  }

  /** Records what the user has said. Where somebody was faster, or the approval is over, nothing changes. */
  async hear({ ref, verdict }: Confirmed, { principal }: Caller): Promise<void> {
    if (verdict === 'nothing') return;
    const { act, newId, clock, logger } = this.#parts;
    const atMs = clock.now();
    const person = principal.user.id;
    const done: Act = {
      id: newId(),
      time: new Date(atMs).toISOString(),
      actor: `user:${person}`,
      via: 'agent',
      verb: `approval.${verdict}`,
      subject: ref.id,
      before: { by: ref.by, status: 'pending' },
      after: { by: ref.by, status: verdict === 'approve' ? 'approved' : 'denied' },
      reason: '',
    };
    const vote = { person, verdict, via: 'agent', key: '', atMs, reason: '' } as const;
    try {
      await act(done, [{ kind: 'answer_approval', ref, vote }]);
    } catch (thrown) {
      // What is not recorded does not count; the call stays where it is.
      logger.error('the answer of a user could not be recorded', { problem: messageOf(thrown) });
    }
  }

  /** What a stateless client gets in place of an answer; it comes back with what its user says. */
  inputRequired({ ref, question, caller, binding }: Waiting): JsonObject {
    const { method, params } = question;
    const content = { kind: 'approval', id: ref.id, by: ref.by };
    return {
      resultType: 'input_required',
      inputRequests: { [APPROVAL_KEY]: { method, params } },
      requestState: this.#sealer.seal(content, bound(caller, binding), this.#parts.clock.now() + STATE_LIFE_MS),
    };
  }

  /**
   * Holds a call of a client in a session until its user, or somebody elsewhere, has answered. False where nobody has:
   * the approval stays open.
   */
  async hold(waiting: Waiting): Promise<boolean> {
    const { ref, exchange } = waiting;
    const { clock } = this.#parts;
    if (clock.monotonic() >= waiting.untilMs) return false;
    const done = new AbortController();
    const signal = AbortSignal.any([abortSignalOf(exchange.signal), done.signal]);
    const isAsked = this.#asking.has(ref.id);
    this.#asking.add(ref.id);
    const asking = isAsked ? new Promise<never>(() => undefined) : askUser(waiting, signal);
    const stopProgress = reportProgress(exchange);
    try {
      while (clock.monotonic() < waiting.untilMs && !exchange.signal.aborted) {
        const verdict = await Promise.race([asking, this.#pause(waiting.untilMs, signal)]);
        if (verdict === 'nothing') return false;
        if (verdict !== undefined) {
          await this.hear({ ref, verdict }, waiting.caller);
          return true;
        }
        if (await this.#isAnswered(ref)) return true;
      }
      return false;
    } catch (thrown) {
      this.#parts.logger.error('an approval cannot be read, so its call is held no longer', {
        problem: messageOf(thrown),
      });
      return false;
    } finally {
      stopProgress();
      if (!isAsked) this.#asking.delete(ref.id);
      done.abort();
    }
  }

  async #isAnswered(ref: ApprovalRef): Promise<boolean> {
    const approval = await this.#parts.book.read(ref, this.#parts.clock.now());
    return approval?.status !== 'pending';
  }

  async #pause(untilMs: number, signal: AbortSignal): Promise<undefined> {
    const { clock, pollMs = POLL_MS } = this.#parts;
    const left = Math.max(untilMs - clock.monotonic(), 0);
    await pause(Math.min(pollMs, left), undefined, { signal, ref: false }).catch(() => undefined);
  }

  #refIn(state: string, caller: Caller, binding: string): ApprovalRef | undefined {
    const content = this.#sealer.open(state, bound(caller, binding));
    if (content?.['kind'] !== 'approval') return undefined;
    const { id, by } = content;
    return typeof id === 'string' && typeof by === 'string' ? { id, by } : undefined;
  }
}

/** Other states of the same request are sealed for the request alone. */
function bound(caller: Caller, binding: string): { readonly principal: string; readonly binding: string } {
  return { principal: principalOf(caller), binding: `approval of ${binding}` };
}

/** A client that goes away, or cannot ask after all, has not answered. */
async function askUser({ question, exchange }: Waiting, signal: AbortSignal): Promise<Verdict> {
  try {
    const answer = await exchange.ask?.(question, signal);
    const said: Json | undefined = answer?.kind === 'result' ? answer.result : undefined;
    return isJsonObject(said) ? verdictIn(said) : 'nothing';
  } catch {
    return 'nothing';
  }
}

/**
 * Tells a client that asked for it that the call is alive. What its server says of the progress comes later and must be
 * more, so this stays below it.
 */
function reportProgress({ onProgress }: Exchange): () => void {
  if (onProgress === undefined) return () => undefined;
  let told = 0;
  const tell = (): void => {
    told += 1;
    onProgress({ progress: told / 1_000_000, message: 'Waiting for approval' });
  };
  tell();
  const timer = setInterval(tell, PROGRESS_MS).unref();
  return () => clearInterval(timer);
}
