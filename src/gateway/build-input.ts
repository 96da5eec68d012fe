import type { ActionType, Consent, ToolEffect } from '../core/action.ts';
import type { JsonObject } from '../core/json.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { Principal } from '../core/principal.ts';
import type { ConversationFacts } from './conversation.ts';

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
}

export interface CallFacts {
  readonly args: JsonObject;
  readonly schemaChecked: boolean;
  /** SHA-256 of server, tool and arguments, hex. */
  readonly hash: string;
  readonly conversation: ConversationFacts;
  /** The client's `_meta`. */
  readonly meta: JsonObject;
}

/** Policy input, version 1: every field present with its type. */
export function buildInput(facts: InputFacts): PolicyInput {
  const { principal, server, tool, about, call } = facts;
  return {
    agent: { ...principal.agent, delegated_by: [...principal.agent.delegated_by] },
    user: {
      id: principal.user.id,
      groups: [...principal.user.groups],
      data_classifications_authorized: [...principal.user.data_classifications_authorized],
    },
    identity: { capabilities: {} },
    server: { ...server },
    action: {
      type: facts.action,
      tool: tool.tool,
      resource: about?.resource ?? '',
      prompt: about?.prompt ?? '',
      ref: about?.ref ?? {},
      request: about?.request ?? {},
      args: call?.args ?? {},
      annotations: tool.annotations,
      effect: tool.effect,
      consent: tool.consent,
      schema_checked: call?.schemaChecked ?? false,
      data_classes_referenced: [...tool.dataClasses],
      hash: call?.hash ?? '',
    },
    context: contextOf(call?.conversation),
    budgets: {},
    claims: claimsOf(call?.meta ?? {}),
    environment: environmentAt(facts.environment, facts.now),
  };
}

function contextOf(conversation: ConversationFacts | undefined): PolicyInput['context'] {
  return {
    conversation_id: conversation?.conversationId ?? '',
    turn_count: conversation?.turnCount ?? 0,
    cumulative_tokens: conversation?.cumulativeTokens ?? 0,
    session_age_seconds: conversation?.sessionAgeSeconds ?? 0,
    calls_in_a_row: conversation?.callsInARow ?? 0,
    labels: [],
  };
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
    present,
    model: model ?? '',
    turn_count: turnCount ?? 0,
    cumulative_tokens: cumulativeTokens ?? 0,
    conversation_id: conversationId ?? '',
  };
}

function environmentAt(environment: Environment, now: number): PolicyInput['environment'] {
  return {
    region: environment.region,
    time: new Date(now).toISOString(),
    time_ms: now,
    weekday: environment.weekdayAt(now),
    timezone: environment.timezone,
    is_production: environment.isProduction,
    labels: { ...environment.labels },
    gateway: environment.gateway,
  };
}

function textIn(meta: JsonObject, name: string): string | undefined {
  const value = meta[name];
  return typeof value === 'string' ? value : undefined;
}

function countIn(meta: JsonObject, name: string): number | undefined {
  const value = meta[name];
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** Makes `Environment.weekdayAt`; making the format is dear, using it is not. */
export function weekdays(timezone: string): (now: number) => string {
  const format = new Intl.DateTimeFormat('en-US', { weekday: 'long', timeZone: timezone });
  return (now) => format.format(now).toLowerCase();
}
