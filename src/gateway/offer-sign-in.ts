import { randomUUID } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { DECISION_META_KEY, type ServerId, SIGN_IN_KEY } from '../core/names.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import type { Asked } from './govern.ts';
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
}

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
  const { consent, rest } = takeConsent(asked);
  const answer = await call(rest);
  if (!wantsSignIn(answer) || !canOpenPages(asked)) return answer;
  const server = offer.serverOf(asked.request.name);
  if (server === undefined) return answer;
  // However the sign-in fails, the refusal has said what the user can do.
  const next = await goOn(consent, { asked, server, offer, refusal: answer }).catch(() => answer);
  return next === 'call_again' ? call(rest) : next;
}

/** What a stateless client answers to our own question is ours: neither policy nor the server has asked. */
function takeConsent(asked: Asked<ToolCallRequest>): { consent: Json | undefined; rest: Asked<ToolCallRequest> } {
  const { answers } = asked.request;
  if (answers === undefined || !Object.hasOwn(answers.responses, SIGN_IN_KEY))
    return { consent: undefined, rest: asked };
  const { [SIGN_IN_KEY]: consent, ...responses } = answers.responses;
  const isAll = answers.state === undefined && Object.keys(responses).length === 0;
  return {
    consent,
    rest: { ...asked, request: { ...asked.request, answers: isAll ? undefined : { ...answers, responses } } },
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

/** `consent` is what a stateless client says of the page that it was given with an earlier answer. */
async function goOn(consent: Json | undefined, offering: Offering): Promise<RpcAnswer | 'call_again'> {
  const { asked, server, offer, refusal } = offering;
  const { caller, exchange } = asked;
  if (consent !== undefined && !accepts(consent)) return refusal;
  const { url, done } = await offer.beginSignIn(server, caller.principal.user.id);
  const page = { mode: 'url', url, message: `Sign in to ${server}, so that what was asked for can be done.` };
  if (consent !== undefined) await before(done, exchange.signal);
  else if (exchange.ask === undefined) return inputRequired(refusal, page);
  else if (!(await signsIn(exchange, page, done))) return refusal;
  return 'call_again';
}

function accepts(answer: Json): boolean {
  return isJsonObject(answer) && answer['action'] === 'accept';
}

/** The refusal as a stateless client gets it that can go on: with the page, and the decision as it was. */
function inputRequired(refusal: RpcAnswer, page: JsonObject): RpcAnswer {
  if (refusal.kind === 'failure') return refusal;
  const inputRequests = { [SIGN_IN_KEY]: { method: 'elicitation/create', params: page } };
  const { _meta: meta } = refusal.result;
  const result = { resultType: 'input_required', inputRequests };
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
