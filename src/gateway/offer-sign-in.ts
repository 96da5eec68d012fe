import { randomUUID } from 'node:crypto';
import { isJsonObject } from '../core/json.ts';
import { DECISION_META_KEY, type ServerId } from '../core/names.ts';
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

/**
 * Makes a call; where it is refused for want of a sign-in and the client can open a page for its user (elicitation in URL
 * mode, MCP 2025-11-25), offers that page, and once the user has signed in makes the call again: it is decided and
 * recorded anew. The browser returns to this machine, which is where the clients of this version are too.
 */
export async function callWithSignIn(
  asked: Asked<ToolCallRequest>,
  call: () => Promise<RpcAnswer>,
  offer: SignInOffer,
): Promise<RpcAnswer> {
  const answer = await call();
  if (!wantsSignIn(answer) || !canOpenPages(asked)) return answer;
  const server = offer.serverOf(asked.request.name);
  return server !== undefined && (await hasSignedIn(asked, server, offer)) ? call() : answer;
}

/** By the gateway's own words beside the answer, which no server can write. */
function wantsSignIn(answer: RpcAnswer): boolean {
  if (answer.kind === 'failure') return false;
  const meta = answer.result['_meta'];
  const decision = isJsonObject(meta) ? meta[DECISION_META_KEY] : undefined;
  const reasons = isJsonObject(decision) ? decision['reasons'] : undefined;
  return Array.isArray(reasons) && reasons.includes('gateway.sign_in_required');
}

function canOpenPages({ caller, exchange }: Asked<ToolCallRequest>): boolean {
  const elicitation = caller.capabilities['elicitation'];
  return exchange.ask !== undefined && isJsonObject(elicitation) && elicitation['url'] !== undefined;
}

/** However it fails, the refusal has said what the user can do. */
async function hasSignedIn(
  { caller, exchange }: Asked<ToolCallRequest>,
  server: ServerId,
  { beginSignIn }: SignInOffer,
): Promise<boolean> {
  try {
    const { url, done } = await beginSignIn(server, caller.principal.user.id);
    const elicitationId = randomUUID();
    const message = `Sign in to ${server}, so that what was asked for can be done.`;
    const params = { mode: 'url', elicitationId, url, message };
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
