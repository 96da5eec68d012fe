import { REFUSED_CODE } from '../core/names.ts';
import { isJsonObject } from '../core/json.ts';
import { RPC, type RpcAnswer, type RpcRequest } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import { admit, failed, refusedWith } from './asking.ts';
import type { Forwarding, ParkedRound, Said } from './dialogue.ts';
import { writeQuestions } from './input-required.ts';
import { relayTo } from './notices.ts';
import { type ParkedCalls, TalkingCall } from './parked-calls.ts';
import type { ServerQuestion } from './port.ts';
import { hearAnswer, refuseQuestion } from './question-decision.ts';
import { principalOf } from './request-state.ts';
import { matterOf, MAX_ROUNDS, paramsOf, type RoundParts, shownAll, tooManyRounds } from './rounds.ts';

export interface SuspensionParts {
  readonly rounds: RoundParts;
  readonly parked: ParkedCalls;
  readonly gatherMs: number;
}

/** Forwards a stateless client's request; where a server in a session asks something, the client gets the question. */
export function forwardSuspendably(forwarding: Forwarding, parts: SuspensionParts): Promise<Said> {
  const { caller, exchange, server, method } = forwarding;
  const call = new TalkingCall(principalOf(caller), forwarding);
  call.start(() =>
    parts.rounds.send({
      server,
      caller,
      method,
      params: paramsOf(forwarding),
      options: {
        signal: call.signal,
        logLevel: exchange.logLevel,
        onProgress: exchange.onProgress && ((params) => call.forwarding.exchange.onProgress?.(params)),
        // While nobody waits for the call, what it says goes to the exchange that is over, and nowhere.
        onNotification: (notification) => relayTo(call.forwarding.exchange)(notification),
        onRequest: (request, signal) => askSuspended(call, { request, signal }, parts),
        onRefused: (request) => void refuseQuestion(request.method, matterOf(call.forwarding), parts.rounds),
      },
    }),
  );
  return goOn(call, parts);
}

/** The client is back with answers. Each is decided before the server gets it. */
export async function resume(forwarding: Forwarding, round: ParkedRound, parts: SuspensionParts): Promise<Said> {
  const call = parts.parked.take(round.id, round.round);
  if (call === undefined) return failed(RPC.invalidParams, 'The requestState was used before, or is too old.');
  call.forwarding = forwarding;
  const matter = matterOf(forwarding);
  await Promise.all(
    Object.entries(call.questions).map(async ([key, question]) => {
      const answer = round.responses[key];
      if (!Object.hasOwn(round.responses, key) || !isJsonObject(answer)) return;
      const { advice, settle } = await hearAnswer({ question, answer }, matter, parts.rounds);
      if (advice === undefined) settle('ok');
      call.deliver(key, advice === undefined ? { kind: 'result', result: answer } : refusedWith(advice, question));
    }),
  );
  return goOn(call, parts);
}

async function goOn(call: TalkingCall, { rounds, parked, gatherMs }: SuspensionParts): Promise<Said> {
  const { forwarding } = call;
  const { exchange, server, resumed } = forwarding;
  const startedMs = rounds.clock.monotonic();
  const step = await untilStep(call, exchange.signal, gatherMs).catch((thrown: unknown) => {
    parked.forget(call);
    throw thrown;
  });
  if (step.kind === 'answered') {
    parked.forget(call);
    return step.answer;
  }
  const round = (resumed?.round ?? 0) + 1;
  if (round > MAX_ROUNDS) {
    parked.forget(call);
    call.cancel();
    return tooManyRounds(server.id);
  }
  const requestState = rounds.states.write({ kind: 'parked', id: call.id, round }, forwarding);
  const inputRequests = writeQuestions(shownAll(step.questions, forwarding, rounds));
  return {
    kind: 'result',
    result: { resultType: 'input_required', inputRequests, requestState },
    outcome: parked.park(call, { round, startedMs }),
  };
}

/** While the client waits for the call, its going away ends it; once it was answered it may go. */
async function untilStep(call: TalkingCall, signal: StopSignal, gatherMs: number): ReturnType<TalkingCall['next']> {
  const onAbort = (): void => call.cancel();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await call.next(gatherMs);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

interface Asking {
  readonly request: RpcRequest;
  readonly signal: AbortSignal;
}

async function askSuspended(
  call: TalkingCall,
  { request, signal }: Asking,
  { rounds, parked }: SuspensionParts,
): Promise<RpcAnswer> {
  if (!parked.admit(call)) {
    await refuseQuestion(request.method, matterOf(call.forwarding), rounds);
    return failed(REFUSED_CODE, 'Too many requests wait for this client’s answers.');
  }
  let settle: ((answer: RpcAnswer) => void) | undefined;
  const ask = async (): Promise<ServerQuestion | RpcAnswer> => {
    const admitted = await admit(request, matterOf(call.forwarding), rounds);
    if (admitted.kind === 'refused') return admitted.answer;
    settle = ({ kind }) => admitted.heard.settle(kind === 'result' ? 'ok' : 'cancelled');
    return admitted.question;
  };
  const answer = await call.ask(ask, signal);
  settle?.(answer);
  return answer;
}
