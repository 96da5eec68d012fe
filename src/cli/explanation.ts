import type { SealedRecord } from '../core/record.ts';
import { explain, type RuleWords } from '../review/explain.ts';
import { paint, printJson, printLine, printWrapped, type Terminal, visible } from './terminal.ts';

export interface ExplanationOptions {
  /** What the rules of each bundle, by its digest, said of themselves when the decision was made. */
  readonly words: ReadonlyMap<string, ReadonlyMap<string, RuleWords>>;
  readonly json: boolean;
}

const STYLES = { allow: 'green', deny: 'red', pending: 'yellow' } as const;
const VERBS = { allow: 'ALLOWED', deny: 'DENIED', pending: 'WAITING' } as const;

/** Says a decision for a person: the sentence first, then who, why, what to do, and layer by layer. */
export function printExplanation(terminal: Terminal, record: SealedRecord, options: ExplanationOptions): void {
  const explanation = explain(record, (digest, rule) => options.words.get(digest)?.get(rule));
  if (options.json) return printJson(terminal, 'decision-explain', { id: record.id, ...explanation });
  const say = (label: string, texts: readonly string[]): void => {
    for (const text of texts) printWrapped(terminal, label, text);
  };
  const verb = paint(terminal, STYLES[record.effect], VERBS[record.effect]);
  printLine(terminal, `${verb}  ${visible(explanation.sentence)}`);
  say('when', [explanation.when]);
  say('who', [explanation.who]);
  say('why', explanation.because);
  say('do', explanation.remedies);
  say(
    'asked',
    explanation.steps.map(
      ({ layer, bundle, said, ms }) => `${layer.padEnd(10)} ${bundle.padEnd(20)} ${ms.padStart(6)} ms  ${said}`,
    ),
  );
  say('then', [explanation.afterwards]);
  return say('id', [record.id]);
}
