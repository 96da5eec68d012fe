import { shortHash } from '../core/generation.ts';
import type { ActionType } from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import type { Warning } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { OwnDenial } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { cutText } from '../policy/author-text.ts';
import { type Advice, type AdviceFacts, adviseAgain, adviseAgainst, adviseFor, type DecisionObject } from './advice.ts';
import { type AboutFacts, buildInput } from './build-input.ts';
import { deadlineOf, endingAt, judgeForwarded } from './carry-out.ts';
import { countDenial, countResult, isDeniedAgain } from './count-calls.ts';
import type { Dialogue, Said } from './dialogue.ts';
import { forward, type Forwarded, forwardWithin } from './forward.ts';
import type { Allowed, Asked, Opened, Steps } from './govern.ts';
import { declaredArguments } from './governed-server.ts';
import type { Governing } from './governing.ts';
import type { JudgedCall } from './judge-answer.ts';
import { keepApproved } from './keep-approved.ts';
import type { InputAnswers } from './port.ts';
import { endSending, traceOf } from './observing.ts';
import { recall, type Recalled } from './recall.ts';
import type { Target } from './resolve.ts';
import type { Route } from './route.ts';
import { rule, type Ruling } from './rule.ts';
import { type Approvals, seekApproval, type Seeking, soughtFor } from './seek-approval.ts';
import { settle } from './settle.ts';

/** What a governed request has, whatever its method. */
export interface Request {
  readonly meta: JsonObject;
  readonly answers?: InputAnswers | undefined;
}

/** What is particular to one method. */
export interface Way<R extends Request, T extends Route> {
  readonly action: ActionType;
  resolve(asked: Asked<R>): Promise<Target<T>>;
  /** What policy reads beside tool and arguments. */
  aboutOf(request: R, route: T): AboutFacts | undefined;
  send(allowed: Allowed<R, T>): Promise<Said>;
  /** The call whose answer is decided on; absent where answers are no results of tools. */
  readonly judged?: (allowed: Allowed<R, T>) => JudgedCall;
  /** What was asked for, in words. */
  subjectOf(request: R): string;
  refuse(asked: Asked<R>, advice: Advice, target: Target<T>): RpcAnswer;
  /** Adds the decision to an answer that came, and makes its URIs those that clients know. */
  finish(allowed: Allowed<R, T>, answer: RpcAnswer, object: DecisionObject): RpcAnswer;
  /** What is said where no answer came. */
  breakOff(text: string, object: DecisionObject): RpcAnswer;
  /** Name of the tool that a request names in vain; for the record. */
  readonly unknownTool?: (request: R) => string;
  /** The schema that marks secrets among the arguments. */
  readonly schemaOf?: (route: T) => JsonObject;
}

export interface StepParts extends Governing {
  readonly dialogue: Dialogue;
  readonly approvals: Approvals;
}

