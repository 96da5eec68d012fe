import { shortHash } from '../core/generation.ts';
import type { Decision, JoinedObligations, Warning } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { RpcAnswer, RpcError } from '../core/rpc.ts';
import { NO_OBLIGATIONS } from '../policy/obligations.ts';
import { type Advice, adviseFor, adviseWithheld, type AdviceFacts, type DecisionObject } from './advice.ts';
import { buildInput, type ToolFacts } from './build-input.ts';
import { declaredArguments, type GovernedServer } from './governed-server.ts';
import type { Governing } from './governing.ts';
import { interimIn } from './interim.ts';
import { keepRuling } from './keep-ruling.ts';
import { attachments } from './labels.ts';
import type { Caller } from './port.ts';
import { recallFor } from './recall.ts';
import { redactResult } from './redact-result.ts';
import { claimedLabels, resultFacts, withoutOwnKeys } from './result-facts.ts';
import { rule, type Ruling } from './rule.ts';

/** A call of a tool whose answer is decided on, perhaps long afterwards. */
export interface JudgedCall {
  readonly caller: Caller;
  readonly server: GovernedServer;
  /** Of its record. */
  readonly id: string;
  readonly traceId: string;
  readonly tool: ToolFacts;
  readonly args: JsonObject;
  readonly hash: string;
  readonly isSchemaChecked: boolean;
  /** What its own decision demands. */
  readonly obligations: JoinedObligations;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject | undefined;
  /** Names this definition of the tool. */
  readonly pin: string;
  /** In words. */
  readonly subject: string;
  /** Whether the answer is put on record whatever governs it; absent is no. */
  readonly isRecorded?: boolean;
}

/** An answer as its client may have it. */
export interface Judged {
  readonly answer: RpcAnswer;
  /** What the client is told instead; undefined where it gets the answer. */
  readonly withheld: Advice | undefined;
  readonly warnings: readonly Warning[];
  /** Whether a rule about the result demands that the whole of it is kept. */
  readonly isAudited: boolean;
  /** The decision on the answer; undefined where there was none to make. */
  readonly object: DecisionObject | undefined;
}

/**
 * The phase of results. Where a bundle governs them, or the server claims labels, the answer is decided on and the
 * decision is committed, with the labels, before the answer leaves; where that fails, the answer is withheld. Never
 * throws: the call has run, and what cannot be decided is withheld.
 */
export async function judgeAnswer(answer: RpcAnswer, call: JudgedCall, governing: Governing): Promise<Judged> {
  const said = withoutOwnKeys(answer);
  const interim = said.kind === 'failure' ? undefined : interimIn(said.result);
  if (interim !== undefined) return passedOn({ kind: 'result', result: interim });
  try {
    const claims = claimedLabels(answer);
    const { server, tool, caller } = call;
    const { principal, delegators } = caller;
    const question = { server: server.id, agent: principal.agent.id, tool: tool.tool, delegators };
    const policy = server.policy ?? governing.court().policy;
    const isGoverned = policy.governsResults(question);
    if (!isGoverned && claims.length === 0 && call.isRecorded !== true)
      return await redacted(said, call, { governing, pointers: [], warnings: [] });
    return await decided(said, { call, claims, governing });
  } catch (thrown) {
    governing.logger.error('a result could not be decided on, so it is withheld', { problem: messageOf(thrown) });
    const decision = deniedBecause('gateway.error.result');
    return withheldBecause(said, adviseWithheld({ ...factsOf(call), decisionId: call.id, decision }));
  }
}

interface Deciding {
  readonly call: JudgedCall;
  readonly claims: readonly string[];
  readonly governing: Governing;
}

async function decided(said: RpcAnswer, { call, claims, governing }: Deciding): Promise<Judged> {
  const { log, logger } = governing;
  const ruling = await ruleOn(said, { call, claims, governing });
  let kept: Ruling;
  try {
    kept = await keepRuling(withClaims(ruling, { call, claims, governing }), log);
  } catch (thrown) {
    logger.error('a decision on a result could not be recorded, so the result is withheld', {
      problem: messageOf(thrown),
    });
    return withheldBecause(said, adviceOn(ruling, call, deniedBecause('gateway.audit_unavailable')));
  }
  const { effect, obligations, warnings } = kept.decision;
  const isAudited = obligations.audit_required;
  if (effect !== 'allow') return { ...withheldBecause(said, adviceOn(kept, call, kept.decision)), isAudited };
  const pointers = obligations.redact.result;
  const judged = await redacted(said, call, { governing, pointers, warnings, ruling: kept });
  const object = adviseFor({ ...factsIn(kept, call), decision: kept.decision });
  return { ...judged, isAudited, object };
}

/** What a server claims of its result stays with the conversation as what rules say of it does. Claims only add. */
function withClaims(ruling: Ruling, { call, claims, governing }: Deciding): Ruling {
  if (claims.length === 0 || ruling.decision.effect !== 'allow') return ruling;
  const source = `claim:${call.server.id}`;
  const found = claims.map((label) => ({ label, source, ttlS: 0 }));
  const { labels: settings } = governing.court();
  const attached = attachments(found, call.caller, { settings, now: ruling.record.combine.now });
  return { ...ruling, changes: [...ruling.changes, ...attached] };
}

