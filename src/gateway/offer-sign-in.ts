import { randomUUID } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { DECISION_META_KEY, type ServerId, SIGN_IN_KEY } from '../core/names.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import type { Asked } from './govern.ts';
import { placeAtEnd, STATE_MARK, withoutPlace, withPlace } from './places.ts';
import type { Exchange, ToolCallRequest } from './port.ts';

/** A sign-in that waits for the user; `done` rejects where nobody signs in. */
export interface OpenSignIn {
  readonly url: string;
  readonly done: Promise<void>;
}

export interface SignInOffer {
  /** The server of a tool, by the name that clients call it by. */
  readonly serverOf: (tool: string) => ServerId | undefined;
  /** Rejects where the server offers no sign-in that can be used. */
  readonly beginSignIn: (server: ServerId, principalId: string) => Promise<OpenSignIn>;
  /** The tag of this gateway, to which the browser returns; undefined where no other could be asked. */
  readonly place?: string | undefined;
}

/**
 * Before the tag, the `requestState` of an offer. It is not sealed, because there is nothing to be had by writing one:
 * whoever does waits for a sign-in of his own.
 */
const STATE = 'sign-in';

type Call = (asked: Asked<ToolCallRequest>) => Promise<RpcAnswer>;

/**
 * Makes a call; where it is refused for want of a sign-in and the client can open a page for its user (elicitation in URL
 * mode, MCP 2025-11-25), offers that page, and once the user has signed in makes the call again: it is decided and
 * recorded anew. A stateless client gets the page as `input_required` and repeats the call itself. The browser returns to
 * this machine, which is where the clients of this version are too.
 */
export async function callWithSignIn(
  asked: Asked<ToolCallRequest>,
  call: Call,
  offer: SignInOffer,
): Promise<RpcAnswer> {
  const { consent, rest } = takeConsent(asked, offer);
  const answer = await call(rest);
  if (!wantsSignIn(answer) || !canOpenPages(asked)) return answer;
  const server = offer.serverOf(asked.request.name);
  if (server === undefined) return answer;
  // However the sign-in fails, the refusal has said what the user can do.
  const next = await goOn(consent, { asked, server, offer, refusal: answer }).catch(() => answer);
  return next === 'call_again' ? call(rest) : next;
}

interface Consent {
  readonly answer: Json;
  /** Whether it is about a page of another gateway, which has gone meanwhile: the browser will not return to this one. */
  readonly isOfAnother: boolean;
}

/** What a stateless client answers to our own question is ours: neither policy nor the server has asked. */
function takeConsent(
  asked: Asked<ToolCallRequest>,
  { place }: SignInOffer,
): { readonly consent: Consent | undefined; readonly rest: Asked<ToolCallRequest> } {
  const { answers } = asked.request;
  if (answers === undefined) return { consent: undefined, rest: asked };
  const { state: text = '' } = answers;
  const isOurs = withoutPlace(text, STATE_MARK) === STATE;
  if (!isOurs && !Object.hasOwn(answers.responses, SIGN_IN_KEY)) return { consent: undefined, rest: asked };
  const { [SIGN_IN_KEY]: answer, ...responses } = answers.responses;
  const state = isOurs ? undefined : answers.state;
  const isAll = state === undefined && Object.keys(responses).length === 0;
  return {
    consent: answer === undefined ? undefined : { answer, isOfAnother: placeAtEnd(text, STATE_MARK) !== place },
    rest: { ...asked, request: { ...asked.request, answers: isAll ? undefined : { responses, state } } },
  };
}

/** By the gateway's own words beside the answer, which no server can write. */
function wantsSignIn(answer: RpcAnswer): boolean {
  if (answer.kind === 'failure') return false;
  const meta = answer.result['_meta'];
  const decision = isJsonObject(meta) ? meta[DECISION_META_KEY] : undefined;
  const reasons = isJsonObject(decision) ? decision['reasons'] : undefined;
  return Array.isArray(reasons) && reasons.includes('gateway.sign_in_required');
}

function canOpenPages({ caller }: Asked<ToolCallRequest>): boolean {
  const elicitation = caller.capabilities['elicitation'];
  return isJsonObject(elicitation) && elicitation['url'] !== undefined;
}

interface Offering {
  readonly asked: Asked<ToolCallRequest>;
  readonly server: ServerId;
  readonly offer: SignInOffer;
  readonly refusal: RpcAnswer;
}

/** `consent`: what a stateless client says of the page that it was given with an earlier answer. */
async function goOn(consent: Consent | undefined, offering: Offering): Promise<RpcAnswer | 'call_again'> {
  const { asked, server, offer, refusal } = offering;
  const { caller, exchange } = asked;
  if (consent !== undefined && !accepts(consent.answer)) return refusal;
  const { url, done } = await offer.beginSignIn(server, caller.principal.user.id);
  const page = { mode: 'url', url, message: `Sign in to ${server}, so that what was asked for can be done.` };
  if (consent?.isOfAnother === false) await before(done, exchange.signal);
  else if (exchange.ask === undefined) return inputRequired(refusal, page, offer);
  else if (!(await signsIn(exchange, page, done))) return refusal;
  return 'call_again';
}

function accepts(answer: Json): boolean {
  return isJsonObject(answer) && answer['action'] === 'accept';
}

/** The refusal as a stateless client gets it that can go on: with the page, and the decision as it was. */
function inputRequired(refusal: RpcAnswer, page: JsonObject, { place }: SignInOffer): RpcAnswer {
  if (refusal.kind === 'failure') return refusal;
  const inputRequests = { [SIGN_IN_KEY]: { method: 'elicitation/create', params: page } };
  const { _meta: meta } = refusal.result;
  const state = place === undefined ? {} : { requestState: withPlace(STATE, STATE_MARK, place) };
  const result = { resultType: 'input_required', inputRequests, ...state };
  return { kind: 'result', result: meta === undefined ? result : { ...result, _meta: meta } };
}

/** Whether the user of a client in a session wants to, and has. */
async function signsIn(exchange: Exchange, page: JsonObject, done: Promise<void>): Promise<boolean> {
  const elicitationId = randomUUID();
  const question = { method: 'elicitation/create', params: { ...page, elicitationId } } as const;
  const consent = await exchange.ask?.(question, exchange.signal);
  if (consent?.kind !== 'result' || !accepts(consent.result)) return false;
  await before(done, exchange.signal);
  exchange.notify('notifications/elicitation/complete', { elicitationId });
  return true;
}

/** The sign-in goes on when the client no longer waits for the call; the next one finds it done. */
async function before(done: Promise<void>, signal: StopSignal): Promise<void> {
  if (signal.aborted) throw signal.reason;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new Error('the client no longer waits'));
    signal.addEventListener('abort', onAbort);
  });
  try {
    await Promise.race([done, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