/** The steps of one method, on the real parts. */
export function stepsOf<R extends Request, T extends Route>(way: Way<R, T>, parts: StepParts): Steps<R, T> {
  const { log, clock, logger, approvals } = parts;
  return {
    resolve: (asked) => way.resolve(asked),
    open: (asked, target) => open(asked, target, parts),
    recall: (standing) => recall(standing, { action: way.action, governing: parts }),
    decide: (asked, target, recalled) => {
      const ruling = decide(asked, target, { way, parts, recalled });
      asked.observation?.ruled();
      return ruling;
    },
    confirm: ({ caller }, confirmed) => approvals.confirmations.hear(confirmed, caller),
    record: async (ruling, standing) => {
      const startedMs = clock.monotonic();
      const kept = await keepApproved(ruling, () => soughtFor(ruling, standing, approvals.login), {
        ...approvals,
        log,
      });
      const recordUs = Math.round((clock.monotonic() - startedMs) * 1000);
      standing.asked.observation?.decided(kept.record, isPinned(standing.target));
      return { ruling: kept, recordUs };
    },
    seekApproval: async (ruling, standing) => {
      const sought = await seekApproval(ruling, standing, seekingOf(way, parts));
      if (sought.kind === 'waits') approvals.announce?.(ruling.record);
      return sought;
    },
    forward: async (allowed) => {
      const forwarded = await send(allowed, way, clock);
      if (way.action === 'tool_call') countResult(allowed.asked, forwarded, parts);
      return forwarded;
    },
    judge: (allowed, forwarded) => {
      const { ruling, asked } = allowed;
      const call = forwarded.kind === 'answered' ? way.judged?.(allowed) : undefined;
      return judgeForwarded(forwarded, { ruling, call, facts: () => factsOf(asked, ruling, way), governing: parts });
    },
    settle: (ruling, forwarded, recordUs) => settle(ruling, forwarded, { recordUs, governing: parts }),
    answer: (allowed, forwarded) => answerOf(allowed, forwarded, way),
    refuse: (asked, ruling, target) => {
      if (way.action === 'tool_call' && ruling.decision.effect === 'deny') countDenial(asked, parts);
      const advise = isDeniedAgain(asked, target, { ruling, governing: parts }) ? adviseAgain : adviseAgainst;
      return way.refuse(asked, advise(factsOf(asked, ruling, way)), target);
    },
    refuseUnrecorded: (asked, ruling, { target, cause }) => {
      const { id: decision, trace_id } = ruling.record;
      const problem = messageOf(cause);
      logger.error('a decision could not be recorded, so the request is refused', { problem, decision, trace_id });
      const advice = adviseAgainst(factsOf(asked, unrecorded(ruling), way));
      return way.refuse(asked, advice, target);
    },
  };
}

function seekingOf<R extends Request, T extends Route>(way: Way<R, T>, { approvals, clock }: StepParts): Seeking<R> {
  return {
    approvals,
    now: () => clock.monotonic(),
    isSuspendable: SUSPENDABLE.has(way.action),
    subjectOf: (request) => way.subjectOf(request),
    advise: (asked, ruling) => adviseAgainst(factsOf(asked, ruling, way)),
  };
}

/** What may be answered with `input_required` (MCP 2026-07-28, basic/patterns/mrtr). */
const SUSPENDABLE: ReadonlySet<ActionType> = new Set(['tool_call', 'prompt_get', 'resource_read']);

const ANEW: Opened = { kind: 'anew' };
const STALE: Opened = { kind: 'stale' };

function open<R extends Request, T>(
  { request, caller }: Asked<R>,
  target: Target<T>,
  { dialogue, approvals }: StepParts,
): Opened {
  // What is refused anyway is refused as ever: a state that does not fit must not tell what is hidden from what is not there.
  if (request.answers === undefined || target.kind !== 'found') return ANEW;
  const { hash } = target.args;
  const opening = approvals.confirmations.open(request.answers, caller, hash);
  if (opening.kind === 'confirmed') return opening;
  if (opening.rest === undefined) return ANEW;
  const resumed = dialogue.open(opening.rest, caller, hash);
  return resumed === undefined ? STALE : { kind: 'resumed', resumed };
}

interface Making<R extends Request, T extends Route> {
  readonly way: Way<R, T>;
  readonly parts: StepParts;
  readonly recalled: Recalled;
}

function decide<R extends Request, T extends Route>(asked: Asked<R>, target: Target<T>, making: Making<R, T>): Ruling {
  const { caller, exchange, request } = asked;
  const { way, parts } = making;
  const route = target.kind === 'unknown' ? undefined : target.route;
  return rule(
    {
      caller,
      action: way.action,
      server: route?.server.id ?? '',
      tool: route?.facts.tool ?? way.unknownTool?.(request) ?? '',
      own: objectionsTo(target, making.recalled),
      input: target.kind === 'unknown' ? undefined : inputOf(asked, target, making),
      dropped: exchange.dropped,
      traceId: traceOf(asked),
    },
    parts.court(route && way.schemaOf?.(route), route?.server.policy),
  );
}

const NO_DENIALS: readonly OwnDenial[] = [];

