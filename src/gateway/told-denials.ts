import type { Decision, Denial } from '../core/decision.ts';
import type { Retry } from '../policy/annotation.ts';
import { fill } from '../policy/author-text.ts';
import { ownReason } from './own-reasons.ts';

/** What a rule's annotation says to people; the texts are capped and stripped when the bundle is read. */
export interface RuleText {
  readonly title: string;
  readonly remediation: string;
  readonly remedy: string;
  readonly alternatives: readonly string[];
  readonly retry: Retry;
  readonly appealPath: string;
  /** Who wrote it, in words: `the policy that comes with code-host`, `your organisation’s policy`. */
  readonly origin: string;
}

/** A denial in words. */
export interface ToldDenial {
  readonly reason: string;
  /** Full name of the rule whose author says so; empty where the gateway does. */
  readonly rule: string;
  readonly why: string;
  readonly origin: string;
  readonly remediation: string;
  readonly remedy: string;
  readonly alternatives: readonly string[];
  readonly appealPath: string;
  readonly retry: Retry;
}

export interface Telling {
  readonly decision: Pick<Decision, 'denials'>;
  /** Texts of a rule by its full name. */
  readonly ruleText: (rule: string) => RuleText | undefined;
}

/** What a bundle says beyond that is on record; an agent needs to read no more. */
export const MOST_TOLD = 10;

/** The first denials of a decision, each in the words of the rule that denies or, without one, in the gateway's own. */
export function tellDenials({ decision, ruleText }: Telling): readonly ToldDenial[] {
  return decision.denials.slice(0, MOST_TOLD).map((denial) => tellDenial(denial, ruleText(denial.rule)));
}

/** Whether the same call may be tried again, as the rule says or, without one, as the gateway does. */
export function retryOf(denial: Denial, text: RuleText | undefined): Retry {
  return text === undefined ? ownReason(denial.reason, denial.params).retry : text.retry;
}

function tellDenial(denial: Denial, text: RuleText | undefined): ToldDenial {
  if (text === undefined) return tellOwnDenial(denial);
  return {
    reason: denial.reason,
    rule: denial.rule,
    why: fill(text.title, denial.params),
    origin: text.origin,
    remediation: fill(text.remediation, denial.params),
    remedy: text.remedy === '' ? denial.reason : text.remedy,
    alternatives: text.alternatives,
    appealPath: text.appealPath,
    retry: retryOf(denial, text),
  };
}

function tellOwnDenial(denial: Denial): ToldDenial {
  const own = ownReason(denial.reason, denial.params);
  const problems = denial.params['problems'];
  return {
    reason: denial.reason,
    rule: '',
    why: problems === undefined ? own.title : `${own.title}: ${problems}`,
    origin: 'the gateway',
    remediation: fill(own.remediation, denial.params),
    remedy: denial.reason,
    alternatives: [],
    appealPath: '',
    retry: retryOf(denial, undefined),
  };
}
