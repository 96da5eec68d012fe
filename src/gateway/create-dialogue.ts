import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { RPC, type RpcAnswer } from '../core/rpc.ts';
import { askClient, type AskingParts, failed } from './asking.ts';
import type { Dialogue, DialogueParts, Forwarding, LooseQuestion, RelayedRound, Resumed, Said } from './dialogue.ts';
import { Elicitations } from './elicitations.ts';
import { isInputRequired } from './input-required.ts';
import { relayTo } from './notices.ts';
import { ParkedCalls, PARKING } from './parked-calls.ts';
import { placeNamedIn } from './places.ts';
import type { Caller, InputAnswers } from './port.ts';
import { refuseQuestion } from './question-decision.ts';
import { questionAnsweredBy } from './questions.ts';
import { RequestStates, resumedFrom } from './request-state.ts';
import { answerInput, matterOf, paramsOf, refuseAnswers, type RoundParts } from './rounds.ts';
import { Sealer } from './seal.ts';
import { forwardSuspendably, resume, type SuspensionParts } from './suspension.ts';
import { relatedAsShown } from './task-states.ts';
import { TaskBook } from './tasks.ts';
import { answerFailure } from './upstream-errors.ts';

/** The dialogue for all four pairings of clients and servers in sessions and without. */
export function createDialogue(parts: DialogueParts): Dialogue {
  const { clock, place } = parts;
  const limits = { ...PARKING, ...parts.limits };
  const elicitations = new Elicitations();
  const sealer = new Sealer({ keyedHash: parts.keyedHash, clock });
  const states = new RequestStates({ sealer, until: () => clock.now() + limits.lifeMs, place });
  const rounds: RoundParts = { ...parts, elicitations, states };
  const parked = new ParkedCalls(limits, () => clock.monotonic());
  const tasks = new TaskBook(rounds);
  const all: All = { rounds, tasks, suspension: { rounds, parked, gatherMs: limits.gatherMs } };
  return {
    open: (answers, caller, binding) => {
      const resumed = open(answers, { caller, binding, states });
      return resumed?.kind === 'parked' && !parked.holds(resumed.id, resumed.round) ? undefined : resumed;
    },
    forward: (forwarding) => forward(forwarding, all),
    placeOf: (request) => {
      const named = place === undefined ? undefined : placeNamedIn(request);
      return named === place ? undefined : named;
    },
    asked: (question) => askLoosely(question, all),
    elicitedSession: (server, elicitationId) => elicitations.sessionOf(server, elicitationId),
    tasks,
    close: () => parked.close(),
  };
}

interface All {
  readonly rounds: RoundParts;
  readonly tasks: TaskBook;
  readonly suspension: SuspensionParts;
}

interface Opening {
  readonly caller: Caller;
  readonly binding: string;
  readonly states: RequestStates;
}

function open({ responses, state }: InputAnswers, opening: Opening): Resumed | undefined {
  if (!Object.values(responses).every(isJsonObject)) return undefined;
  if (state !== undefined) {
    const read = opening.states.read(state, opening);
    return read === undefined ? undefined : resumedFrom(read, responses);
  }
  const answers = Object.entries(responses).filter(
    ([, answer]) => isJsonObject(answer) && questionAnsweredBy(answer) !== undefined,
  );
  return { ...UNASKED, responses: Object.fromEntries(answers) };
}

/** A client may answer before it is asked: the server takes of it what it needs. */
const UNASKED: Omit<RelayedRound, 'responses'> = {
  kind: 'relayed',
  server: '',
  by: 'result',
  state: undefined,
  questions: {},
  round: 0,
};

async function forward(forwarding: Forwarding, all: All): Promise<Said> {
  const { resumed, server } = forwarding;
  if (resumed?.kind === 'parked') return conclude(forwarding, await resume(forwarding, resumed, all.suspension), all);
  if (resumed !== undefined && resumed.round > 0 && resumed.server !== server.id) {
    return failed(RPC.invalidParams, 'The requestState was not given for this request.');
  }
  const refused = await refuseAnswers(forwarding, all.rounds);
  if (refused !== undefined) return refused;
  if (resumed?.by === 'error' && !Object.values(resumed.responses).every(isAccepted)) {
    throw new GatewayError('CANCELLED', 'the user did not open the address that the server asked for');
  }
  const said = await send(forwarding, all);
  return conclude(forwarding, said, all);
}

async function send(forwarding: Forwarding, { rounds, suspension }: All): Promise<Said> {
  const { exchange, caller, server, method } = forwarding;
  const { ask, signal, logLevel, onProgress } = exchange;
  if (ask === undefined) return forwardSuspendably(forwarding, suspension);
  return rounds.send({
    server,
    caller,
    method,
    params: paramsOf(forwarding),
    options: {
      signal,
      logLevel,
      onProgress,
      onNotification: relayTo(exchange),
      onRequest: (request, aborted, progress) =>
        askClient(request, matterOf(forwarding), { ask, signal: aborted, onProgress: progress, parts: rounds }),
      onRefused: (request) => void refuseQuestion(request.method, matterOf(forwarding), rounds),
    },
  });
}

/** What the server said, made fit for the client. */
async function conclude(forwarding: Forwarding, said: Said, { rounds, tasks }: All): Promise<Said> {
  if (said.outcome !== undefined) return said;
  if (said.kind === 'failure') return answerFailure(forwarding, said.error, rounds);
  if (isInputRequired(said.result)) return answerInput(forwarding, said.result, rounds);
  return tasks.note(forwarding, said.result);
}

async function askLoosely(
  { server, request, signal, listener }: LooseQuestion,
  { rounds, tasks }: All,
): Promise<RpcAnswer> {
  const ask = listener?.audience.ask;
  if (listener === undefined || ask === undefined) {
    return failed(RPC.methodNotFound, `Nobody can be asked for ${request.method} outside of a request.`);
  }
  const { caller } = listener;
  const task = tasks.behind(server.id, request.params, caller);
  const parts: AskingParts = rounds;
  const asked = task === undefined ? request : relatedAsShown(request, task);
  return askClient(asked, { caller, server, call: task?.call }, { ask, signal, parts });
}

function isAccepted(answer: unknown): boolean {
  return isJsonObject(answer) && answer['action'] === 'accept';
}
