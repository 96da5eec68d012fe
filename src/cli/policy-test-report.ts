import { counted } from './counted.ts';
import type { Checked, Mutation, RanFile } from '../app/cases.ts';
import type { SealedRecord } from '../core/record.ts';
import { ownReason } from '../gateway/own-reasons.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { callOf, differenceTexts, type ReportedCase } from '../review/case-report.ts';
import { effectOf } from '../review/expectation.ts';
import { explain, type Explanation } from '../review/explain.ts';
import type { RuleWords } from '../review/record-words.ts';
import { paint, printAligned, printLine, printTable, printWrapped, type Terminal, visible } from './terminal.ts';

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
  const others = failed === 0 ? '' : `, ${failed} ${failed === 1 ? 'is' : 'are'} not`;
  printLine(terminal, `\n${all.length - failed} of ${all.length} calls are decided as expected${others}.`);
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
}

/** The rules that can go without any case noticing, each with its place. */
export function printMutation(terminal: Terminal, mutation: Mutation): void {
  const { missed, survivors, unasked, excused, needless } = mutation;
  const others = excused === 0 ? '' : `; ${excused} more are said to be missed by none`;
  const rules = counted(missed + survivors.length, 'rule');
  printLine(terminal, `${missed} of ${rules} are missed when they are taken out${others}.`);
  const groups = [
    ['Not missed, because no case makes them speak', survivors.filter(({ spokeIn }) => spokeIn === 0)],
    ['Not missed, although they speak: no case minds what they say', survivors.filter(({ spokeIn }) => spokeIn > 0)],
  ] as const;
  for (const [heading, group] of groups) {
    if (group.length === 0) continue;
    printLine(terminal, `\n${paint(terminal, 'yellow', heading)}`);
    const rows = group.map(({ bundle, rule, place, title }) => [`${bundle}/${rule}`, place, title]);
    printTable(terminal, ['rule', 'place', 'title'], rows);
  }
  for (const rule of needless)
    printLine(terminal, `\n${rule} is missed after all, or not there: take it from "unmissed".`);
  if (unasked.length > 0) printLine(terminal, `\nNo case asks ${unasked.join(', ')}: nothing is known of their rules.`);
}
