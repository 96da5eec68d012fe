import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { REPLAY_CLASSES, type ReplayClass } from '../review/replay-classes.ts';
import type { ReplayGroup, ReplayVerdict } from '../review/replay-groups.ts';
import { replayMarkdown } from '../review/replay-markdown.ts';
import type { ReplayReport } from '../review/replay-report.ts';
import { CLASS_WORDS, placeText, rangeText, recordedText } from '../review/replay-words.ts';
import { counted } from './counted.ts';
import type { CommandContext } from './context.ts';
import { type ExceededThreshold, thresholdText } from './replay-thresholds.ts';
import { paint, printJson, printLine, printPage, printWrapped, type Terminal, visible } from './terminal.ts';

export interface ShownReplay {
  readonly report: ReplayReport;
  readonly exceeded: readonly ExceededThreshold[];
  /** Ids of the bundles that were tried. */
  readonly candidates: readonly string[];
  readonly loop: 'open' | 'closed';
}

/** Prints a replay for a person, or as one JSON object. */
export function printReplay(terminal: Terminal, shown: ShownReplay, asJson: boolean): void {
  const { report, exceeded, candidates, loop } = shown;
  const ok = report.recorded.alarms.length + exceeded.length === 0;
  if (asJson) return printJson(terminal, 'policy-replay', { ok, candidates, loop, ...report, exceeded });
  return printWords(terminal, shown);
}

/** For a pull request; to a file, or to stdout in place of everything else. */
export function writeMarkdown({ terminal, environment }: CommandContext, to: string | true, shown: ShownReplay): void {
  const text = replayMarkdown({ ...shown, exceeded: shown.exceeded.map(exceededText) });
  if (to === true) printPage(terminal, text);
  else writeFileSync(resolve(environment.workingFolder, to), text);
}

function exceededText({ class: kind, count, ...threshold }: ExceededThreshold): string {
  return `${counted(count, 'decision')} ${CLASS_WORDS[kind]}; at most ${thresholdText({ class: kind, ...threshold })} may be (${kind})`;
}

const MOST_GROUPS = 20;

function printWords(terminal: Terminal, { report, exceeded, candidates, loop }: ShownReplay): void {
  const { replayed, active, classes, groups } = report;
  if (replayed === 0) return printLine(terminal, 'There is no decision to replay.');
  const tried = candidates.length === 0 ? 'what is in force now' : candidates.join(', ');
  const limits = loop === 'open' ? 'with limits as they stood' : 'with limits counted anew';
  printLine(terminal, `${replayed} decisions made again with ${tried}${rangeText(report)}, ${limits}`);
  printWrapped(terminal, 'record', recordedText(report));
  printAlarms(terminal, report);
  if (candidates.length > 0) printSince(terminal, active.classes);
  const width = String(replayed).length;
  for (const kind of REPLAY_CLASSES.filter((name) => name === 'same' || classes[name] > 0)) {
    const count = String(classes[kind]).padStart(width);
    printLine(terminal, `\n${paint(terminal, 'bold', `${count}  ${CLASS_WORDS[kind]}`)}`);
    for (const group of groups.filter((one) => one.class === kind).slice(0, MOST_GROUPS)) printGroup(terminal, group);
  }
  for (const threshold of exceeded)
    printLine(terminal, paint(terminal, 'red', `\ntoo many: ${exceededText(threshold)}`));
}

function printAlarms(terminal: Terminal, { recorded }: ReplayReport): void {
  const { alarms, more_alarms: more } = recorded;
  for (const { id, seq, what } of alarms.slice(0, MOST_GROUPS)) {
    const told = `ALARM  #${seq} ${visible(id)} is not as recorded: ${what.map(visible).join(', ')}`;
    printLine(terminal, paint(terminal, 'red', told));
  }
  const left = alarms.length + more - Math.min(alarms.length, MOST_GROUPS);
  if (left > 0) printLine(terminal, `and ${left} more`);
}

/** What has changed since without the candidate, so that nobody takes it for the candidate's doing. */
function printSince(terminal: Terminal, classes: ReplayReport['classes']): void {
  const changed = REPLAY_CLASSES.filter((name) => name !== 'same' && classes[name] > 0);
  if (changed.length === 0) return;
  const told = changed.map((name: ReplayClass) => `${CLASS_WORDS[name]} ${classes[name]}`).join(', ');
  printWrapped(terminal, 'since', `Changed already without the candidate: ${told}.`);
}

function printGroup(terminal: Terminal, { rules, why, count, distinct, where, example }: ReplayGroup): void {
  const by = rules.length === 0 ? why : `${rules.join(', ')}${why === '' ? '' : `: ${why}`}`;
  printWrapped(terminal, '', `${count} by ${by === '' ? 'no rule of its own' : by} (${distinct} of different shape)`);
  printWrapped(terminal, '', `mostly ${where.map(placeText).join(', ')}`);
  const { id, was, would_be: would, explanation } = example;
  printWrapped(
    terminal,
    '',
    `as ${id}: was ${verdictText(was)}, would be ${would === null ? 'unknown' : verdictText(would)}`,
  );
  for (const line of explanation) printWrapped(terminal, '', `  ${line}`);
}

function verdictText({ effect, reasons, matched_rules: rules }: ReplayVerdict): string {
  const why = [...reasons, ...rules].join(', ');
  return why === '' ? effect : `${effect} (${why})`;
}
