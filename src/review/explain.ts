import type { Opinion, Verdict } from '../core/opinion.ts';
import type { SealedRecord } from '../core/record.ts';
import { fill } from '../policy/author-text.ts';

/** What a rule says of itself in words. */
export interface RuleWords {
  readonly title: string;
  readonly remediation: string;
  readonly owner: string;
  /** Place in the bundle's source: `policy.rego:31`. */
  readonly place: string;
}

export interface Explanation {
  /** The whole in one sentence. */
  readonly sentence: string;
  readonly who: string;
  readonly when: string;
  /** Why it was decided so: the rules and denials that count, in their fixed order. */
  readonly because: readonly string[];
  readonly remedies: readonly string[];
  /** One for each bundle that was asked. */
  readonly steps: readonly ExplainedStep[];
  readonly afterwards: string;
}

export interface ExplainedStep {
  readonly layer: string;
  readonly bundle: string;
  readonly said: string;
  readonly ms: string;
}

/**
 * Says a recorded decision in words, the sentence first.
 *
 * `wordsOf` finds the annotation of a rule as it was when the decision was made: by the digest of its bundle.
 */
export function explain(
  record: SealedRecord,
  wordsOf: (digest: string, rule: string) => RuleWords | undefined,
): Explanation {
  const rules = record.matched_rules.map((name) => describeRule(record, name, wordsOf));
  return {
    sentence: sentenceOf(record),
    who: whoOf(record),
    when: record.time,
    because: because(record, rules),
    remedies: [...new Set([...rules.map(remedyIn).filter((text) => text !== ''), ...waitsOf(record)])],
    steps: record.layers.map(explainStep),
    afterwards: afterwardsOf(record),
  };
}

interface DescribedRule {
  readonly name: string;
  readonly reason: string;
  readonly params: Verdict['params'];
  readonly words: RuleWords | undefined;
}

function describeRule(
  record: SealedRecord,
  name: string,
  wordsOf: (digest: string, rule: string) => RuleWords | undefined,
): DescribedRule {
  const slash = name.indexOf('/');
  const id = name.slice(slash + 1);
  const opinion = record.layers.find((candidate) => candidate.bundle === name.slice(0, slash));
  const verdict = opinion === undefined ? undefined : findVerdict(opinion, id);
  return {
    name,
    reason: verdict?.reason ?? '',
    params: verdict?.params ?? {},
    words: opinion && wordsOf(opinion.digest, id),
  };
}

function findVerdict(opinion: Opinion, id: string): Verdict | undefined {
  return [...opinion.deny, ...opinion.hide, ...opinion.allow].find((verdict) => verdict.id === id);
}

function sentenceOf(record: SealedRecord): string {
  const what = record.tool === '' ? record.action : `${record.tool} on ${record.server === '' ? '?' : record.server}`;
  const verb = { allow: 'may call', deny: 'may not call', pending: 'has to wait for approval of' }[record.effect];
  return `${record.principal.agent.id || 'The agent'} ${verb} ${what}.`;
}

function whoOf(record: SealedRecord): string {
  const { agent, user } = record.principal;
  const via = record.client.name === '' ? '' : `, via ${record.client.name} ${record.client.version}`.trimEnd();
  return `agent ${agent.id || '(unnamed)'} for user ${user.id || '(unnamed)'}${via}`;
}

function because(record: SealedRecord, rules: readonly DescribedRule[]): readonly string[] {
  const own = record.reasons.filter((reason) => reason.startsWith('gateway.'));
  const hidden = record.reason_internal === '' ? [] : [`in truth: ${record.reason_internal}`];
  const lifted = record.lifted.map(({ denial, by }) => `${denial} was lifted by ${by}`);
  return [...own, ...hidden, ...rules.map(ruleSentence), ...lifted, ...approvalSentences(record)];
}

/** The approval and the decisions about it are one story, under the approval's id. */
function approvalSentences({ combine }: SealedRecord): readonly string[] {
  return combine.approvals.map(({ by, status, id, approved_by: approved = [] }) => {
    const who = approved.length === 0 ? '' : ` by ${approved.join(', ')}`;
    const words = {
      met: `approved${who}`,
      open: 'not answered yet',
      denied: 'refused',
      expired: 'not answered in time',
    };
    return `approval by ${by}: ${words[status]}${id === undefined ? '' : ` (approval ${id})`}`;
  });
}

function remedyIn({ params, words }: DescribedRule): string {
  return fill(words?.remediation ?? '', params);
}

/** For limits that had no room. */
function waitsOf({ combine }: SealedRecord): readonly string[] {
  const ends = combine.reservations.flatMap((fact) => (fact.status === 'refused' ? [fact.resets_at] : []));
  return ends.filter((end) => end !== '').map((end) => `Wait until ${end}.`);
}

function ruleSentence({ name, reason, params, words }: DescribedRule): string {
  const code = reason === '' ? name : `${name} (${reason})`;
  if (words === undefined) return code;
  const place = words.place === '' ? '' : `, ${words.place}`;
  return `${fill(words.title, params)} [${code}${place}]`;
}

function explainStep(opinion: Opinion): ExplainedStep {
  return {
    layer: opinion.layer,
    bundle: opinion.bundle,
    said: whatItSaid(opinion),
    ms: (opinion.us / 1000).toFixed(2),
  };
}

function whatItSaid(opinion: Opinion): string {
  if (opinion.status === 'skipped') return 'not asked';
  if (opinion.status !== 'ok') return `${opinion.status.toUpperCase()}: ${opinion.error}`;
  const said = [
    ...opinion.deny.map((verdict) => `DENY ${verdict.id} ${verdict.reason}`),
    ...opinion.hide.map((verdict) => `HIDE ${verdict.id} ${verdict.reason}`),
    ...opinion.allow.map((verdict) => `allow ${verdict.id} ${verdict.reason}`),
    ...opinion.obligations.map((obligation) => `${obligation.type} ${obligation.id}`),
    ...opinion.permit.map((permit) => `permit ${permit.id} lifts ${permit.lifts.join(', ')}`),
  ].join('; ');
  const nothing = opinion.layer === 'server' || opinion.layer === 'resource' ? 'no rule grants this' : 'no objection';
  const mode = opinion.mode === 'enforce' ? '' : ` (${opinion.mode})`;
  return `${said === '' ? nothing : said}${mode}`;
}

function afterwardsOf(record: SealedRecord): string {
  const { outcome } = record;
  if (outcome === null) return record.effect === 'allow' ? 'still running' : 'nothing was forwarded';
  if (outcome.status === 'not_forwarded') return 'nothing was forwarded';
  if (outcome.status === 'unknown') return 'forwarded; what became of it is not known';
  return `forwarded; ended ${outcome.status} after ${outcome.ms.toFixed(0)} ms${outcome.withheld ? ', result withheld' : ''}`;
}
