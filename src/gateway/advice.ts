import type { Decision, RequiredApproval, Warning } from '../core/decision.ts';
import { type Retry, RETRIES } from '../policy/annotation.ts';
import { askedScopes } from './asked-scopes.ts';
import { MOST_TOLD, retryOf, type RuleText, tellDenials, type ToldDenial } from './told-denials.ts';

/** The decision as an agent gets it, version 1, under `_meta["mcp-gateway/decision"]`. */
export interface DecisionObject {
  readonly allow: boolean;
  readonly effect: Decision['effect'];
  readonly reasons: readonly string[];
  readonly remediation: string;
  readonly remediations: readonly string[];
  readonly alternatives: readonly string[];
  readonly warnings?: readonly Warning[];
  readonly metadata: {
    readonly decision_id: string;
    readonly policy_version: string;
    readonly matched_rules: readonly string[];
    /** The least that is left of the limits that were charged, and when that limit's time begins anew. */
    readonly rate_limit_remaining?: number;
    readonly resets_at?: string;
    readonly audit_required: boolean;
    readonly appeal_path: string;
    readonly retry: Retry;
    /** Who wrote the texts of a rule that stand in this object, by its full name; absent where none does. */
    readonly origins?: Readonly<Record<string, string>>;
  };
}

export interface Advice {
  readonly object: DecisionObject;
  /** Suffices alone: what was refused, why, what would work, whom to ask, and that no other way is wanted. */
  readonly text: string;
  /** Scopes that a token must have so that it is not refused; absent where that alone would not help. */
  readonly scopes?: readonly string[];
}

export interface AdviceFacts {
  readonly decisionId: string;
  /** The generation's short hash. */
  readonly policyVersion: string;
  readonly decision: Decision;
  /** What was asked for, in words: `commit_file on code-host`. */
  readonly subject: string;
  /** Texts of a rule by its full name. */
  readonly ruleText: (rule: string) => RuleText | undefined;
  readonly limits?: Limits | undefined;
  /** Those that are still open. */
  readonly approvals?: readonly Pick<RequiredApproval, 'by'>[] | undefined;
}

/** How the limits that a call is charged to stand after it. */
export interface Limits {
  /** Of the one that has the least left. */
  readonly remaining: number;
  /** RFC 3339. */
  readonly resetsAt: string;
}

/** Code of what helps while a call waits for people. */
export const AWAIT_APPROVAL = 'await_approval';

/** Words for a decision that is not an allow. */
export function adviseAgainst(facts: AdviceFacts): Advice {
  if (facts.decision.effect === 'pending') return adviseToWait(facts);
  const told = tellDenials(facts);
  const object = decisionObject(facts, told);
  const end = `${RETRY_WORDS[object.metadata.retry]}\n${NO_DETOUR}`;
  const text = wordsOf(facts, told, { object, head: `Refused: ${facts.subject}.`, end });
  const scopes = askedScopes(facts.decision);
  return scopes.length === 0 ? { object, text } : { object, text, scopes };
}

/** Fewer words for one who does not listen: the same call was denied before, for the same reasons, and not long ago. */
export function adviseAgain(facts: AdviceFacts): Advice {
  const { object, ...rest } = adviseAgainst(facts);
  const { reasons, metadata } = object;
  const lines = [
    `Already denied: ${facts.subject}, for the same reason as before [${listed(reasons)}].`,
    `Do not repeat it. ${RETRY_WORDS[metadata.retry]}`,
    `Decision ${facts.decisionId}`,
  ];
  return { ...rest, object, text: lines.join('\n') };
}

function listed(reasons: readonly string[]): string {
  const more = reasons.length > MOST_TOLD ? ', …' : '';
  return `${reasons.slice(0, MOST_TOLD).join(', ')}${more}`;
}

/** Words for a result that is kept back: the call has run. */
export function adviseWithheld(facts: AdviceFacts): Advice {
  const told = tellDenials(facts);
  const object = decisionObject(facts, told);
  const head = `Withheld: the call of ${facts.subject} ran, but its result is kept back.`;
  return { object, text: wordsOf(facts, told, { object, head, end: WITHHELD_END }) };
}

/** The object that goes with an allowed call's result; `ofResult`: what rules about the result warn of. */
export function adviseFor(facts: AdviceFacts, ofResult: readonly Warning[] = []): DecisionObject {
  const { warnings } = facts.decision;
  const isNew = (one: Warning): boolean => !warnings.some(({ rule, text }) => rule === one.rule && text === one.text);
  const told = [...warnings, ...ofResult.filter(isNew)].slice(0, MOST_WARNINGS);
  const object = decisionObject(facts, []);
  const metadata = { ...object.metadata, ...originsOf(told, facts) };
  return { warnings: told, ...object, metadata };
}

/** What a bundle says beyond that is on record; an agent needs to read no more. */
const MOST_WARNINGS = 20;
/** Codes of reasons and names of rules are short, and programs may want more of them than a model. */
const MOST_NAMED = 50;

