import type { Checked, Mutation, RanFile } from '../app-cases.ts';
import type { SealedRecord } from '../core/record.ts';
import { ownReason } from '../gateway/own-reasons.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { callOf, differenceTexts, type ReportedCase } from '../review/case-report.ts';
import { effectOf } from '../review/expectation.ts';
import { explain, type Explanation } from '../review/explain.ts';
import type { RuleWords } from '../review/record-words.ts';
import { paint, printAligned, printLine, printWrapped, type Terminal, visible } from './terminal.ts';

/** The cases of a file as reports tell of them. */
export function reportedCases({ file, checked }: RanFile, policy: PolicySet): readonly ReportedCase[] {
  return checked.map((one) => reported(one, file.loaded.name, policy));
}

function reported({ check, outcome, differences }: Checked, file: string, policy: PolicySet): ReportedCase {
  const { name, principal, tool, sample, place } = check;
  const [, line = '0', column = '0'] = /:(\d+):(\d+)$/.exec(place) ?? [];
  const ok = differences.length === 0;
  const told = ok ? undefined : explained(outcome.record, policy);
  return {
    file,
    line: Number(line),
    column: Number(column),
    name,
    principal,
    tool,
    sample,
    ok,
    effect: effectOf(outcome.record),
    reasons: outcome.record.reasons,
    differences,
    why: told === undefined ? [] : [told.sentence, ...told.because, told.decided, ...told.steps.map(stepText)],
  };
}

function stepText({ layer, bundle, said }: Explanation['steps'][number]): string {
  return `${layer} ${bundle}: ${said}`;
}

/** Tells a decision as `decision explain` does; nothing of it was recorded. */
function explained(record: Checked['outcome']['record'], { participants }: PolicySet): Explanation {
  const sealed: SealedRecord = { ...record, seq: 0, chain: '', instance: '', hash: '', outcome: null };
  const wordsOf = (digest: string, id: string): RuleWords | undefined => {
    const rule = participants.find(({ loaded }) => loaded?.bundle.digest === digest)?.loaded?.rules.get(id);
    return rule && { ...rule, place: `${rule.file}:${rule.row}` };
  };
  return explain(sealed, { wordsOf, ownWords: ownReason });
}

/** Each file in one line, what fails with what each layer said, and how many in all. */
export function printRun(terminal: Terminal, ran: readonly RanFile[], policy: PolicySet): void {
  for (const { file, checked } of ran) {
    const { name, cases } = file.loaded;
    const failed = checked.filter(({ differences }) => differences.length > 0);
    const verdict = failed.length === 0 ? paint(terminal, 'green', 'ok  ') : paint(terminal, 'red', 'FAIL');
    const unlisted = checked.filter(({ check }) => check.kind === 'unlisted').length;
    const calls = `${counted(checked.length - unlisted, 'call')} of ${counted(cases.cases.length, 'case')}`;
    const others = cases.unlisted === 'deny' ? `, ${unlisted} that no case lists` : '';
    printLine(terminal, `${verdict}  ${visible(name)}  ${calls}${others}`);
    for (const one of failed) printFailed(terminal, one, policy);
    for (const tool of file.unsampled) {
      printWrapped(terminal, 'note', `No valid arguments could be made for ${tool}; write some under "samples".`);
    }
  }
  const all = ran.flatMap(({ checked }) => checked);
  const failed = all.filter(({ differences }) => differences.length > 0).length;
  printLine(
    terminal,
    `\n${all.length - failed} of ${all.length} calls are decided as expected${failed > 0 ? `, ${failed} are not` : ''}.`,
  );
}

function printFailed(terminal: Terminal, { check, outcome, differences }: Checked, policy: PolicySet): void {
  const { place, name } = check;
  printLine(terminal, `\n${paint(terminal, 'bold', visible(`${place}  ${name}`))}`);
  printWrapped(terminal, '', `${callOf(check)}:`);
  for (const text of differenceTexts({ differences })) printWrapped(terminal, 'differs', text);
  const { because, decided, steps } = explained(outcome.record, policy);
  for (const [index, text] of [...because, decided].entries()) printWrapped(terminal, index === 0 ? 'why' : '', text);
  printAligned(
    terminal,
    'asked',
    steps.map(({ layer, bundle, said }) => [layer, bundle, said]),
  );
  printLine(terminal, '');
}

/** The rules that can go without any case noticing, each with its place. */
export function printMutation(terminal: Terminal, { rules, survivors, unasked }: Mutation): void {
  const missed = rules - survivors.length;
  printLine(terminal, `${missed} of ${counted(rules, 'rule')} are missed by some case when they are taken out.`);
  for (const { bundle, rule, title, place, spokeIn } of survivors) {
    const why =
      spokeIn === 0 ? 'no case makes it speak' : `it speaks in ${counted(spokeIn, 'call')}, and none of them minds`;
    printLine(
      terminal,
      `\n${paint(terminal, 'yellow', 'not missed')}  ${paint(terminal, 'bold', visible(`${bundle}/${rule}`))}`,
    );
    if (title !== '') printWrapped(terminal, '', title);
    printWrapped(terminal, 'at', `${place} of ${bundle}`);
    printWrapped(terminal, 'because', `${why}.`);
  }
  if (unasked.length > 0) printWrapped(terminal, 'note', `No case asks ${unasked.join(', ')}; their rules stayed in.`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
