import type { Json } from '../core/json.ts';
import type { DataDiff } from './diff-data.ts';
import type { RuleDiff } from './diff-rules.ts';
import { hashText } from './generation-changes.ts';
import type { Impact } from './impact.ts';
import type { BundleDiff, PolicyDiff } from './policy-diff.ts';

/** Of more values than this the rest is only counted. */
const MOST_VALUES = 40;
const MOST_VALUE_TEXT = 120;
const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

/** A difference as people read it, in a terminal or in a pull request. */
export function diffLines(diff: PolicyDiff, format: 'text' | 'markdown'): readonly string[] {
  const { from, to, bundles, beside, impact } = diff;
  const write = format === 'markdown' ? MARKDOWN : TEXT;
  const isSame = bundles.length + beside.length === 0;
  return [
    ...write.heading(`Policy: ${from.name} → ${to.name}`),
    ...(isSame ? ['Nothing is different.'] : []),
    ...beside.map((words) => write.item(words)),
    ...bundles.flatMap((bundle) => bundleLines(bundle, write)),
    ...(impact === undefined ? [] : impactLines(impact, write)),
  ];
}

interface Writer {
  heading(text: string): readonly string[];
  bundle(text: string): readonly string[];
  item(text: string): string;
  rego(before: string, after: string): readonly string[];
}

const TEXT: Writer = {
  heading: (text) => [text],
  bundle: (text) => ['', text],
  item: (text) => `  ${text}`,
  rego: (before, after) => changedLines(before, after).map((line) => `      ${line}`),
};

const MARKDOWN: Writer = {
  heading: (text) => [`## ${text}`, ''],
  bundle: (text) => ['', `### ${text}`, ''],
  item: (text) => `- ${text}`,
  rego: (before, after) => ['', '  ```diff', ...changedLines(before, after).map((line) => `  ${line}`), '  ```', ''],
};

function bundleLines(diff: BundleDiff, write: Writer): readonly string[] {
  const { bundle, kind, layer, digest, rules, modes, data, declared, isScopeChanged, unread } = diff;
  const hashes = kind === 'changed' ? `, ${hashText(digest.before)} → ${hashText(digest.after)}` : '';
  return [
    ...write.bundle(`${SIGNS[kind]} ${bundle} (${layer}${digest.before === digest.after ? '' : hashes})`),
    ...(unread === '' ? [] : [write.item(`its rules cannot be compared: ${unread}`)]),
    ...modes.map(({ rule, before, after }) =>
      write.item(`mode${rule === '' ? '' : ` of ${rule}`}: ${before} → ${after}`),
    ),
    ...(isScopeChanged ? [write.item('it takes part in other calls than before')] : []),
    ...rules.flatMap((rule) => ruleLines(rule, kind, write)),
    ...valueLines('data', data, write),
    ...valueLines('manifest', declared, write),
  ];
}

function ruleLines(rule: RuleDiff, ofBundle: BundleDiff['kind'], write: Writer): readonly string[] {
  const { kind, rule: id, isHelper, title, what, before, after } = rule;
  const name = `${SIGNS[kind]} ${isHelper ? 'helper' : 'rule'} ${id}${title === '' ? '' : `: ${title}`}`;
  const others = what.filter((one) => one !== 'text');
  const line = write.item(others.length === 0 ? name : `${name} (${others.join(', ')})`);
  const hasText = ofBundle === 'changed' && before !== after;
  return hasText ? [line, ...write.rego(before, after)] : [line];
}

function valueLines(where: string, values: readonly DataDiff[], write: Writer): readonly string[] {
  const shown = values.slice(0, MOST_VALUES).map(({ pointer, before, after }) => {
    return write.item(`${where} ${pointer}: ${valueText(before)} → ${valueText(after)}`);
  });
  const more = values.length - shown.length;
  return more > 0 ? [...shown, write.item(`${where}: ${more} more values`)] : shown;
}

function valueText(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > MOST_VALUE_TEXT ? `${text.slice(0, MOST_VALUE_TEXT)}…` : text;
}

/** The lines that only one of two texts has, between those that both begin and end with. */
function changedLines(before: string, after: string): readonly string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  let first = 0;
  while (first < Math.min(old.length, now.length) && old[first] === now[first]) first += 1;
  let last = 0;
  const most = Math.min(old.length, now.length) - first;
  while (last < most && old[old.length - 1 - last] === now[now.length - 1 - last]) last += 1;
  return [
    ...old.slice(first, old.length - last).map((line) => `- ${line}`),
    ...now.slice(first, now.length - last).map((line) => `+ ${line}`),
  ];
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n');
}

/** What a change would have done to recorded decisions, for a terminal. */
export function impactText(impact: Impact): readonly string[] {
  return impactLines(impact, TEXT);
}

function impactLines({ replayed, classes, groups }: Impact, write: Writer): readonly string[] {
  const counts = Object.entries(classes).filter(([, count]) => count > 0);
  return [
    ...write.bundle(`Of ${replayed} recorded decisions`),
    ...counts.map(([name, count]) => write.item(`${name.replaceAll('_', ' ')}: ${count}`)),
    ...groups.map(({ class: name, rules, count, example }) =>
      write.item(`${name.replaceAll('_', ' ')} ${count} times by ${rules.join(', ')}, such as ${example}`),
    ),
  ];
}
