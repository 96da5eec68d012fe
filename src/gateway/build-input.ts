import type { ActionType, Consent, ToolEffect } from '../core/action.ts';
import { sortMembers } from '../core/canonical-json.ts';
import type { JsonObject } from '../core/json.ts';
import { NO_RESULT, type PolicyInput } from '../core/policy-input.ts';
import type { Principal } from '../core/principal.ts';
import { NOTHING_RECALLED, type Recalled } from './recall.ts';

/** What the organisation says of the place this gateway runs in. */
export interface Environment {
  readonly gateway: string;
  readonly region: string;
  readonly isProduction: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** IANA name. */
  readonly timezone: string;
  /** monday … sunday in that zone, at so many milliseconds since the epoch. */
  readonly weekdayAt: (now: number) => string;
}

/** What policy input says of the server that is asked. */
export interface ServerFacts {
  readonly id: string;
  readonly package: string;
  readonly version: string;
  readonly region: string;
  readonly trust: string;
  /** Whether its tools are pinned; absent where they are not. */
  readonly pinned?: boolean;
}

export interface ToolFacts {
  readonly tool: string;
  readonly annotations: JsonObject;
  readonly effect: ToolEffect;
  readonly consent: Consent;
  readonly dataClasses: readonly string[];
}

export interface InputFacts {
  readonly action: ActionType;
  readonly principal: Principal;
  readonly server: ServerFacts;
  readonly tool: ToolFacts;
  /** What it is about where that is no tool; what is absent is empty. */
  readonly about?: AboutFacts | undefined;
  /** Absent when things are listed: then arguments, context and claims are empty, not missing. */
  readonly call?: CallFacts;
  readonly environment: Environment;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface AboutFacts {
  /** A URI, or the template of URIs. */
  readonly resource?: string;
  readonly prompt?: string;
  /** Of a completion, under the server's own names. */
  readonly ref?: JsonObject;
  /** Params of a request that a server makes. */
  readonly request?: JsonObject;
  /** What came back; members stand sorted. */
  readonly result?: PolicyInput['action']['result'];
}

export interface CallFacts {
  readonly args: JsonObject;
  readonly schemaChecked: boolean;
  /** Classes of data that the arguments hold; absent where nobody has looked. */
  readonly dataClasses?: readonly string[];
  /** SHA-256 of server, tool and arguments, hex. */
  readonly hash: string;
  readonly recalled: Recalled;
  /** The client's `_meta`. */
  readonly meta: JsonObject;
}

/**
 * Policy input, version 1: every field present with its type. Members stand sorted everywhere, so that the text of the
 * record is the canonical one, which is hashed.
 */
export function buildInput(facts: InputFacts): PolicyInput {
  const { principal, server, call } = facts;
  return {
    action: actionOf(facts),
    agent: agentOf(principal),
    budgets: call?.recalled.budgets ?? {},
    claims: call === undefined || isEmpty(call.meta) ? NO_CLAIMS : claimsOf(call.meta),
    context: contextOf(call?.recalled),
    environment: environmentAt(facts.environment, facts.now),
    identity: { capabilities: {} },
    server: {
      id: server.id,
      package: server.package,
      pinned: server.pinned === true,
      region: server.region,
      trust: server.trust,
      version: server.version,
    },
    user: {
      data_classifications_authorized: [...principal.user.data_classifications_authorized],
      groups: [...principal.user.groups],
      id: principal.user.id,
    },
  };
}

function actionOf({ action, tool, about, call }: InputFacts): PolicyInput['action'] {
  return {
    annotations: sortMembers(tool.annotations),
    args: sortMembers(call?.args ?? {}),
    consent: tool.consent,
    data_classes_referenced: classesOf(tool, call),
    effect: tool.effect,
    hash: call?.hash ?? '',
    prompt: about?.prompt ?? '',
    ref: sortMembers(about?.ref ?? {}),
    request: sortMembers(about?.request ?? {}),
    resource: about?.resource ?? '',
    result: about?.result ?? NO_RESULT,
    schema_checked: call?.schemaChecked ?? false,
    tool: tool.tool,
    type: action,
  };
}

/** Of the tool, of its arguments, and of what the conversation has seen. */
function classesOf({ dataClasses: ofTool }: ToolFacts, call: CallFacts | undefined): string[] {
  const ofArguments = call?.dataClasses ?? [];
  const labels = call?.recalled.labels ?? [];
  if (ofArguments.length + labels.length === 0) return [...ofTool];
  return [...new Set([...ofTool, ...ofArguments, ...labels.map(({ label }) => label)])].toSorted();
}

function agentOf({ agent }: Principal): PolicyInput['agent'] {
  return {
    client: { name: agent.client.name, version: agent.client.version },
    delegated_by: [...agent.delegated_by],
    id: agent.id,
    model: agent.model,
    owner_team: agent.owner_team,
    scope: agent.scope,
  };
}

function contextOf({ conversation, labels }: Recalled = NOTHING_RECALLED): PolicyInput['context'] {
  return {
    agent: conversation.agent,
    calls_in_a_minute: conversation.calls_in_a_minute,
    calls_in_a_row: conversation.calls_in_a_row,
    calls_of_tool: conversation.calls_of_tool,
    conversation_id: conversation.conversation_id,
    cumulative_tokens: conversation.cumulative_tokens,
    denied_calls: conversation.denied_calls,
    denied_in_a_minute: conversation.denied_in_a_minute,
    identical_calls: conversation.identical_calls,
    labels: [...labels],
    session_age_seconds: conversation.session_age_seconds,
    turn_count: conversation.turn_count,
  };
}

const NO_CLAIMS: PolicyInput['claims'] = {
  conversation_id: '',
  cumulative_tokens: 0,
  model: '',
  present: [],
  turn_count: 0,
};

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}

