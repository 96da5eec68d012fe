import { shortHash } from '../core/generation.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Decision } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import { type Json, isJsonObject, type JsonObject } from '../core/json.ts';
import { toPolicyJson } from '../core/lossless-json.ts';
import type { OutcomeStatus, OwnDenial } from '../core/record.ts';
import { type Advice, adviseAgainst } from './advice.ts';
import { type AboutFacts, buildInput, type ToolFacts } from './build-input.ts';
import type { GovernedServer } from './governed-server.ts';
import type { Governing } from './governing.ts';
import { keepRuling } from './keep-ruling.ts';
import type { Caller, ServerQuestion } from './port.ts';
import { badAddressIn, kindOf } from './questions.ts';
import { recallFor } from './recall.ts';
import { type Question, rule, type Ruling } from './rule.ts';

/** Who is asked by whom, and in the middle of what. */
export interface Matter {
  readonly caller: Caller;
  readonly server: GovernedServer;
  /** Undefined outside of any request. */
  readonly call: AskingCall | undefined;
}

/** The request that a server asks in the middle of; little enough to be kept as long as a task lives. */
export interface AskingCall {
  /** Of its record. */
  readonly id: string;
  readonly traceId: string;
  /** The tool as it stands in the input of that request. */
  readonly tool: ToolFacts;
  readonly about: AboutFacts;
}

/** `params` under the server's own names. */
export function askingCallOf({ record }: Ruling, method: string, params: JsonObject): AskingCall {
  const action: unknown = record.input['action'];
  const facts = isAction(action) ? action : NO_TOOL;
  const { annotations, effect, consent, data_classes_referenced: dataClasses } = facts;
  const tool = { tool: record.tool, annotations, effect, consent, dataClasses };
  return { id: record.id, traceId: record.trace_id, tool, about: aboutIn(method, params) };
}

type ToolAction = Pick<ToolFacts, 'annotations' | 'effect' | 'consent'> & {
  readonly data_classes_referenced: readonly string[];
};

const NO_TOOL: ToolAction = { annotations: {}, effect: 'unknown', consent: 'new', data_classes_referenced: [] };

/** A decision about a question or its answer; it is on record unless `advice` says that it could not be recorded. */
export interface Heard {
  /** Undefined where it is allowed. */
  readonly advice: Advice | undefined;
  /** Says for the record what came of it. */
  readonly settle: (status: OutcomeStatus) => void;
}

/** Decides and records whether a client may be asked. Resolves when the record is committed. */
export function hearQuestion(question: ServerQuestion, matter: Matter, governing: Governing): Promise<Heard> {
  return hear({ question, answer: {}, own: objectionsTo(question, matter.server) }, matter, governing);
}

/** Decides and records whether a server may have the client's answer. */
export function hearAnswer(asked: Answered, matter: Matter, governing: Governing): Promise<Heard> {
  return hear({ ...asked, own: objectionsTo(asked.question, matter.server) }, matter, governing);
}

export interface Answered {
  readonly question: ServerQuestion;
  readonly answer: JsonObject;
}

/** Records that a server asked for something that nobody may ask for, or for more than the client can do. */
export function refuseQuestion(method: string, matter: Matter, governing: Governing): Promise<Heard> {
  const own = [notAllowed(method)];
  return decideMethod(method, { ...questionOf(matter, 'method'), own, input: undefined }, governing);
}

/** Records a request that needs no decision because it belongs to a call that was decided, such as `tasks/cancel`. */
export function noteMethod(method: string, matter: Matter, governing: Governing): Promise<Heard> {
  return decideMethod(method, { ...questionOf(matter, 'method'), own: [], input: undefined }, governing);
}

function decideMethod(method: string, question: Question, governing: Governing): Promise<Heard> {
  const ruling = rule(question, governing.court());
  const record = { ...ruling.record, input: { method } };
  return commit({ ...ruling, record, inputText: JSON.stringify(record.input) }, `the request ${method}`, governing);
}

const NO_CALL: ToolFacts = { tool: '', annotations: {}, effect: 'unknown', consent: 'new', dataClasses: [] };

