import type { BundleFacts, RuleFacts } from './bundle-facts.ts';
import { comparisonsIn } from './lint-comparisons.ts';
import type { LintSubject, WrittenRule } from './lint-subject.ts';

/** A bundle in words, in the order in which a page shows them. */
export interface BundleWords {
  readonly facts: BundleFacts;
  readonly title: string;
  readonly description: string;
  /** What it speaks about, as a sentence. */
  readonly governs: string;
  readonly groups: readonly RuleGroup[];
}

export interface RuleGroup {
  readonly title: string;
  readonly rules: readonly RuleWords[];
}

export interface RuleWords {
  readonly rule: RuleFacts;
  /** What comes of it: `waits for the user’s approval`. */
  readonly does: string;
  /** Tools that the rule names itself. */
  readonly tools: readonly string[];
  /** What else it looks at, each in words. */
  readonly looksAt: readonly string[];
}

const GROUPS = [
  ['deny', 'What is refused'],
  ['obligations', 'What is asked for besides'],
  ['allow', 'What is allowed'],
  ['hide', 'What is not shown'],
  ['capabilities', 'What agents are given'],
  ['permit', 'What is lifted for a while'],
  ['labels', 'What conversations are marked with'],
] as const;

export function bundleWords(facts: BundleFacts, subject: LintSubject): BundleWords {
  const about = subject.inspection.annotations.find(({ scope, path }) => scope === 'package' && path === facts.root);
  const groups = GROUPS.map(([ruleSet, title]) => {
    const rules = facts.rules.filter(({ ruleSets }) => ruleSets[0] === ruleSet);
    return { title, rules: rules.map((rule) => wordsOf(rule, subject)) };
  });
  return {
    facts,
    title:
      about?.title === undefined || about.title === '' ? `The policy ${facts.root.replaceAll('_', ' ')}` : about.title,
    description: about?.description.trim() ?? '',
    governs: governsOf(facts),
    groups: groups.filter(({ rules }) => rules.length > 0),
  };
}

const LAYERS: Readonly<Record<BundleFacts['layer'], string>> = {
  identity: 'says who agents are and what they may reach',
  server: 'ships with a server and says what its tools may be used for',
  resource: 'says for the owners of data and tools who may use them',
  workflow: 'says how work goes: limits, order, times',
  compliance: 'says what the organisation must keep to; nothing lifts its denials',
  override: 'lifts named denials for a while, or stops something at once',
};

const TYPES: Readonly<Record<string, string>> = {
  tool_call: 'calls of tools',
  resource_read: 'reading resources',
  prompt_get: 'prompts',
  completion: 'completions',
  subscribe: 'watching resources',
  sampling: 'questions of servers to the model',
  elicitation: 'questions of servers to the user',
  roots: 'which folders servers learn of',
  tool_result: 'results of tools',
};

function governsOf({ layer, server, governs }: BundleFacts): string {
  const whose =
    server === null
      ? ''
      : ` It is written for ${[server.package, server.versions].filter((part) => part !== '').join(' ')}.`;
  return `A bundle of layer ${layer}: it ${LAYERS[layer]}. It speaks about ${listed(governs.map((type) => TYPES[type] ?? type))}.${whose}`;
}

function wordsOf(rule: RuleFacts, subject: LintSubject): RuleWords {
  const written = subject.written.filter(
    ({ inspected }) => inspected.ruleSet !== '' && inspected.ids.includes(rule.id),
  );
  const named = comparisonsIn({ ...subject, written }).filter(({ path }) => path === 'input.action.tool');
  const tools = [...new Set(named.map(({ value }) => value))];
  const does = [...new Set(written.map(doesOf))].join('; ');
  const inputs = rule.reads.filter((path) => path !== 'action.type' && (path !== 'action.tool' || tools.length === 0));
  const settings = rule.dataReads.map((path) => settingOf(path, subject.bundle.root));
  return { rule, does, tools, looksAt: [...new Set([...inputs.map(fieldOf), ...settings])] };
}