/** Names no command: who answers is a person, and an agent that knew how could try. */
function adviseToWait(facts: AdviceFacts): Advice {
  const { decision, approvals = [] } = facts;
  const people = approvals.map(({ by }) => (by === 'user' ? 'the user' : `a member of ${by.slice(GROUP.length)}`));
  const isUser = approvals.every(({ by }) => by === 'user');
  const ask = isUser ? 'to approve this call' : `to see to it that ${people.join(' and ')} approves this call`;
  const again = 'Once that is done, make exactly the same call again; it then runs once.';
  const remediation = `Ask the user ${ask} in the gateway. ${again}`;
  const object = decisionObject(facts, []);
  const why = decision.matched_rules.slice(0, MOST_TOLD).flatMap((rule) => {
    const text = facts.ruleText(rule);
    return text === undefined ? [] : [`Why: ${sentence(text.title)} [${rule}, says ${text.origin}]`];
  });
  const lines = [`Not yet: ${facts.subject} waits for approval. It has not run.`, ...why];
  lines.push(`What would work: ${remediation}`, NO_DETOUR, `Decision ${facts.decisionId}`);
  return {
    object: {
      ...object,
      remediation: AWAIT_APPROVAL,
      remediations: [remediation],
      metadata: { ...object.metadata, retry: 'after_approval' },
    },
    text: lines.join('\n'),
  };
}

const GROUP = 'group:';

function decisionObject(facts: AdviceFacts, told: readonly ToldDenial[]): DecisionObject {
  const { decision } = facts;
  const isVague = decision.reason_internal !== '';
  return {
    allow: decision.effect === 'allow',
    effect: decision.effect,
    reasons: decision.reasons.slice(0, MOST_NAMED),
    remediation: told[0]?.remedy ?? '',
    remediations: unique(told.map((denial) => denial.remediation).filter((text) => text !== '')),
    alternatives: unique(told.flatMap((denial) => denial.alternatives)),
    metadata: {
      decision_id: facts.decisionId,
      policy_version: facts.policyVersion,
      matched_rules: isVague ? [] : decision.matched_rules.slice(0, MOST_NAMED),
      ...(facts.limits === undefined ? {} : asMetadata(facts.limits)),
      audit_required: decision.obligations.audit_required,
      appeal_path: told.find((denial) => denial.appealPath !== '')?.appealPath ?? '',
      retry: worstRetry(facts),
      ...originsOf(told, facts),
    },
  };
}

/** A bundle's texts go to the model, so it is said whose they are. */
function originsOf(
  told: readonly { readonly rule: string }[],
  { ruleText }: AdviceFacts,
): Pick<DecisionObject['metadata'], 'origins'> {
  const origins = told.flatMap(({ rule }) => {
    const origin = rule === '' ? undefined : ruleText(rule)?.origin;
    return origin === undefined ? [] : [[rule, origin] as const];
  });
  return origins.length === 0 ? {} : { origins: Object.fromEntries(origins) };
}

function asMetadata({ remaining, resetsAt }: Limits): Partial<DecisionObject['metadata']> {
  return { rate_limit_remaining: remaining, resets_at: resetsAt };
}

/** Of several denials the most hopeless holds, also of those that are not told. */
function worstRetry({ decision, ruleText }: AdviceFacts): Retry {
  const retries = new Set(decision.denials.map((denial) => retryOf(denial, ruleText(denial.rule))));
  return RETRIES.find((retry) => retries.has(retry)) ?? 'never';
}

interface Framing {
  readonly object: DecisionObject;
  readonly head: string;
  readonly end: string;
}

function wordsOf(facts: AdviceFacts, told: readonly ToldDenial[], { object, head, end }: Framing): string {
  const lines = [head];
  for (const denial of told) lines.push(`Why: ${sentence(denial.why)} [${denial.reason}, says ${denial.origin}]`);
  const left = facts.decision.denials.length - told.length;
  if (left > 0)
    lines.push(`There ${left === 1 ? 'is one more reason' : `are ${left} more reasons`}; the record has all.`);
  const remedies = told.filter(({ remediation }) => remediation !== '');
  lines.push(...unique(remedies.map((one) => `What would work: ${sentence(one.remediation)}${saidBy([one])}`)));
  const offering = told.filter(({ alternatives }) => alternatives.length > 0);
  if (offering.length > 0) lines.push(`Instead you can use: ${object.alternatives.join(', ')}.${saidBy(offering)}`);
  const asked = told.find(({ appealPath }) => appealPath !== '');
  if (asked !== undefined) lines.push(`Whom to ask: ${asked.appealPath}${saidBy([asked])}`);
  lines.push(end, `Decision ${facts.decisionId}`);
  return lines.join('\n');
}

/** What the gateway itself says needs no label. */
function saidBy(told: readonly ToldDenial[]): string {
  const origins = unique(told.filter(({ rule }) => rule !== '').map(({ origin }) => origin));
  return origins.length === 0 ? '' : ` [says ${origins.join(' and ')}]`;
}

const RETRY_WORDS: Readonly<Record<Retry, string>> = {
  never: 'The same call will be refused again.',
  after_approval: 'The same call can be made once a person has approved it.',
  with_changes: 'Call again with the changes named above.',
  after: 'The same call can be made again later.',
};

const WITHHELD_END =
  'Do not make the same call again: it has run, and whatever it does is done. This is a decision, not a fault: do not ' +
  'look for another way to the same result. If the user needs it, tell them what is said here.';

const NO_DETOUR =
  'This is a decision, not a fault: do not look for another tool or command that has the same effect. ' +
  'If the user needs it, tell them what is said here.';

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
