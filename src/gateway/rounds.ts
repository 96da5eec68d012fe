import { setTimeout as wait } from 'node:timers/promises';

import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import type { Advice } from './advice.ts';
import { type AskingParts, failed, show } from './asking.ts';
import type { Forwarding, RelayedRound, Said } from './dialogue.ts';
import { mapMembers, type Questions, readInputRequired, writeQuestions } from './input-required.ts';
import type { Ask, ServerQuestion } from './port.ts';
import {
  type AskingCall,
  askingCallOf,
  type Heard,
  hearAnswer,
  hearQuestion,
  type Matter,
  refuseQuestion,
} from './question-decision.ts';
import { capabilityFor, kindOf, lackingIn, questionAnsweredBy } from './questions.ts';
import type { RequestStates } from './request-state.ts';
import { saidAtLast, saidNo } from './said.ts';

/** How often a server may ask in the course of one request. */
export const MAX_ROUNDS = 16;
/** Between two rounds in which the server asks for nothing but to be asked again. */
const PAUSE_MS = 250;

export type RoundParts = AskingParts & { readonly states: RequestStates };

export function matterOf({ caller, server, ruling, method, params }: Forwarding): MatterOfCall {
  return { caller, server, call: askingCallOf(ruling, method, params) };
}

type MatterOfCall = Matter & { readonly call: AskingCall };

/** What goes to the server: the request, with the answers and the state that belong to it. */
export function paramsOf({ params, resumed }: Forwarding): JsonObject {
  if (resumed?.kind !== 'relayed' || resumed.by === 'error') return params;
  const { responses, state } = resumed;
  const answered = Object.keys(responses).length === 0 ? params : { ...params, inputResponses: responses };
  return state === undefined ? answered : { ...answered, requestState: state };
}

/** Decides on the answers that go to a stateless server. Undefined where it may have them all. */
export async function refuseAnswers(forwarding: Forwarding, parts: RoundParts): Promise<Said | undefined> {
  const { resumed } = forwarding;
  if (resumed?.kind !== 'relayed') return undefined;
  const matter = matterOf(forwarding);
  const answered = Object.entries(resumed.responses).flatMap(([key, answer]) => {
    const question = questionFor(key, resumed);
    return question === undefined || !isJsonObject(answer) ? [] : [{ question, answer }];
  });
  const heard = await Promise.all(answered.map((answer) => hearAnswer(answer, matter, parts)));
  const advice = firstDenial(heard);
  if (advice !== undefined) return saidNo(advice, forwarding, 0);
  for (const { settle } of heard) settle('ok');
  return undefined;
}

/**
 * A stateless server wants input. A client in a session is asked at once, and the request goes its whole way again with
 * the answers; a stateless client gets what is asked, and comes back.
 */
export async function answerInput(forwarding: Forwarding, result: JsonObject, parts: RoundParts): Promise<Said> {
  const { server, method, exchange, resumed } = forwarding;
  const read = readInputRequired(method, result);
  if (read.kind === 'broken') throw new GatewayError('UPSTREAM_PROTOCOL', `the server ${server.id} ${read.why}`);
  const round = (resumed?.round ?? 0) + 1;
  // A stateless client counts for itself.
  if (exchange.ask !== undefined && round > MAX_ROUNDS) return tooManyRounds(server.id);
  const next = {
    kind: 'relayed',
    server: server.id,
    by: 'result',
    state: read.state,
    questions: read.questions,
    round,
  } as const;
  const heard = await hearQuestions(forwarding, read.questions, parts);
  if (heard.kind === 'refused') return heard.said;
  if (exchange.ask !== undefined) return askInTurn(forwarding, next, { ask: exchange.ask, heard: heard.heard, parts });
  for (const { settle } of Object.values(heard.heard)) settle('ok');
  const requestState = parts.states.write(next, forwarding);
  if (Object.keys(read.questions).length === 0) return { kind: 'result', result: { ...result, requestState } };
  const inputRequests = writeQuestions(shownAll(read.questions, forwarding, parts));
  return { kind: 'result', result: { ...result, inputRequests, requestState } };
}

type AllHeard =
  | { readonly kind: 'heard'; readonly heard: Readonly<Record<string, Heard>> }
  | { readonly kind: 'refused'; readonly said: Said };

/** Decides on all that is asked in one round. Where one question is denied, or too much for the client, none goes out. */
export async function hearQuestions(
  forwarding: Forwarding,
  questions: Questions,
  parts: RoundParts,
): Promise<AllHeard> {
  const matter = matterOf(forwarding);
  const beyond = await refuseBeyond(forwarding, Object.values(questions), parts);
  if (beyond !== undefined) return { kind: 'refused', said: beyond };
  const pairs = Object.entries(questions).map(
    async ([key, question]) => [key, await hearQuestion(question, matter, parts)] as const,
  );
  const heard = await Promise.all(pairs);
  const advice = firstDenial(heard.map(([, one]) => one));
  if (advice !== undefined) return { kind: 'refused', said: saidNo(advice, forwarding, 0) };
  return { kind: 'heard', heard: Object.fromEntries(heard) };
}