interface Hearing extends Answered {
  readonly own: readonly OwnDenial[];
}

async function hear({ question, answer, own }: Hearing, matter: Matter, governing: Governing): Promise<Heard> {
  const { call, caller, server } = matter;
  const { environment } = governing;
  const kind = kindOf(question);
  const args = forPolicy(answer);
  const request = forPolicy(question.params);
  const subject = { action: kind, server: server.facts, tool: call?.tool ?? NO_CALL };
  const recalled = await recallFor(caller, subject, governing);
  const input = buildInput({
    ...subject,
    principal: caller.principal,
    about: { ...call?.about, request },
    call: {
      args,
      schemaChecked: false,
      hash: sha256Hex([server.id, question.method, canonicalJson(request), canonicalJson(args)].join('\n')),
      recalled,
      meta: {},
    },
    environment,
    now: recalled.nowMs,
  });
  const objections = recalled.denial === undefined ? own : [recalled.denial, ...own];
  const ruling = rule({ ...questionOf(matter, kind), own: objections, input }, governing.court());
  return commit(ruling, `the ${kind} that ${server.id} asks for`, governing);
}

async function commit(decided: Ruling, subject: string, { log, clock, logger }: Governing): Promise<Heard> {
  const startedMs = clock.monotonic();
  let ruling: Ruling;
  try {
    ruling = await keepRuling(decided, log);
  } catch (thrown) {
    logger.error('a decision could not be recorded, so a server’s question goes no further', {
      problem: messageOf(thrown),
    });
    return { advice: adviceOn(unrecorded(decided), subject), settle: () => undefined };
  }
  const recordedMs = clock.monotonic();
  const { id } = ruling.record;
  return {
    advice: ruling.decision.effect === 'allow' ? undefined : adviceOn(ruling, subject),
    settle: (status) =>
      log.settle({
        id,
        status,
        withheld: false,
        ms: clock.monotonic() - recordedMs,
        record_us: Math.round((recordedMs - startedMs) * 1000),
        settled: [],
      }),
  };
}

/** What the gateway itself has against a question, whatever policy says. */
function objectionsTo(question: ServerQuestion, { allow }: GovernedServer): readonly OwnDenial[] {
  if (!allow[kindOf(question)]) return [notAllowed(question.method)];
  const problems = badAddressIn(question);
  return problems === undefined
    ? []
    : [{ reason: 'gateway.invalid_arguments', internal: '', rules: [], params: { problems } }];
}

function notAllowed(method: string): OwnDenial {
  return { reason: 'gateway.method_not_allowed', internal: '', rules: [], params: { method } };
}

type Known = Omit<Question, 'own' | 'input'>;

function questionOf({ caller, server, call }: Matter, action: Question['action']): Known {
  return {
    caller,
    action,
    server: server.id,
    tool: call?.tool.tool ?? '',
    dropped: [],
    traceId: call?.traceId ?? '',
    call: call?.id ?? '',
  };
}

function isAction(value: unknown): value is ToolAction {
  return typeof value === 'object' && value !== null && 'data_classes_referenced' in value;
}

function aboutIn(method: string, { uri, name }: JsonObject): AboutFacts {
  if (method === 'resources/read' && typeof uri === 'string') return { resource: uri };
  return method === 'prompts/get' && typeof name === 'string' ? { prompt: name } : {};
}

function forPolicy(value: JsonObject): JsonObject {
  const read: Json = toPolicyJson(value);
  return isJsonObject(read) ? read : {};
}

function adviceOn({ record, decision, ruleText, limits }: Ruling, subject: string): Advice {
  return adviseAgainst({
    decisionId: record.id,
    policyVersion: shortHash(record.generation),
    decision,
    subject,
    ruleText,
    limits,
  });
}

function unrecorded(ruling: Ruling): Ruling {
  const reason = 'gateway.audit_unavailable';
  const denials = [{ reason, rule: '', params: {} }];
  const { decision } = ruling;
  const denied: Decision = { ...decision, effect: 'deny', reasons: [reason], denials, warnings: [], matched_rules: [] };
  return { ...ruling, decision: { ...denied, reason_internal: '' } };
}
