import type { ReplayClass } from './replay-classes.ts';
import type { ReplayGroup, ReplayVerdict } from './replay-groups.ts';
import { CLASS_WORDS, placeText, rangeText, recordedText } from './replay-words.ts';
import type { ReplayReport } from './replay-report.ts';

export interface ReplayPage {
  readonly report: ReplayReport;
  /** Ids of the bundles that were tried. */
  readonly candidates: readonly string[];
  readonly loop: 'open' | 'closed';
  /** In words, thresholds that were gone over. */
  readonly exceeded: readonly string[];
}

/** A replay for a pull request: the figures, then each group with an example folded away. */
export function replayMarkdown({ report, candidates, loop, exceeded }: ReplayPage): string {
  const { recorded, classes, groups } = report;
  const isBad = recorded.alarms.length + exceeded.length > 0;
  const of = candidates.length === 0 ? 'what is in force now' : candidates.map(code).join(', ');
  const lines = [
    `### Policy replay: ${isBad ? 'not as it should be' : 'as expected'}`,
    '',
    `${report.replayed} recorded decisions made again with ${of}${rangeText(report)}, limits ${loop === 'open' ? 'as recorded' : 'counted anew'}.`,
    '',
    ...exceeded.map((text) => `- **${escape(text)}**`),
    `- ${escape(recordedText(report))}`,
    ...alarmLines(report),
    ...sinceLines(report, candidates),
    '',
    '| what changes | decisions |',
    '| --- | ---: |',
    ...(Object.entries(classes) as readonly (readonly [ReplayClass, number])[])
      .filter(([name, count]) => count > 0 || name === 'same')
      .map(([name, count]) => `| ${CLASS_WORDS[name]} | ${count} |`),
    ...groups.flatMap(groupLines),
  ];
  return `${lines.join('\n')}\n`;
}

function alarmLines({ recorded }: ReplayReport): readonly string[] {
  const shown = recorded.alarms.slice(0, MOST_ALARMS);
  const more = recorded.alarms.length + recorded.more_alarms - shown.length;
  const lines = shown.map(({ id, what }) => `- **Alarm** ${code(id)}: ${what.map(code).join(', ')}`);
  return more > 0 ? [...lines, `- and ${more} more alarms`] : lines;
}

const MOST_ALARMS = 10;

function sinceLines({ active }: ReplayReport, candidates: readonly string[]): readonly string[] {
  const counts = Object.entries(active.classes).filter(([name, count]) => name !== 'same' && count > 0);
  if (candidates.length === 0 || counts.length === 0) return [];
  const told = counts.map(([name, count]) => `${CLASS_WORDS[name as ReplayClass]} ${count}`).join(', ');
  return [`- Changed already since they were made, without the candidate: ${told}.`];
}

function groupLines({ class: kind, rules, why, count, distinct, where, example }: ReplayGroup): readonly string[] {
  const by = rules.length === 0 ? '' : `: ${rules.map(code).join(', ')}`;
  const places = where.map((place) => escape(placeText(place))).join(', ');
  return [
    '',
    `<details><summary>${CLASS_WORDS[kind]}${by === '' ? '' : ` by ${rules.map((rule) => `<code>${escape(rule)}</code>`).join(', ')}`}: ${count} (${distinct} of different shape)</summary>`,
    '',
    ...(why === '' ? [] : [`${escape(why)}.`, '']),
    `Most: ${places}`,
    '',
    `For example ${code(example.id)}: was ${verdictText(example.was)}, would be ${example.would_be === null ? 'unknown' : verdictText(example.would_be)}.`,
    '',
    ...example.explanation.map((line) => `> ${escape(line)}`),
    '',
    '</details>',
  ];
}

function verdictText({ effect, reasons, matched_rules: rules }: ReplayVerdict): string {
  const why = [...reasons, ...rules].map(code).join(', ');
  return why === '' ? `**${effect}**` : `**${effect}** (${why})`;
}

/** Much of it was written by others: nothing of it may become a link, an image, a mention or a tag. */
function escape(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*_[\]|#!~]/g, (character) => `\\${character}`)
    .replaceAll('@', '@\u200b');
}

function code(text: string): string {
  return `\`${text.replaceAll(/[`\p{Cc}\p{Cf}\p{Zl}\p{Zp}|]/gu, ' ')}\``;
}