/** Where one is denied, none of the others goes any further. */
function firstDenial(heard: readonly Heard[]): Advice | undefined {
  const advice = heard.find((one) => one.advice !== undefined)?.advice;
  if (advice === undefined) return undefined;
  for (const one of heard) if (one.advice === undefined) one.settle('cancelled');
  return advice;
}

export function shownAll(questions: Questions, forwarding: Forwarding, parts: RoundParts): Questions {
  const matter = matterOf(forwarding);
  return mapMembers(questions, (question) => show(question, matter, parts));
}

/** What a client lacks that could be asked if it had it (MCP 2026-07-28: `requiredCapabilities`). */
export function missingCapability(lacking: JsonObject, { server, caller }: Forwarding): RpcAnswer {
  const message = `The server ${server.id} needs something that this client does not declare: ${namesIn(lacking)}.`;
  return caller.era === 'stateless'
    ? failed(RPC.missingCapability, message, { requiredCapabilities: lacking })
    : failed(RPC.invalidRequest, message, { requiredCapabilities: lacking });
}

/** `elicitation.url, sampling` */
export function namesIn(capabilities: JsonObject): string {
  const names = Object.entries(capabilities).flatMap(([name, members]) => {
    const parts = isJsonObject(members) ? Object.keys(members) : [];
    return parts.length === 0 ? [name] : parts.map((part) => `${name}.${part}`);
  });
  return names.join(', ');
}

/** A server was told what the client can do; what goes beyond it is recorded, and nothing is asked. */
async function refuseBeyond(
  forwarding: Forwarding,
  questions: readonly ServerQuestion[],
  parts: RoundParts,
): Promise<Said | undefined> {
  const { caller, server } = forwarding;
  const beyond = questions.flatMap((question) => {
    const lacking = lackingIn(caller.capabilities, capabilityFor(question));
    return lacking !== undefined && server.allow[kindOf(question)] ? [{ question, lacking }] : [];
  });
  const [first] = beyond;
  if (first === undefined) return undefined;
  await refuseQuestion(first.question.method, matterOf(forwarding), parts);
  return missingCapability(first.lacking, forwarding);
}

interface Turn {
  readonly ask: Ask;
  readonly heard: Readonly<Record<string, Heard>>;
  readonly parts: RoundParts;
}

/** One question after the other, as a person would want it. */
async function askInTurn(
  forwarding: Forwarding,
  next: Omit<RelayedRound, 'responses'>,
  { ask, heard, parts }: Turn,
): Promise<Said> {
  const { exchange, again } = forwarding;
  const startedMs = parts.clock.monotonic();
  const elapsedMs = (): number => parts.clock.monotonic() - startedMs;
  const unanswered = new Map(Object.entries(heard));
  const responses: (readonly [string, JsonObject])[] = [];
  try {
    for (const [key, question] of Object.entries(shownAll(next.questions, forwarding, parts))) {
      const answer = await askOrStop(ask, question, exchange.signal);
      unanswered.get(key)?.settle(answer.kind === 'result' ? 'ok' : 'protocol_error');
      unanswered.delete(key);
      // A stateless server takes no error for an answer.
      if (answer.kind === 'failure') return saidAtLast(answer, 'cancelled', elapsedMs());
      responses.push([key, answer.result]);
    }
  } finally {
    for (const { settle } of unanswered.values()) settle('cancelled');
  }
  if (responses.length === 0) await pauseOrStop(exchange.signal);
  const last = await again({ ...next, responses: Object.fromEntries(responses) });
  return saidAtLast(last, 'ok', elapsedMs());
}

export function tooManyRounds(server: string): RpcAnswer {
  return failed(
    RPC.internalError,
    `The server ${server} asked for input ${MAX_ROUNDS} times and did not come to an end.`,
  );
}

async function askOrStop(ask: Ask, question: ServerQuestion, signal: StopSignal): Promise<RpcAnswer> {
  try {
    return await ask(question, signal);
  } catch (thrown) {
    throw new GatewayError('CANCELLED', messageOf(thrown), { cause: thrown });
  }
}

async function pauseOrStop(signal: StopSignal): Promise<void> {
  const pause = new AbortController();
  const end = (): void => pause.abort();
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    await wait(PAUSE_MS, undefined, { signal: pause.signal });
  } catch (thrown) {
    throw new GatewayError('CANCELLED', 'the client cancelled the request', { cause: thrown });
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** For an answer that came without a state, and so before anything was asked here, what it looks like. */
function questionFor(key: string, { questions, responses, round }: RelayedRound): ServerQuestion | undefined {
  if (round > 0) return Object.hasOwn(questions, key) ? questions[key] : undefined;
  const answer = responses[key];
  return isJsonObject(answer) ? questionAnsweredBy(answer) : undefined;
}
