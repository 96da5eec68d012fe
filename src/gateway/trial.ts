import { GatewayError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { DecisionRecord } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Agents } from './agents.ts';
import type { Environment } from './build-input.ts';
import { Confirmations } from './confirmations.ts';
import type { Dialogue } from './dialogue.ts';
import type { Directory } from './directory.ts';
import { Exposure } from './exposure.ts';
import { govern } from './govern.ts';
import type { Governing, ResultHandling } from './governing.ts';
import { Instances } from './instances.ts';
import type { LabelSettings } from './labels.ts';
import type { Caller, ToolCallRequest } from './port.ts';
import { SILENT_EXCHANGE } from './silent-exchange.ts';
import type { Mask } from './rule.ts';
import { stepsOf } from './steps.ts';
import { type ArgumentCheck, toolWay } from './tool-way.ts';
import {
  type Circumstances,
  StatedConversation,
  statedApprovals,
  statedCounts,
  statedLabels,
  TrialLog,
} from './trial-ports.ts';

/** A call that is tried: who asks for what, with what, and what happened before. */
export interface Trial {
  /** As the door has read it; the gateway adds what the configuration says of the agent. */
  readonly caller: Caller;
  readonly server: string;
  /** The server's own name for it. */
  readonly tool: string;
  readonly args: JsonObject;
  /** The client's `_meta`. */
  readonly meta: JsonObject;
  readonly environment: Environment;
  readonly circumstances: Circumstances;
  /** What the server answers, should it be asked. */
  readonly answer: JsonObject;
}

export interface Tried {
  /** As it would have been recorded. */
  readonly record: DecisionRecord;
  /** That of its result, where one was made. */
  readonly resultRecord: DecisionRecord | undefined;
  /** What the client gets. */
  readonly answer: RpcAnswer;
}

export interface TrialParts {
  readonly policy: PolicySet;
  readonly directory: Directory;
  readonly agents: Agents;
  readonly check: ArgumentCheck;
  readonly results: ResultHandling;
  readonly labels: LabelSettings;
  /** How long an approval stays open where no rule says, in milliseconds. */
  readonly approvalTimeoutMs: number;
  readonly logger: Logger;
}

export interface TryCall {
  (trial: Trial): Promise<Tried>;
}

/**
 * Tries calls: each goes the whole way of a call, on the very steps of the gateway, and what it meets beside policy is
 * stated: clock, conversation, labels, counts, approvals, and what its server answers. No server is asked, and nothing is
 * kept from one call to the next but what may be seen by whom.
 */
export function tryCalls(parts: TrialParts): TryCall {
  const { directory, agents, policy } = parts;
  const exposures = new WeakMap<Environment, Exposure>();
  const exposureIn = (environment: Environment): Exposure => {
    const known = exposures.get(environment);
    if (known !== undefined) return known;
    const exposure = new Exposure({ policy: () => policy, agents, environment, clock: stopped(0) });
    exposures.set(environment, exposure);
    return exposure;
  };
  const names = new Map([...directory.tools].map(([name, route]) => [`${route.server.id}/${route.tool}`, name]));
  return async (trial) => {
    const log = new TrialLog(trial.circumstances);
    const caller = agents.known(trial.caller);
    const governing = governingFor(trial, log, parts);
    const { clock, logger } = governing;
    const book = statedApprovals(trial.circumstances, caller);
    const approvals = {
      book,
      confirmations: new Confirmations({ book, act: never, newId, keyedHash: same, clock, logger, holdMs: 0 }),
      timeoutMs: parts.approvalTimeoutMs,
      login: '',
    };
    const way = toolWay({
      ...governing,
      approvals,
      directory,
      exposure: exposureIn(trial.environment),
      signIns: { stateOf: () => 'not_needed' },
      dialogue: SILENT,
      instances: new Instances({ acquire: nobody, logger }),
      check: parts.check,
    });
    const steps = stepsOf(
      { ...way, send: async () => ({ kind: 'result', result: trial.answer }) },
      { ...governing, approvals, dialogue: SILENT },
    );
    const name = names.get(`${trial.server}/${trial.tool}`) ?? trial.tool;
    const answer = await govern({ request: requestFor(name, trial), caller, exchange: SILENT_EXCHANGE }, steps);
    const [record, resultRecord] = log.records;
    if (record === undefined) throw new GatewayError('POLICY_FAILED', 'a call was not decided');
    return { record, resultRecord, answer };
  };
}

function governingFor({ circumstances, environment }: Trial, log: TrialLog, parts: TrialParts): Governing {
  const clock = stopped(circumstances.nowMs);
  const { policy, labels, results, logger } = parts;
  const court = { policy, clock, newId, mask: UNMASKED, labels };
  return {
    court: () => court,
    environment,
    conversations: new StatedConversation(clock, circumstances.context),
    readLabels: statedLabels(circumstances),
    results,
    log,
    budgets: statedCounts(circumstances),
    clock,
    logger,
  };
}

function stopped(nowMs: number): Clock {
  return { now: () => nowMs, monotonic: () => 0 };
}

/** Nobody reads what is tried but who tries it. */
const UNMASKED: Mask = {
  maskInput: (input) => ({ input, masked: [], hidden: new Set() }),
  maskQuotes: (value) => value,
};

function requestFor(name: string, { args, meta }: Trial): ToolCallRequest {
  return { method: 'tools/call', name, args, meta, answers: undefined, task: undefined };
}

const newId = (): string => 'tried';
const same = (text: string): string => text;
const never = async (): Promise<undefined> => undefined;

function nobody(): never {
  throw new GatewayError('UPSTREAM_UNAVAILABLE', 'no server is asked when a call is tried');
}

/** Nobody talks with the client of a call that is tried: the door has read all it says. */
const SILENT: Dialogue = {
  open: () => undefined,
  forward: nobody,
  asked: nobody,
  placeOf: () => undefined,
  elicitedSession: () => undefined,
  tasks: { answer: nobody, follow: nobody, route: () => undefined },
  close: () => undefined,
};
