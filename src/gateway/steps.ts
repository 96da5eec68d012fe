import type { ActionType } from '../core/action.ts';
import type { Warning } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { OwnDenial } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { cutText } from '../policy/author-text.ts';
import { type Advice, type AdviceFacts, adviseAgainst, adviseFor, type DecisionObject } from './advice.ts';
import { type AboutFacts, buildInput } from './build-input.ts';
import type { Dialogue, Ended, Said } from './dialogue.ts';
import { forward, type Forwarded } from './forward.ts';
import type { Allowed, Asked, Opened, Steps } from './govern.ts';
import type { Governing } from './governing.ts';
import { keepRuling } from './keep-ruling.ts';
import type { InputAnswers } from './port.ts';
import type { Target } from './resolve.ts';
import type { Route } from './route.ts';
import { rule, type Ruling } from './rule.ts';

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
}

/** The steps of one method, on the real parts. */
export function stepsOf<R extends Request, T extends Route>(way: Way<R, T>, parts: StepParts): Steps<R, T> {
  const { log, clock, logger } = parts;
  return {
    resolve: (asked) => way.resolve(asked),
    open: (asked, target) => open(asked, target, parts.dialogue),
    decide: (asked, target) => decide(asked, target, { way, parts }),
    record: async (ruling) => {
      const startedMs = clock.monotonic();
      const kept = await keepRuling(ruling, log);
      return { ruling: kept, recordUs: Math.round((clock.monotonic() - startedMs) * 1000) };
    },
    forward: (allowed) => forward(() => way.send(allowed), allowed.target.route.server.id, clock),
    settle: (ruling, forwarded, recordUs) => settle(ruling, forwarded, { recordUs, parts }),
    answer: (allowed, forwarded) => answerOf(allowed, forwarded, way),
    refuse: (asked, ruling, target) => way.refuse(asked, adviseAgainst(factsOf(asked, ruling, way)), target),
    refuseUnrecorded: (asked, ruling, { target, cause }) => {
      logger.error('a decision could not be recorded, so the request is refused', { problem: messageOf(cause) });
      const advice = adviseAgainst(factsOf(asked, unrecorded(ruling), way));
      return way.refuse(asked, advice, target);
    },
  };
}

const ANEW: Opened = { kind: 'anew' };
const STALE: Opened = { kind: 'stale' };

function open<R extends Request, T>({ request, caller }: Asked<R>, target: Target<T>, dialogue: Dialogue): Opened {
  // What is refused anyway is refused as ever: a state that does not fit must not tell what is hidden from what is not there.
  if (request.answers === undefined || target.kind !== 'found') return ANEW;
  const resumed = dialogue.open(request.answers, caller, target.args.hash);
  return resumed === undefined ? STALE : { kind: 'resumed', resumed };
}

interface Making<R extends Request, T extends Route> {
  readonly way: Way<R, T>;
  readonly parts: StepParts;
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
      own: target.kind === 'found' ? NO_DENIALS : [target.denial],
      input: target.kind === 'unknown' ? undefined : inputOf(asked, target, making),
      dropped: exchange.dropped,
      traceId: traceIdIn(request.meta),
    },
    parts.court(route && way.schemaOf?.(route)),
  );
}

const NO_DENIALS: readonly OwnDenial[] = [];

function inputOf<R extends Request, T extends Route>(
  { request, caller }: Asked<R>,
  target: Exclude<Target<T>, { kind: 'unknown' }>,
  { way, parts }: Making<R, T>,
): PolicyInput {
  const { route, args } = target;
  const { conversations, environment, clock } = parts;
  const isCall = way.action === 'tool_call';
  return buildInput({
    action: way.action,
    principal: caller.principal,
    server: route.server.facts,
    tool: route.facts,
    about: way.aboutOf(request, route),
    call: {
      args: args.value,
      schemaChecked: target.kind === 'found' && target.isSchemaChecked,
      hash: args.hash,
      conversation: isCall ? conversations.noteCall(caller.session, args.bytes) : conversations.look(caller.session),
      meta: request.meta,
    },
    environment,
    now: clock.now(),
  });
}

/** Of W3C trace context in `_meta` (SEP-414) the trace id; empty where there is none. */
function traceIdIn(meta: JsonObject): string {
  const { traceparent } = meta;
  if (typeof traceparent !== 'string') return '';
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1] ?? '';
}

interface Settling {
  readonly recordUs: number;
  readonly parts: StepParts;
}

function settle({ record }: Ruling, forwarded: Forwarded, { recordUs, parts }: Settling): void {
  const note = ({ status, ms }: Ended): void =>
    parts.log.settle({ id: record.id, status, withheld: false, ms, record_us: recordUs, settled: [] });
  if (forwarded.kind === 'said') void forwarded.ended.then(note);
  else note(forwarded);
}

function answerOf<R extends Request, T extends Route>(
  allowed: Allowed<R, T>,
  forwarded: Forwarded,
  way: Way<R, T>,
): RpcAnswer {
  if (forwarded.kind === 'said') return forwarded.answer;
  const { asked, ruling } = allowed;
  const object = adviseFor(factsOf(asked, ruling, way));
  if (forwarded.kind === 'answered') return way.finish(allowed, forwarded.answer, object);
  return way.breakOff(`${forwarded.text}\nDecision ${ruling.record.id}`, object);
}

const SHORT_HASH = 12;
/** Characters of what was asked for that are said back. */
const MAX_SUBJECT = 300;

function factsOf<R extends Request, T extends Route>(
  { request }: Asked<R>,
  { record, decision, ruleText, limits }: Ruling,
  way: Way<R, T>,
): AdviceFacts {
  return {
    decisionId: record.id,
    policyVersion: record.generation.slice(0, SHORT_HASH),
    decision,
    subject: cutText(way.subjectOf(request), MAX_SUBJECT),
    ruleText,
    limits,
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