const DOES: Readonly<Record<string, string>> = {
  allow: 'allows',
  deny: 'refuses',
  hide: 'does not show it',
  capabilities: 'gives the agent what it may reach',
  permit: 'lifts named denials',
  labels: 'marks the conversation',
};

const OBLIGATIONS: Readonly<Record<string, string>> = {
  audit_required: 'keeps the whole call for the audit',
  redact: 'takes values out',
  counter: 'counts what it costs',
  rate_limit: 'limits how often',
  deadline: 'limits how long it may take',
  warn: 'warns the agent',
  label: 'marks the conversation',
};

function doesOf(rule: WrittenRule): string {
  const { ruleSet } = rule.inspected;
  if (ruleSet !== 'obligations') return DOES[ruleSet] ?? ruleSet;
  const type = literalMember(rule, 'type') ?? '';
  if (type !== 'require_approval') return OBLIGATIONS[type] ?? 'asks for something besides';
  const by = literalMember(rule, 'by') ?? 'user';
  if (by.startsWith('group:')) return `waits until somebody of ${by.slice('group:'.length)} approves`;
  return by === 'user' ? 'waits until the user approves' : 'waits for an approval';
}

/** A text that the element of a rule has; empty where it is computed, undefined where it is not there. */
function literalMember({ branches }: WrittenRule, name: string): string | undefined {
  const element = branches[0]?.head[0];
  if (element?.kind !== 'object') return '';
  const value = element.members.find(([key]) => key.kind === 'scalar' && key.value === name)?.[1];
  if (value === undefined) return undefined;
  return value.kind === 'scalar' ? String(value.value) : '';
}

const FIELDS: Readonly<Record<string, string>> = {
  '': 'the whole input',
  action: 'the call as a whole',
  'action.tool': 'the tool',
  'action.args': 'all arguments',
  'action.effect': 'what the tool does (reads, writes, destroys)',
  'action.consent': 'whether somebody has accepted the tool',
  'action.resource': 'the resource',
  'action.prompt': 'the prompt',
  'action.result.data_classes': 'classes of data found in the result',
  'action.result.labels': 'what the server says of its result',
  'action.result.text': 'the text of the result',
  'action.result.is_error': 'whether the tool failed',
  'action.data_classes_referenced': 'classes of data that the call refers to',
  'agent.id': 'the agent',
  'agent.scope': 'the scope of the agent',
  'agent.owner_team': 'the team that owns the agent',
  'agent.model': 'the model',
  'agent.delegated_by': 'on whose behalf the agent asks',
  'user.id': 'the user',
  'user.groups': 'the groups of the user',
  'user.data_classifications_authorized': 'the classes of data that the user is cleared for',
  'server.id': 'the server',
  'server.region': 'the region of the server',
  'server.trust': 'how far the server is trusted',
  'context.labels': 'what the conversation has seen',
  'environment.time': 'the time',
  'environment.time_ms': 'the time',
  'environment.weekday': 'the day of the week',
  'environment.is_production': 'whether this is production',
  'environment.region': 'the region of the gateway',
};

function fieldOf(path: string): string {
  const known = FIELDS[path];
  if (known !== undefined) return known;
  const [, args] = /^action\.args\.(.+)$/.exec(path) ?? [];
  if (args !== undefined) return `the argument \`${args}\``;
  const [, budget] = /^budgets\.([^.]+)/.exec(path) ?? [];
  if (budget !== undefined) return `the budget \`${budget}\``;
  const [, count] = /^context\.(?:agent\.)?(.+)$/.exec(path) ?? [];
  return count === undefined ? `\`${path}\`` : `${count.replaceAll('_', ' ')} so far`;
}

function settingOf(path: string, root: string): string {
  const prefix = `${root}.config.`;
  return path.startsWith(prefix) ? `the setting \`${path.slice(prefix.length)}\`` : `the data \`${path}\``;
}

/** `a, b and c`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
