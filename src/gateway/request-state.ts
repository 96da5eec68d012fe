import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { toPolicyJson } from '../core/lossless-json.ts';
import type { Resumed } from './dialogue.ts';
import { type Questions, readQuestions, writeQuestions } from './input-required.ts';
import type { Caller } from './port.ts';
import type { Sealer } from './seal.ts';

/** What a stateless client keeps for us until it sends its request again. */
type RequestState =
  | {
      readonly kind: 'relayed';
      readonly server: string;
      readonly by: 'result' | 'error';
      /** The server's own. */
      readonly state: string | undefined;
      readonly questions: Questions;
      readonly round: number;
    }
  | { readonly kind: 'parked'; readonly id: string; readonly round: number };

interface StateOf {
  readonly caller: Caller;
  readonly binding: string;
}

/** Writes and reads `requestState`: sealed for one principal and one request, good for a limited time. */
export class RequestStates {
  readonly #sealer: Sealer;
  readonly #until: () => number;

  /** `until`: when a state that is made now is too old, in milliseconds since the epoch. */
  constructor(sealer: Sealer, until: () => number) {
    this.#sealer = sealer;
    this.#until = until;
  }

  write(state: RequestState, { caller, binding }: StateOf): string {
    return this.#sealer.seal(contentOf(state), { principal: principalOf(caller), binding }, this.#until());
  }

  /** Undefined where it was not written for this caller and request, or is too old. */
  read(text: string, { caller, binding }: StateOf): RequestState | undefined {
    const content = this.#sealer.open(text, { principal: principalOf(caller), binding });
    return content === undefined ? undefined : stateIn(content);
  }
}

/** Names whom a state, a waiting call or a task belongs to. */
export function principalOf({ principal: { agent, user } }: Caller): string {
  return canonicalJson([agent.id, [...agent.delegated_by], user.id]);
}

/** The answers to what was asked; those that nobody asked for are dropped. */
export function resumedFrom(state: RequestState, responses: JsonObject): Resumed {
  const asked = Object.entries(responses).filter(
    ([key]) => state.kind === 'parked' || Object.hasOwn(state.questions, key),
  );
  return { ...state, responses: Object.fromEntries(asked) };
}

function contentOf(state: RequestState): JsonObject {
  if (state.kind === 'parked') return { ...state };
  const { kind, server, by, round, questions } = state;
  // Kept for the decision on the answers alone.
  const content = { kind, server, by, round, questions: toPolicyJson(writeQuestions(questions)) };
  return state.state === undefined ? content : { ...content, state: state.state };
}

function stateIn(content: JsonObject): RequestState | undefined {
  const { kind, id, round, server, by, state, questions = {} } = content;
  if (typeof round !== 'number') return undefined;
  if (kind === 'parked') return typeof id === 'string' ? { kind, id, round } : undefined;
  const asked = isJsonObject(questions) ? readQuestions(questions) : undefined;
  if (kind !== 'relayed' || typeof server !== 'string' || asked === undefined) return undefined;
  const text = typeof state === 'string' ? state : undefined;
  return { kind, server, by: by === 'error' ? 'error' : 'result', state: text, questions: asked, round };
}
