import { phaseOf } from '../core/action.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { SealedRecord } from '../core/record.ts';
import { combine } from '../policy/combine.ts';
import { reproduces } from '../policy/combine-record.ts';
import {
  type ExplainedDenial,
  type ExplainedLifting,
  explainDenials,
  explainLifted,
  whyDecided,
} from './explain-conflict.ts';
import { explainDuties } from './explain-duties.ts';
import { type ExplainedStep, explainSteps } from './explain-steps.ts';
import { type ExplainedWays, explainWays } from './explain-ways.ts';
import { lineOf, tell, type Told, type WordSources } from './record-words.ts';

export interface Explanation {
  /** The whole in one sentence. */
  readonly sentence: string;
  readonly who: string;
  readonly when: string;
  /** Why this decision and no other, whatever else was said. */
  readonly decided: string;
  /** The rules and denials that count, in their fixed order. */
  readonly because: readonly string[];
  /** The same with all that is known of each. */
  readonly rules: readonly Told[];
  readonly remedies: readonly string[];
  /** Every denial, also those that were lifted or only warned. */
  readonly denials: readonly ExplainedDenial[];
  readonly lifted: readonly ExplainedLifting[];
  /** One for each bundle that was asked, in the order in which they are combined. */
  readonly steps: readonly ExplainedStep[];
  readonly warnings: readonly string[];
  readonly obligations: readonly string[];
  readonly would_allow: ExplainedWays;
  /** What would have been decided with the shadowed policies; empty where nothing is shadowed. */
  readonly shadow: string;
  readonly afterwards: string;
  readonly timing: string;
  /** Whether the decision follows from the facts of its record. */
  readonly follows: boolean;
}

/** Says a recorded decision in words, the sentence first; what others would have done is what `combine` makes of the record. */
export function explain(record: SealedRecord, sources: WordSources): Explanation {
  const decision = combine(record);
  const rules = namesBehind(record).map((name) => tell(record, name, sources));
  return {
    sentence: sentenceOf(record),
    who: whoOf(record),
    when: record.time,
    decided: whyDecided(record, decision),
    because: because(record, rules),
    rules,
    remedies: [...new Set(rules.map(({ remediation }) => remediation).filter((text) => text !== ''))],
    denials: explainDenials(record, decision),
    lifted: explainLifted(record, sources),
    steps: explainSteps(record),
    warnings: decision.warnings.map(({ rule, text }) => (rule === '' ? text : `${text} [${rule}]`)),
    obligations: explainDuties(record),
    would_allow: explainWays(record),
    shadow: shadowOf(record),
    afterwards: afterwardsOf(record),
    timing: timingOf(record),
    follows: reproduces(record),
  };
}

/** The gateway's own reasons, then the rules behind the decision; a permit is told of where it lifts. */
function namesBehind({ reasons, matched_rules, lifted }: SealedRecord): readonly string[] {
  const permits = new Set(lifted.map(({ by }) => by));
  return [
    ...reasons.filter((reason) => reason.startsWith('gateway.')),
    ...matched_rules.filter((rule) => !permits.has(rule)),
  ];
}

function because(record: SealedRecord, rules: readonly Told[]): readonly string[] {
  const hidden = record.reason_internal === '' ? [] : [`In truth: ${record.reason_internal}; the agent is not told.`];
  return [...rules.map(lineOf), ...hidden];
}

/** What was decided, in one sentence. */
export function sentenceOf(record: SealedRecord): string {
  const verb = { allow: 'may', deny: 'may not', pending: 'has to wait for an approval to' }[record.effect];
  return `${record.principal.agent.id || 'The agent'} ${verb} ${deedOf(record)}.`;
}

function deedOf({ action, server, tool, input }: SealedRecord): string {
  const asked: JsonObject = isJsonObject(input['action']) ? input['action'] : {};
  const text = (name: string): string => (typeof asked[name] === 'string' ? asked[name] : '');
  const on = server === '' ? '' : ` on ${server}`;
  switch (action) {
    case 'tool_call':
      return `call ${tool}${on}`;
    case 'tool_result':
      return `have the result of ${tool}${on}`;
    case 'resource_read':
      return `read ${text('resource') || 'a resource'}${on}`;
    case 'subscribe':
      return `watch ${text('resource') || 'a resource'}${on}`;
    case 'prompt_get':
      return `get the prompt ${text('prompt')}${on}`;
    case 'completion':
      return `have an argument completed${on}`;
    case 'sampling':
    case 'elicitation':
    case 'roots':
      return `be asked by ${server} (${action})`;
    case 'tool_list':
    case 'resource_list':
    case 'prompt_list':
      return `see ${tool === '' ? `what there is (${action})` : tool}${on}`;
    case 'method':
      return `use this method${on}`;
  }
}

/** The name of the client is its own word for itself. */
function whoOf({ principal: { agent, user }, client }: SealedRecord): string {
  const via = client.name === '' ? '' : `, via a client that calls itself ${client.name} ${client.version}`.trimEnd();
  const chain = agent.delegated_by.length === 0 ? '' : ` on behalf of ${agent.delegated_by.join(', ')}`;
  return `agent ${agent.id || '(unnamed)'}${chain} for user ${user.id || '(unnamed)'}${via}`;
}

function shadowOf({ shadow }: SealedRecord): string {
  if (shadow === null) return '';
  return shadow.reasons.length === 0 ? shadow.effect : `${shadow.effect}, because of ${shadow.reasons.join(', ')}`;
}

function afterwardsOf({ action, effect, outcome, call }: SealedRecord): string {
  if (action === 'tool_result')
    return effect === 'allow' ? `passed on, of call ${call}` : `withheld; call ${call} itself ran`;
  const isList = action !== 'method' && phaseOf(action) === 'list';
  if (outcome === null) return effect === 'allow' && !isList ? 'still running' : 'nothing was forwarded';
  if (outcome.status === 'not_forwarded') return 'nothing was forwarded';
  if (outcome.status === 'unknown') return 'forwarded; what became of it is not known';
  return `forwarded; ended ${outcome.status} after ${outcome.ms.toFixed(0)} ms${outcome.withheld ? ', result withheld' : ''}`;
}

function timingOf({ latency_us, layers, outcome }: SealedRecord): string {
  const ms = (us: number): string => `${(us / 1000).toFixed(2)} ms`;
  const policies = layers.reduce((sum, { us }) => sum + us, 0);
  const recorded = outcome === null || outcome.record_us === 0 ? '' : `, recorded in ${ms(outcome.record_us)}`;
  return `decided in ${ms(latency_us.decide)}, of which the policies took ${ms(policies)}${recorded}`;
}
