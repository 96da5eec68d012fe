import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { toPolicyJson } from '../core/lossless-json.ts';
import type { Resumed } from './dialogue.ts';
import { type Questions, readQuestions, writeQuestions } from './input-required.ts';
import { placeAtEnd, STATE_MARK, withoutPlace, withPlace } from './places.ts';
import type { Caller } from './port.ts';
import type { Bound, Sealer } from './seal.ts';

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

interface StatesOptions {
  readonly sealer: Sealer;
  /** When a state that is made now is too old, in milliseconds since the epoch. */
  readonly until: () => number;
  /** The tag of this gateway; undefined where no other could be asked. */
  readonly place: string | undefined;
}

/**
 * Writes and reads `requestState`: sealed for one principal and one request, good for a limited time. One that goes on
 * with what this gateway alone has says at its end, for all to read, whose it is. The seal is of that too, so that no
 * text but the one that was given out opens; who opens it finds out by itself whether the call is there.
 */
export class RequestStates {
  readonly #options: StatesOptions;

  constructor(options: StatesOptions) {
    this.#options = options;
  }

  write(state: RequestState, of: StateOf): string {
    const { sealer, until } = this.#options;
    const place = livesHere(state) ? this.#options.place : undefined;
    return withPlace(sealer.seal(contentOf(state), boundAt(of, place), until()), STATE_MARK, place);
  }

  /** Undefined where it was not written for this caller and request, or is too old. */
  read(text: string, of: StateOf): RequestState | undefined {
    const sealed = withoutPlace(text, STATE_MARK);
    const content = this.#options.sealer.open(sealed, boundAt(of, placeAtEnd(text, STATE_MARK)));
    return content === undefined ? undefined : stateIn(content);
  }
}

/**
 * A call that waits here, or a server in a session that sent the user to an address: another session of it, at another
 * gateway, may not know that the user was there. What a stateless server asks goes on wherever its state is brought to.
 */
function livesHere(state: RequestState): boolean {
  return state.kind === 'parked' || state.by === 'error';
}

function boundAt({ caller, binding }: StateOf, place: string | undefined): Bound {
  return { principal: principalOf(caller), binding: withPlace(binding, ' at ', place) };
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
