import { randomUUID } from 'node:crypto';
import { isJsonObject, type Json } from '../core/json.ts';
import { DECISION_META_KEY, type ServerId, SIGN_IN_KEY } from '../core/names.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Asked } from './govern.ts';
import type { ToolCallRequest } from './port.ts';

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
  if (asked.exchange.ask === undefined && consent === undefined) return inputRequired(answer, { asked, server, offer });
  const hasSignedIn =
    consent === undefined ? await signsIn(asked, server, offer) : await comesBack(consent, { asked, server, offer });
  return hasSignedIn ? call(rest) : answer;
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
}

async function inputRequired(answer: RpcAnswer, { asked, server, offer }: Offering): Promise<RpcAnswer> {
  if (answer.kind === 'failure') return answer;
  try {
    const { url } = await offer.beginSignIn(server, asked.caller.principal.user.id);
    const params = { mode: 'url', url, message: messageFor(server) };
    const inputRequests = { [SIGN_IN_KEY]: { method: 'elicitation/create', params } };
    const meta = answer.result['_meta'];
    return {
      kind: 'result',
      result: { resultType: 'input_required', inputRequests, ...(meta === undefined ? {} : { _meta: meta }) },
    };
  } catch {
    return answer;
  }
}

/** The client says that the page was opened; the sign-in that was begun then may still be under way. */
async function comesBack(consent: Json, { asked, server, offer }: Offering): Promise<boolean> {
  if (!isJsonObject(consent) || consent['action'] !== 'accept') return false;
  try {
    const { done } = await offer.beginSignIn(server, asked.caller.principal.user.id);
    await before(done, asked.exchange.signal);
    return true;
  } catch {
    return false;
  }
}

function messageFor(server: ServerId): string {
  return `Sign in to ${server}, so that what was asked for can be done.`;
}

/** However it fails, the refusal has said what the user can do. */
async function signsIn(
  { caller, exchange }: Asked<ToolCallRequest>,
  server: ServerId,
  { beginSignIn }: SignInOffer,
): Promise<boolean> {
  try {
    const { url, done } = await beginSignIn(server, caller.principal.user.id);
    const elicitationId = randomUUID();
    const params = { mode: 'url', elicitationId, url, message: messageFor(server) };
    const consent = await exchange.ask?.({ method: 'elicitation/create', params }, exchange.signal);
    if (consent?.kind !== 'result' || consent.result['action'] !== 'accept') return false;
    await before(done, exchange.signal);
    exchange.notify('notifications/elicitation/complete', { elicitationId });
    return true;
  } catch {
    return false;
  }
}

/** The sign-in goes on when the client no longer waits for the call; the next one finds it done. */
async function before(done: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
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