/** What only the client says: under `claims`, so that a policy decides whether to believe it. */
function claimsOf(meta: JsonObject): PolicyInput['claims'] {
  const model = textIn(meta, 'model');
  const turnCount = countIn(meta, 'turn_count');
  const cumulativeTokens = countIn(meta, 'cumulative_tokens');
  const conversationId = textIn(meta, 'conversation_id');
  const present = Object.entries({
    model,
    turn_count: turnCount,
    cumulative_tokens: cumulativeTokens,
    conversation_id: conversationId,
  }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return {
    conversation_id: conversationId ?? '',
    cumulative_tokens: cumulativeTokens ?? 0,
    model: model ?? '',
    present,
    turn_count: turnCount ?? 0,
  };
}

function environmentAt(environment: Environment, now: number): PolicyInput['environment'] {
  return {
    gateway: environment.gateway,
    is_production: environment.isProduction,
    labels: sortedLabels(environment.labels),
    region: environment.region,
    time: new Date(now).toISOString(),
    time_ms: now,
    timezone: environment.timezone,
    weekday: environment.weekdayAt(now),
  };
}

function sortedLabels(labels: Environment['labels']): Record<string, string> {
  const names = Object.keys(labels);
  return names.length === 0 ? {} : Object.fromEntries(names.toSorted().map((name) => [name, labels[name] ?? '']));
}

function textIn(meta: JsonObject, name: string): string | undefined {
  const value = meta[name];
  return typeof value === 'string' ? value : undefined;
}

function countIn(meta: JsonObject, name: string): number | undefined {
  const value = meta[name];
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

const MINUTE_MS = 60_000;

/** Makes `Environment.weekdayAt`. The calendar is asked once a minute: no day begins within one. */
export function weekdays(timezone: string): (now: number) => string {
  const format = new Intl.DateTimeFormat('en-US', { weekday: 'long', timeZone: timezone });
  let known = { minute: Number.NaN, weekday: '' };
  return (now) => {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== known.minute) known = { minute, weekday: format.format(now).toLowerCase() };
    return known.weekday;
  };
}
