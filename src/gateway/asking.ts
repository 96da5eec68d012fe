import { REFUSED_CODE } from '../core/names.ts';
import { RPC, type RpcAnswer, type RpcError, type RpcRequest } from '../core/rpc.ts';
import type { Advice } from './advice.ts';
import type { DialogueParts } from './dialogue.ts';
import type { Elicitations } from './elicitations.ts';
import type { Ask, Caller, ServerQuestion } from './port.ts';
import { type Heard, hearAnswer, hearQuestion, type Matter, refuseQuestion } from './question-decision.ts';
import { capabilityFor, kindOf, lackingIn, questionIn, shown } from './questions.ts';

export type AskingParts = DialogueParts & { readonly elicitations: Elicitations };

/** A question that its client may be asked, or the answer to the server that it may not. */
export type Admitted =
  | { readonly kind: 'question'; readonly question: ServerQuestion; readonly heard: Heard }
  | { readonly kind: 'refused'; readonly answer: RpcAnswer };

/**
 * Puts to the client what a server asks in a session, and gives the server the answer, or an error that says nothing of
 * any rule. Question and answer are decided, and each decision is on record before anything goes out. Never rejects.
 */
export async function askClient(request: RpcRequest, matter: Matter, way: Way): Promise<RpcAnswer> {
  const admitted = await admit(request, matter, way.parts);
  if (admitted.kind === 'refused') return admitted.answer;
  const { question, heard } = admitted;
  const answer = await put(show(question, matter, way.parts), way);
  heard.settle(answer === undefined ? 'cancelled' : answer.kind === 'result' ? 'ok' : 'protocol_error');
  if (answer === undefined) return failed(RPC.internalError, 'The client cannot be asked any more.');
  if (answer.kind === 'failure') return answer;
  const { advice, settle } = await hearAnswer({ question, answer: answer.result }, matter, way.parts);
  if (advice !== undefined) return refusedWith(advice, question);
  settle('ok');
  return answer;
}

export interface Way {
  readonly ask: Ask;
  readonly signal: AbortSignal;
  /** Present where the server wants to hear how the answer gets along. */
  readonly onProgress?: Parameters<Ask>[2];
  readonly parts: AskingParts;
}

/** Decides whether a request of a server in a session may be put to the client. */
export async function admit({ method, params }: RpcRequest, matter: Matter, parts: AskingParts): Promise<Admitted> {
  const question = questionIn(method, params);
  const lacking = question === undefined ? undefined : lackingIn(matter.caller.capabilities, capabilityFor(question));
  if (question === undefined || (lacking !== undefined && matter.server.allow[kindOf(question)])) {
    await refuseQuestion(method, matter, parts);
    return { kind: 'refused', answer: unable(method, question, matter.caller) };
  }
  const heard = await hearQuestion(question, matter, parts);
  if (heard.advice === undefined) return { kind: 'question', question, heard };
  return { kind: 'refused', answer: refusedWith(heard.advice, question) };
}

/** The question as its client gets it. */
export function show(question: ServerQuestion, { caller, server }: Matter, parts: AskingParts): ServerQuestion {
  const label = parts.namesServers() ? server.id : undefined;
  const asked = shown(question, { server: label, hasElicitationIds: caller.era === 'session' });
  const { elicitationId } = asked.params;
  if (typeof elicitationId === 'string') parts.elicitations.note(server.id, elicitationId, caller.session);
  return asked;
}

/** What a server in a session is told of a question or an answer that is denied. */
export function refusedWith({ object }: Advice, question: ServerQuestion): RpcAnswer {
  const { reasons, metadata } = object;
  const isUnknown = reasons.includes('gateway.method_not_allowed');
  const message = `The gateway does not allow this ${kindOf(question)}. Decision ${metadata.decision_id}`;
  return failed(isUnknown ? RPC.methodNotFound : REFUSED_CODE, message);
}

export function failed(code: number, message: string, data?: RpcError['data']): RpcAnswer {
  return { kind: 'failure', error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** Undefined where the client is gone, or the server no longer wants to know. */
async function put(question: ServerQuestion, { ask, signal, onProgress }: Way): Promise<RpcAnswer | undefined> {
  try {
    return await ask(question, signal, onProgress);
  } catch {
    return undefined;
  }
}

/** MCP 2025-11-25: what a client does not declare at all it does not know; a part that it does not declare is invalid. */
function unable(method: string, question: ServerQuestion | undefined, { capabilities }: Caller): RpcAnswer {
  const knows = question !== undefined && capabilities[kindOf(question)] !== undefined;
  return knows
    ? failed(RPC.invalidParams, `The client does not support this form of ${method}.`)
    : failed(RPC.methodNotFound, `The client does not support ${method}.`);
}
