import type { SealedRecord } from '../core/record.ts';
import { ownReason } from '../gateway/own-reasons.ts';
import { explain, type Explanation } from '../review/explain.ts';
import { type RuleWords, timeText } from '../review/record-words.ts';
import { paint, printAligned, printJson, printLine, printWrapped, type Terminal, visible } from './terminal.ts';

export interface ExplanationOptions {
  /** What the rules of each bundle, by its digest, said of themselves when the decision was made. */
  readonly words: ReadonlyMap<string, ReadonlyMap<string, RuleWords>>;
  readonly json: boolean;
}

const STYLES = { allow: 'green', deny: 'red', pending: 'yellow' } as const;
const VERBS = { allow: 'ALLOWED', deny: 'DENIED', pending: 'WAITING' } as const;
/** More ways than that are in the JSON. */
const MOST_WAYS = 5;

/** Says a decision for a person: the sentence first, then who, why, what to do, and layer by layer. */
export function printExplanation(terminal: Terminal, record: SealedRecord, options: ExplanationOptions): void {
  const explanation = explain(record, {
    wordsOf: (digest, rule) => options.words.get(digest)?.get(rule),
    ownWords: ownReason,
  });
  if (options.json)
    return printJson(terminal, 'decision-explain', { id: record.id, effect: record.effect, ...explanation });
  const verb = paint(terminal, STYLES[record.effect], VERBS[record.effect]);
  printLine(terminal, `${verb}  ${visible(explanation.sentence)}`);
  const say = (label: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.entries()) printWrapped(terminal, index === 0 ? label : '', text);
  };
  say('when', [`${timeText(explanation.when)}, ${explanation.timing}`]);
  say('who', [explanation.who]);
  say('why', [...explanation.because, explanation.decided, ...inVainTexts(explanation)]);
  say('read', readTexts(record, explanation));
  say('lifted', liftedTexts(explanation));
  say('do', explanation.remedies);
  printAligned(
    terminal,
    'asked',
    explanation.steps.map(({ layer, bundle, ms, said }) => [layer, bundle, ms === '' ? '' : `${ms} ms`, said]),
  );
  say('warned', explanation.warnings);
  say('duty', explanation.obligations);
  say('else', wayTexts(explanation));
  say('shadow', explanation.shadow === '' ? [] : [`With the shadowed policies: ${explanation.shadow}.`]);
  say('then', [explanation.afterwards]);
  if (!explanation.follows)
    say('note', [
      'This decision does not follow from the facts of its record; `decision verify` says whether it was changed.',
    ]);
  if (record.trace_id !== '') say('trace', [record.trace_id]);
  return say('id', [record.id]);
}

/** What stood in the request where the rules that decided look. */
function readTexts({ effect, lifted }: SealedRecord, { rules }: Explanation): readonly string[] {
  if (effect === 'allow' && lifted.length === 0) return [];
  const facts = rules.flatMap(({ read }) => read.map(({ path, value }) => `${path} = ${value}`));
  return facts.length === 0 ? [] : [[...new Set(facts)].join(', ')];
}

function liftedTexts({ lifted }: Explanation): readonly string[] {
  return lifted.map(
    ({ denial, title, by, justification, requested_by, approved_by, people, expires_at }) =>
      `${title === '' ? denial : `${title} [${denial}]`}, by ${by} until ${timeText(expires_at)}: “${justification}” ` +
      `Requested by ${requested_by}, approved by ${approved_by} (${people}).`,
  );
}

function inVainTexts({ denials }: Explanation): readonly string[] {
  return denials.flatMap(({ denial, not_lifted }) =>
    not_lifted.map(({ by, why }) => `${by} names ${denial} and does not lift it: ${why}.`),
  );
}

function wayTexts({ would_allow: { ways, note } }: Explanation): readonly string[] {
  const told = ways
    .slice(0, MOST_WAYS)
    .map((way, index) => `${index === 0 ? 'It would be allowed with ' : 'or with '}${way}`);
  const more = ways.length - MOST_WAYS;
  return [...told, ...(more > 0 ? [`or in ${more} more ways, which --json has`] : []), ...(note === '' ? [] : [note])];
}
