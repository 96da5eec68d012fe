import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import type { Warning } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { DecisionRecord, Outcome, OwnDenial } from '../core/record.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { type AdviceFacts, adviseAgainst, adviseFor } from './advice.ts';
import { buildInput, type Environment } from './build-input.ts';
import type { CallSteps, ToolCall } from './call-tool.ts';
import type { Conversations } from './conversation.ts';
import type { Exposure } from './exposure.ts';
import { forward, type Forwarded } from './forward.ts';
import { type ArgumentCheck, resolveTool, type Target } from './resolve.ts';
import { type Court, rule, type Ruling } from './rule.ts';
import { failure, refusal, withDecision } from './tool-answer.ts';
import type { ToolRoute } from './tool-route.ts';

/** Keeps decisions; `append` resolves when one is committed. */
export interface RecordKeeper {
  append(record: DecisionRecord, inputText: string): Promise<unknown>;
  settle(outcome: Outcome): void;
}

export interface ToolParts {
  readonly exposure: Exposure;
  readonly check: ArgumentCheck;
  /** With the policy that is in force now. */
  readonly court: (route: ToolRoute | undefined) => Court;
  readonly conversations: Conversations;
  readonly environment: Environment;
  readonly log: RecordKeeper;
  /** Sends an allowed call to the caller's instance of the server. */
  readonly send: (call: ToolCall, route: ToolRoute, params: JsonObject) => Promise<RpcAnswer>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The steps of `tools/call`, on the real parts. */
export function toolSteps(parts: ToolParts): CallSteps {
  const { log, clock, logger } = parts;
  return {
    resolve: ({ request, caller }) => resolveTool(request, caller, parts),
    decide: (call, target) => decide(call, target, parts),
    record: async ({ record, inputText }) => {
      const startedMs = clock.monotonic();
      await log.append(record, inputText);
      return Math.round((clock.monotonic() - startedMs) * 1000);
    },
    forward: (call, route) => forward(() => parts.send(call, route, paramsFor(call, route)), route.server.id, clock),
    settle: ({ record }, { status, ms }, recordUs) =>
      log.settle({ id: record.id, status, withheld: false, ms, record_us: recordUs, settled: [] }),
    answer: answerOf,
    refuse: (call, ruling, target) => refusal(adviseAgainst(factsOf(call, ruling)), hasOutputSchema(target)),
    refuseUnrecorded: (call, ruling, cause) => {
      logger.error('a decision could not be recorded, so the call is refused', { problem: messageOf(cause) });
      return refusal(adviseAgainst(factsOf(call, unrecorded(ruling))), true);
    },
  };
}

function decide(call: ToolCall, target: Target, parts: ToolParts): Ruling {
  const { caller, exchange, request } = call;
  const route = target.kind === 'unknown' ? undefined : target.route;
  const court = parts.court(route);
  return rule(
    {
      caller,
      action: 'tool_call',
      server: route?.server.id ?? '',
      tool: route?.tool ?? request.name,
      own: ownDenials(target),
      input: route === undefined ? undefined : inputOf(call, target, { route, parts }),
      dropped: exchange.dropped,
      traceId: traceIdIn(request.meta),
    },
    court,
  );
}

function ownDenials(target: Target): readonly OwnDenial[] {
  switch (target.kind) {
    case 'found':
      return [];
    case 'refused':
      return [target.denial];
    case 'unknown':
      return [{ reason: 'gateway.unknown_tool', internal: '', rules: [], params: {} }];
  }
}

interface Aim {
  readonly route: ToolRoute;
  readonly parts: ToolParts;
}

function inputOf({ request, caller }: ToolCall, target: Target, { route, parts }: Aim): PolicyInput {
  const argsText = canonicalJson(request.args);
  return buildInput({
    action: 'tool_call',
    principal: caller.principal,
    server: route.server.facts,
    tool: route.facts,
    call: {
      args: request.args,
      schemaChecked: target.kind === 'found' && target.isSchemaChecked,
      hash: sha256Hex(`${route.server.id}\n${route.tool}\n${argsText}`),
      conversation: parts.conversations.noteCall(caller.session, argsText.length),
      meta: request.meta,
    },
    environment: parts.environment,
    now: parts.clock.now(),
  });
}

/** Of W3C trace context in `_meta` (SEP-414) the trace id; empty where there is none. */
function traceIdIn(meta: JsonObject): string {
  const { traceparent } = meta;
  if (typeof traceparent !== 'string') return '';
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1] ?? '';
}

/** What is forwarded is the value that policy read, under the server's own name for the tool. */
function paramsFor({ request }: ToolCall, route: ToolRoute): JsonObject {
  const meta = Object.keys(request.meta).length === 0 ? {} : { _meta: request.meta };
  return { name: route.tool, arguments: request.args, ...meta };
}

function answerOf(call: ToolCall, ruling: Ruling, forwarded: Forwarded): RpcAnswer {
  const object = adviseFor(factsOf(call, ruling));
  if (forwarded.kind === 'failed') return failure(`${forwarded.text}\nDecision ${ruling.record.id}`, object);
  const { answer } = forwarded;
  return answer.kind === 'failure' ? answer : { kind: 'result', result: withDecision(answer.result, object) };
}

function factsOf(call: ToolCall, { record, decision, ruleText }: Ruling): AdviceFacts {
  return {
    decisionId: record.id,
    policyVersion: record.generation.slice(0, SHORT_HASH),
    decision,
    subject: `the tool ${call.request.name}`,
    ruleText,
  };
}

const SHORT_HASH = 12;

function hasOutputSchema(target: Target): boolean {
  // A tool that is hidden answers as one that is not there, so its schema must not show.
  return target.kind === 'found' || (target.kind === 'refused' && target.denial.reason !== 'gateway.unknown_tool')
    ? target.route.hasOutputSchema
    : false;
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