async function ruleOn(said: RpcAnswer, { call, claims, governing }: Deciding): Promise<Ruling> {
  const { environment, results, court } = governing;
  const { caller, server, tool, args, hash } = call;
  const subject = { action: 'tool_result', server: server.facts, tool, policy: server.policy } as const;
  const recalled = await recallFor(caller, subject, governing);
  const input = buildInput({
    action: 'tool_result',
    principal: caller.principal,
    server: server.facts,
    tool,
    about: { result: resultFacts(said, claims, results.classifier) },
    call: {
      args,
      schemaChecked: call.isSchemaChecked,
      dataClasses: results.classifier.inArguments(args, declaredArguments(server, tool.tool)),
      hash,
      recalled,
      meta: {},
    },
    environment,
    now: recalled.nowMs,
  });
  return rule(
    {
      caller,
      action: 'tool_result',
      server: server.id,
      tool: tool.tool,
      own: recalled.denial === undefined ? [] : [recalled.denial],
      input,
      dropped: [],
      traceId: call.traceId,
      call: call.id,
      redact: call.obligations.redact.record,
    },
    court(call.inputSchema, server.policy),
  );
}

interface Redacting {
  readonly governing: Governing;
  /** Of the decision on the result; those of the call's own are added. */
  readonly pointers: readonly string[];
  readonly warnings: readonly Warning[];
  readonly ruling?: Ruling;
}

async function redacted(said: RpcAnswer, call: JudgedCall, redacting: Redacting): Promise<Judged> {
  const { governing, warnings, ruling } = redacting;
  const pointers = [...new Set([...call.obligations.redact.result, ...redacting.pointers])];
  const answer = await redactAnswer(said, pointers, {
    fits: (structured) =>
      call.outputSchema === undefined
        ? Promise.resolve(true)
        : governing.results.fitsOutput(call.pin, call.outputSchema, structured),
  });
  if (answer !== undefined) return { ...passedOn(answer), warnings };
  const decision = deniedBecause('gateway.result_redacted');
  const facts = { ...factsOf(call), decisionId: call.id, decision };
  return withheldBecause(said, ruling === undefined ? adviseWithheld(facts) : adviceOn(ruling, call, decision));
}

export interface Fitting {
  /** Whether structured content still fits what the tool declares. */
  readonly fits: (structured: JsonObject) => Promise<boolean>;
}

/** The answer less what stands at these pointers; undefined where that is all of it. Of an error they lead into `message` and `data`. */
export async function redactAnswer(
  answer: RpcAnswer,
  pointers: readonly string[],
  { fits }: Fitting,
): Promise<RpcAnswer | undefined> {
  if (pointers.length === 0) return answer;
  if (answer.kind === 'failure') return redactError(answer.error, pointers);
  const redaction = redactResult(answer.result, pointers);
  if (redaction.kind === 'nothing_left') return undefined;
  const { result, isStructuredChanged } = redaction;
  const { structuredContent } = result;
  const isFit = !isStructuredChanged || (isJsonObject(structuredContent) && (await fits(structuredContent)));
  return { kind: 'result', result: isFit ? result : withoutStructure(result) };
}

/** As a result whose text is the message and whose structured content is the data: what is said twice is redacted twice. */
function redactError({ code, message, data }: RpcError, pointers: readonly string[]): RpcAnswer | undefined {
  const content = [{ type: 'text', text: message }];
  const result = data === undefined ? { content } : { content, structuredContent: data };
  const redaction = redactResult(result, pointers.map(inError));
  if (redaction.kind === 'nothing_left') return undefined;
  const { content: blocks, structuredContent: shown } = redaction.result;
  const [block] = Array.isArray(blocks) ? (blocks as readonly JsonObject[]) : [];
  const text = block?.['text'];
  const said = { code, message: typeof text === 'string' ? text : message };
  return { kind: 'failure', error: shown === undefined ? said : { ...said, data: shown } };
}

function inError(pointer: string): string {
  if (pointer === '/message') return '/content/0/text';
  return pointer.replace(/^\/data(?=\/|$)/, '/structuredContent');
}

/**
 * Clients refuse structured content that does not fit the schema, and a result without it, unless the tool has failed:
 * so the model gets the text as that of a failure, with a word about it.
 */
function withoutStructure(result: JsonObject): JsonObject {
  const { structuredContent: _, content, ...rest } = result;
  const blocks = Array.isArray(content) ? (content as readonly JsonObject[]) : [];
  return { ...rest, content: [...blocks, { type: 'text', text: UNSTRUCTURED }], isError: true };
}

const UNSTRUCTURED =
  'The call ran. Policy has taken values out of its result, so that it no longer has the form that the tool declares; ' +
  'what is left stands above as text. Do not make the same call again.';

function passedOn(answer: RpcAnswer): Judged {
  return { answer, withheld: undefined, warnings: [], isAudited: false, object: undefined };
}

function withheldBecause(answer: RpcAnswer, withheld: Advice): Judged {
  return { answer, withheld, warnings: [], isAudited: false, object: withheld.object };
}

function adviceOn(ruling: Ruling, call: JudgedCall, decision: Decision): Advice {
  return adviseWithheld({ ...factsIn(ruling, call), decision });
}

function factsIn({ record, ruleText }: Ruling, { subject }: JudgedCall): Omit<AdviceFacts, 'decision'> {
  return { subject, decisionId: record.id, policyVersion: shortHash(record.generation), ruleText };
}

function factsOf({ subject }: JudgedCall): {
  readonly policyVersion: string;
  readonly subject: string;
  readonly ruleText: () => undefined;
} {
  return { policyVersion: '', subject, ruleText: () => undefined };
}

/** A decision of the gateway alone. */
export function deniedBecause(reason: string): Decision {
  return {
    effect: 'deny',
    reasons: [reason],
    reason_internal: '',
    denials: [{ reason, rule: '', params: {} }],
    warnings: [],
    matched_rules: [],
    lifted: [],
    obligations: NO_OBLIGATIONS,
    hidden: false,
  };
}
