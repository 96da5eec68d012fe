import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import type { RpcAnswer, RpcFailure, RpcId, RpcResult } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import type { ServerQuestion } from '../gateway/port.ts';
import { failureOf, notificationText, requestText, tooMany } from './answer.ts';
import { undeclared } from './askable.ts';

/** Milliseconds in which a client may open its stream after it was asked there. */
const STREAM_PATIENCE_MS = 10_000;

/** Where a question goes, and what comes back before its answer. */
export interface Road {
  /** Hears how the client gets along; undefined where nobody wants to. */
  readonly onProgress?: ((params: JsonObject) => void) | undefined;
  send(text: string): void;
  /** Whether what is sent reaches the client now. */
  isListening(): boolean;
}

export interface QuestionsOptions {
  /** What the client can do. */
  readonly capabilities: JsonObject;
  /** Questions that may be open at one time. */
  readonly maxOpen: number;
  readonly logger: Logger;
}

/** What servers ask one client, each under an id of ours, until it is answered, taken back, or the client has gone. */
export class ClientQuestions {
  readonly #options: QuestionsOptions;
  readonly #open = new Map<RpcId, OpenQuestion>();
  #asked = 0;
  /** Answers that nobody had asked for, or not any more. */
  #stray = 0;
  #hasClosed = false;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Rejects with CANCELLED when the signal aborts, with CLIENT_GONE when the client goes or does not listen. */
  ask(question: ServerQuestion, signal: StopSignal, road: Road): Promise<RpcAnswer> {
    const { capabilities, maxOpen } = this.#options;
    const missing = undeclared(question, capabilities);
    if (missing !== undefined) return Promise.resolve(failureOf(missing));
    if (this.#hasClosed) return Promise.reject(gone());
    if (signal.aborted) return Promise.reject(takenBack());
    if (this.#open.size >= maxOpen) return Promise.resolve(tooMany('The client has as many open questions as it may.'));
    this.#asked += 1;
    return this.#put(this.#asked, question, { signal, road });
  }

  /** Gives an answer of the client to whoever asked. */
  settle(answer: RpcResult | RpcFailure): void {
    const question = this.#take(answer.id);
    if (question !== undefined) return question.resolve(answer);
    this.#stray += 1;
    return this.#options.logger.debug('An answer to no question was dropped.', { dropped: this.#stray });
  }

  /** The client says how it gets along with an answer; what is not asked any more is past. */
  progress({ progressToken, ...params }: JsonObject): void {
    if (isRpcId(progressToken)) this.#open.get(progressToken)?.onProgress?.(params);
  }

  close(): void {
    this.#hasClosed = true;
    for (const id of this.#open.keys()) this.#take(id)?.reject(gone());
  }

  #put(id: RpcId, question: ServerQuestion, { signal, road }: Way): Promise<RpcAnswer> {
    return new Promise((resolve, reject) => {
      const withdraw = (): void => {
        const requestId = { requestId: id, reason: 'The question is not open any more.' };
        if (this.#take(id) !== undefined) road.send(notificationText('notifications/cancelled', requestId));
        reject(takenBack());
      };
      const impatience = road.isListening()
        ? undefined
        : setTimeout(() => {
            if (!road.isListening()) this.#take(id)?.reject(gone());
          }, STREAM_PATIENCE_MS).unref();
      signal.addEventListener('abort', withdraw, { once: true });
      const release = (): void => {
        clearTimeout(impatience);
        signal.removeEventListener('abort', withdraw);
      };
      const { onProgress } = road;
      this.#open.set(id, { resolve: (answer) => resolve(answerOf(answer)), reject, release, onProgress });
      const token = onProgress === undefined ? undefined : id;
      road.send(requestText(id, question.method, withToken(question.params, token)));
    });
  }

  #take(id: RpcId): OpenQuestion | undefined {
    const question = this.#open.get(id);
    this.#open.delete(id);
    question?.release();
    return question;
  }
}

interface Way {
  readonly signal: StopSignal;
  readonly road: Road;
}

interface OpenQuestion {
  resolve(answer: RpcResult | RpcFailure): void;
  reject(error: GatewayError): void;
  release(): void;
  readonly onProgress: Road['onProgress'];
}

function answerOf(answer: RpcResult | RpcFailure): RpcAnswer {
  return answer.kind === 'result'
    ? { kind: 'result', result: answer.result }
    : { kind: 'failure', error: answer.error };
}

/** The server's progress token belongs to the hop behind us; `token` is ours for this one, if progress is wanted. */
function withToken(params: JsonObject, token: RpcId | undefined): JsonObject {
  const { _meta: meta } = params;
  if (token !== undefined) return { ...params, _meta: { ...(isJsonObject(meta) && meta), progressToken: token } };
  if (!isJsonObject(meta) || meta['progressToken'] === undefined) return params;
  const { progressToken: _, ...kept } = meta;
  return { ...params, _meta: kept };
}

function gone(): GatewayError {
  return new GatewayError('CLIENT_GONE', 'The client has gone, or does not listen.');
}

function takenBack(): GatewayError {
  return new GatewayError('CANCELLED', 'The question was taken back.');
}
