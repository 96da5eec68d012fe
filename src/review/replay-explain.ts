import { writeWords, readWords } from './rule-words.ts';
import { explain } from './explain.ts';
import type { RuleWords, WordSources } from './record-words.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { ExplainExample } from './replay-groups.ts';

/** Says in words why a decision would be as it would be; `ownWords` are the gateway's for its own reasons. */
export function exampleWords(policies: readonly PolicySet[], ownWords: WordSources['ownWords']): ExplainExample {
  const words = new Map<string, ReadonlyMap<string, RuleWords>>();
  for (const { participants } of policies) {
    for (const { loaded } of participants) {
      if (loaded !== undefined) words.set(loaded.bundle.digest, readWords(writeWords(loaded.rules)));
    }
  }
  return ({ record, after, why }) => {
    if (after === undefined) return [`It cannot be replayed: ${why}.`];
    const { decision, facts } = after;
    const { effect, reasons, reason_internal, matched_rules, lifted, obligations } = decision;
    const would = { ...record, ...facts, effect, reasons, reason_internal, matched_rules, lifted, obligations };
    const wordsOf: WordSources['wordsOf'] = (digest, rule) => words.get(digest)?.get(rule);
    const { sentence, because, decided, remedies, obligations: duties } = explain(would, { wordsOf, ownWords });
    const owed = effect === 'allow' ? duties.map((duty) => `Duty: ${duty}.`) : [];
    return [sentence, ...because, decided, ...remedies, ...owed];
  };
}
