import { isJsonObject, type JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import { RPC, type RpcAnswer, type RpcError, type RpcId, type RpcRequest } from '../core/rpc.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import type { Attribution } from './attribution.ts';
import { notificationText } from './message-text.ts';
import type { Pending } from './pending.ts';
import { ProgressGate } from './progress-gate.ts';
import type { AnswerQuestion } from './request-options.ts';

export interface QuestionsOptions {
  readonly send: (text: string) => void;
  /** The client capabilities that the server has been told of. */
  readonly offers: () => JsonObject;
  /** Answers what belongs to no request. */
  readonly onRequest: AnswerQuestion;
  /** A question came that needs a capability nobody offered; it has been refused. */
  readonly onRefused: (request: RpcRequest) => void;
  readonly now: () => number;
}

interface Question {
  /** Undefined where the server does not want to hear of progress. */
  readonly progress: { readonly token: RpcId; readonly gate: ProgressGate } | undefined;
  readonly controller: AbortController;
  readonly owner: Pending | undefined;
}

/** The capability a client must have offered for a server to ask this. */
const NEEDED: ReadonlyMap<string, string> = new Map([
  ['sampling/createMessage', 'sampling'],
  ['elicitation/create', 'elicitation'],
  ['roots/list', 'roots'],
  ['tasks/get', 'tasks'],
  ['tasks/list', 'tasks'],
  ['tasks/result', 'tasks'],
  ['tasks/cancel', 'tasks'],
]);
const MOST_AT_ONCE = 64;

/** What one server asks us, each until it is answered under the server's own id (MCP 2025-11-25, client features). */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #open = new Map<RpcId, Question>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  take(request: RpcRequest, attribute: () => Attribution): void {
    if (request.method === 'ping') return this.#answer(request.id, { kind: 'result', result: {} });
    const capability = NEEDED.get(request.method);
    if (capability === undefined || this.#options.offers()[capability] === undefined) {
      this.#refuse(request.id, { code: RPC.methodNotFound, message: 'The client offers no such method.' });
      const refused = attribute();
      const owner = refused.kind === 'of' ? refused.request : undefined;
      return (owner?.options.onRefused ?? this.#options.onRefused)(request);
    }
    if (this.#open.has(request.id)) return this.#refuse(request.id, TWICE);
    if (this.#open.size >= MOST_AT_ONCE) return this.#refuse(request.id, TOO_MANY);
    const attribution = attribute();
    if (attribution.kind === 'ambiguous') return this.#refuse(request.id, AMBIGUOUS);
    void this.#ask(request, attribution.kind === 'of' ? attribution.request : undefined);
  }

  /** The server does not want the answer any more. */
  cancel(id: RpcId): void {
    const question = this.#open.get(id);
    this.#open.delete(id);
    question?.controller.abort();
  }

  /** A request of ours is over, and with it what the server asked on its behalf. */
  endOf(request: Pending): void {
    if (request.openQuestions === 0) return;
    for (const { controller, owner } of this.#open.values()) if (owner === request) controller.abort();
  }

  close(): void {
    for (const { controller } of this.#open.values()) controller.abort();
    this.#open.clear();
  }

  async #ask(request: RpcRequest, owner: Pending | undefined): Promise<void> {
    const question: Question = { controller: new AbortController(), owner, progress: this.#progressIn(request) };
    this.#open.set(request.id, question);
    if (owner !== undefined) owner.openQuestions++;
    const answer = await this.#answerTo(request, question);
    if (owner !== undefined) {
      owner.openQuestions--;
      owner.lastSignMs = this.#options.now();
    }
    // A question that the server took back is answered no more.
    if (this.#open.get(request.id) !== question) return;
    this.#open.delete(request.id);
    this.#answer(request.id, answer);
  }

  async #answerTo(request: RpcRequest, question: Question): Promise<RpcAnswer> {
    const { owner, controller, progress } = question;
    const onProgress = progress && ((params: JsonObject): void => this.#tellProgress(request.id, question, params));
    try {
      const answer = owner?.options.onRequest ?? this.#options.onRequest;
      return await answer(request, controller.signal, onProgress);
    } catch {
      return { kind: 'failure', error: UNANSWERED };
    }
  }

  #progressIn({ params: { _meta: meta } }: RpcRequest): Question['progress'] {
    const token = isJsonObject(meta) ? meta['progressToken'] : undefined;
    return isRpcId(token) ? { token, gate: new ProgressGate(this.#options.now()) } : undefined;
  }

  /** While the answer is waited for. Less the message: no policy sees it, and it may say what the answer must not. */
  #tellProgress(id: RpcId, question: Question, { progress, total }: JsonObject): void {
    const wanted = question.progress;
    if (wanted === undefined || this.#open.get(id) !== question) return;
    if (!wanted.gate.admits(progress, this.#options.now())) return;
    const told = { progressToken: wanted.token, progress: progress ?? null };
    this.#options.send(notificationText('notifications/progress', total === undefined ? told : { ...told, total }));
  }

  #refuse(id: RpcId, error: RpcError): void {
    this.#answer(id, { kind: 'failure', error });
  }

  #answer(id: RpcId, answer: RpcAnswer): void {
    const said = answer.kind === 'result' ? { result: answer.result } : { error: { ...answer.error } };
    this.#options.send(writeJson({ jsonrpc: '2.0', id, ...said }));
  }
}

const TWICE: RpcError = { code: RPC.invalidRequest, message: 'A request with this id waits for its answer.' };
const TOO_MANY: RpcError = { code: RPC.internalError, message: 'Too many requests wait for their answers.' };
const AMBIGUOUS: RpcError = { code: RPC.internalError, message: 'It cannot be told which client this is for.' };
const UNANSWERED: RpcError = { code: RPC.internalError, message: 'The client gave no answer.' };