/** What the gateway itself has against a request, before any layer is asked. */
function objectionsTo(target: Target<unknown>, { denial }: Recalled): readonly OwnDenial[] {
  if (target.kind !== 'found') return [target.denial];
  return denial === undefined ? NO_DENIALS : [denial];
}

function inputOf<R extends Request, T extends Route>(
  { request, caller }: Asked<R>,
  target: Exclude<Target<T>, { kind: 'unknown' }>,
  { way, parts, recalled }: Making<R, T>,
): PolicyInput {
  const { route, args } = target;
  const { environment, results } = parts;
  return buildInput({
    action: way.action,
    principal: caller.principal,
    server: route.server.facts,
    tool: route.facts,
    about: way.aboutOf(request, route),
    call: {
      args: args.value,
      schemaChecked: target.kind === 'found' && target.isSchemaChecked,
      dataClasses: results.classifier.inArguments(args.value, declaredArguments(route.server, route.facts.tool)),
      hash: args.hash,
      recalled,
      meta: request.meta,
    },
    environment,
    now: recalled.nowMs,
  });
}

/** Whether what is asked for was accepted with its server, so that its name is one of few. */
function isPinned<T extends Route>(target: Target<T>): boolean {
  return target.kind !== 'unknown' && target.route.server.pins !== undefined;
}

async function send<R extends Request, T extends Route>(
  allowed: Allowed<R, T>,
  way: Way<R, T>,
  clock: Clock,
): Promise<Forwarded> {
  const sending = allowed.asked.observation?.forward(allowed.target.route.server.id);
  if (sending === undefined) return sendOn(allowed, way, clock);
  const forwarded = await sendOn({ ...allowed, trace: sending.context }, way, clock);
  endSending(sending, forwarded);
  return forwarded;
}

function sendOn<R extends Request, T extends Route>(
  allowed: Allowed<R, T>,
  way: Way<R, T>,
  clock: Clock,
): Promise<Forwarded> {
  const server = allowed.target.route.server.id;
  const deadline = deadlineOf(allowed.ruling);
  if (deadline === undefined) return forward(() => way.send(allowed), server, clock);
  return forwardWithin(deadline, (expired) => way.send(endingAt(allowed, expired)), { server, clock });
}

function answerOf<R extends Request, T extends Route>(
  allowed: Allowed<R, T>,
  forwarded: Forwarded,
  way: Way<R, T>,
): RpcAnswer {
  if (forwarded.kind === 'said') return forwarded.answer;
  const { asked, ruling, target } = allowed;
  const judged = forwarded.kind === 'answered' ? forwarded.judged : undefined;
  if (judged?.withheld !== undefined) return way.refuse(asked, judged.withheld, target);
  const object = adviseFor(factsOf(asked, ruling, way), judged?.warnings);
  if (forwarded.kind === 'answered') return way.finish(allowed, forwarded.answer, object);
  return way.breakOff(`${forwarded.text}\nDecision ${ruling.record.id}`, object);
}

/** Characters of what was asked for that are said back. */
const MAX_SUBJECT = 300;

function factsOf<R extends Request, T extends Route>(
  { request }: Asked<R>,
  { record, decision, ruleText, limits }: Ruling,
  way: Way<R, T>,
): AdviceFacts {
  return {
    decisionId: record.id,
    policyVersion: shortHash(record.generation),
    decision,
    subject: cutText(way.subjectOf(request), MAX_SUBJECT),
    ruleText,
    limits,
    approvals: record.combine.approvals.filter(({ status }) => status === 'open'),
  };
}

function unrecorded(ruling: Ruling): Ruling {
  const reason = 'gateway.audit_unavailable';
  const warnings: readonly Warning[] = [];
  return {
    ...ruling,
    decision: {
      ...ruling.decision,
      effect: 'deny',
      reasons: [reason],
      reason_internal: '',
      denials: [{ reason, rule: '', params: {} }],
      warnings,
      matched_rules: [],
    },
  };
}
