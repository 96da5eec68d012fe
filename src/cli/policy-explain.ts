import { nearest } from '../config/suggest.ts';
import { findRules, type FoundRules, type RuleInForce, wordsIn } from '../review/find-rules.ts';
import { sentenceOf } from '../review/explain.ts';
import { timeText } from '../review/record-words.ts';
import type { FiredRule } from '../review/rule-activity.ts';
import { regoOf } from '../review/rule-text.ts';
import type { CommandContext } from './context.ts';
import { type PolicyReading, readPolicy, type ReadingOptions } from './reading-policy.ts';
import { paint, printJson, printLine, printWrapped, type Terminal, visible } from './terminal.ts';

export interface ExplainOptions extends ReadingOptions {
  readonly rego?: boolean;
  readonly json?: boolean;
}

/** Says what the policy in force says of a term, by layer and owner, with what became of it in recorded decisions. */
export async function explainTerm(context: CommandContext, term: string, options: ExplainOptions): Promise<void> {
  const { terminal } = context;
  const reading = await readPolicy(context, options);
  const found = findRules(reading.inForce.rules, term);
  if (options.json === true) return printJson(terminal, 'policy-explain', jsonOf(term, found, reading));
  printLine(terminal, paint(terminal, 'bold', headline(term, found)));
  if (found.match === 'none') printHelp(terminal, term, reading);
  let place = '';
  for (const rule of found.rules) {
    const next = placeOf(rule);
    if (next !== place) printLine(terminal, `\n${paint(terminal, 'cyan', visible(next))}`);
    place = next;
    printRule(terminal, rule, { reading, withRego: options.rego === true });
  }
  return printNotes(terminal, reading, options.since);
}

function headline(term: string, { match, rules }: FoundRules): string {
  if (match === 'none') return `No rule in force speaks of “${visible(term)}”.`;
  const count = rules.length === 1 ? 'One rule speaks' : `${rules.length} rules speak`;
  const part = match === 'all' ? '' : 'a part of ';
  return `${count} of ${part}“${visible(term)}”.`;
}

function printHelp(terminal: Terminal, term: string, { inForce }: PolicyReading): void {
  const words = wordsIn(inForce.rules);
  const meant = term.split(/\s+/).flatMap((word) => nearest(word, words) ?? []);
  if (meant.length > 0) printLine(terminal, `Did you mean ${meant.join(' ')}?`);
}

function placeOf({ layer, bundle, rule }: RuleInForce): string {
  return `${layer}, ${rule.owner === '' ? `in ${bundle}` : `by ${rule.owner}`}`;
}

const DOES: Readonly<Record<string, string>> = {
  allow: 'allows',
  deny: 'forbids',
  hide: 'hides',
  obligations: 'demands something with the call',
  permit: 'may lift denials',
  labels: 'marks what the conversation has seen',
  capabilities: 'says what an agent may reach',
};

interface Telling {
  readonly reading: PolicyReading;
  readonly withRego: boolean;
}

function printRule(terminal: Terminal, found: RuleInForce, { reading, withRego }: Telling): void {
  const { name, bundle, mode, rule, sets } = found;
  const { title, description, remediation, control, appealPath } = rule;
  const does = sets.map((set) => DOES[set] ?? set).join(' and ');
  const standing = mode === 'enforce' ? '' : `, only in mode ${mode}`;
  printLine(terminal, `\n${paint(terminal, 'bold', visible(title))}`);
  printWrapped(terminal, 'rule', `${name}${does === '' ? '' : `, ${does}`}${standing}`);
  if (description !== '') printWrapped(terminal, 'more', description);
  if (remediation !== '') printWrapped(terminal, 'do', remediation);
  if (control !== '') printWrapped(terminal, 'control', control);
  if (appealPath !== '') printWrapped(terminal, 'appeal', appealPath);
  printWrapped(terminal, 'fired', firedText(reading.activity.rules.get(name)));
  const modules = reading.inForce.modules.get(bundle);
  if (!withRego || modules === undefined) return;
  for (const line of regoOf(modules[rule.file] ?? '', rule.row))
    printLine(terminal, `        ${visible(line.replaceAll('\t', '    '))}`);
}

/** A rule that demands something with a call decides nothing, so nothing is said of that. */
function firedText(fired: FiredRule | undefined): string {
  if (fired === undefined) return 'in no recorded decision';
  const { id, time } = fired.example;
  const decided = fired.decided === 0 ? '' : `, it decided ${fired.decided}`;
  return `${timesText(fired.fired)}${decided}; such as ${timeText(time)}: ${sentenceOf(fired.example)} Decision ${id}`;
}

function timesText(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function printNotes(terminal: Terminal, { inForce, activity }: PolicyReading, since: number): void {
  const { generation, unusable } = inForce;
  const from =
    generation === ''
      ? 'The policy is what the configuration names; no gateway has put it in force yet.'
      : `The policy is generation ${shortHash(generation)}, in force since ${timeText(inForce.since)}.`;
  printLine(terminal, '');
  const counted = `${activity.decisions} decisions since ${timeText(new Date(since).toISOString())} were looked at.`;
  printWrapped(terminal, 'note', `${from} ${counted}`);
  for (const { bundle, problem } of unusable)
    terminal.err.write(`error the bundle ${bundle} cannot be used: ${visible(problem)}\n`);
}

function jsonOf(term: string, { match, rules }: FoundRules, { inForce, activity }: PolicyReading): object {
  const { generation, since, unusable } = inForce;
  return {
    term,
    match,
    generation,
    in_force_since: since,
    decisions: activity.decisions,
    unusable,
    rules: rules.map(({ name, bundle, layer, mode, sets, rule }) => {
      const {
        title,
        description,
        remediation,
        owner,
        control,
        appealPath: appeal_path,
        alternatives,
        file,
        row,
      } = rule;
      const fired = activity.rules.get(name);
      return {
        rule: name,
        bundle,
        layer,
        mode,
        does: sets,
        title,
        description,
        remediation,
        alternatives,
        owner,
        control,
        appeal_path,
        place: { file, row },
        fired: fired?.fired ?? 0,
        decided: fired?.decided ?? 0,
        example: fired === undefined ? null : { id: fired.example.id, sentence: sentenceOf(fired.example) },
      };
    }),
  };
}
import { shortHash } from '../core/generation.ts';
