import type { JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import { RPC, type RpcAnswer, type RpcError, type RpcId, type RpcRequest } from '../core/rpc.ts';
import type { Attribution } from './attribution.ts';
import type { Pending } from './pending.ts';

export interface QuestionsOptions {
  readonly send: (text: string) => void;
  /** The client capabilities that the server has been told of. */
  readonly offers: () => JsonObject;
  /** Answers what belongs to no request. */
  readonly onRequest: (request: RpcRequest, signal: AbortSignal) => Promise<RpcAnswer>;
  /** A question came that needs a capability nobody offered; it has been refused. */
  readonly onRefused: (request: RpcRequest) => void;
  readonly now: () => number;
}

interface Question {
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
    const question: Question = { controller: new AbortController(), owner };
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

  async #answerTo(request: RpcRequest, { owner, controller }: Question): Promise<RpcAnswer> {
    const { signal } = controller;
    try {
      return await (owner?.options.onRequest ?? this.#options.onRequest)(request, signal);
    } catch {
      return { kind: 'failure', error: UNANSWERED };
    }
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
