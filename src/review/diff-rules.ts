import { isDeepStrictEqual } from 'node:util';
import type { BundleInspection } from '../core/rego.ts';
import type { Rule } from '../policy/annotation.ts';
import type { Bundle } from '../policy/bundle.ts';
import type { RuleBook } from '../policy/rule-book.ts';

/** A bundle with what is known of its rules. */
export interface ReadBundle {
  readonly bundle: Bundle;
  readonly rules: RuleBook;
  readonly inspection: Pick<BundleInspection, 'rules' | 'annotations'>;
}

/** One rule id, or a helper that rules share, that is not as it was. */
export interface RuleDiff {
  readonly kind: 'added' | 'removed' | 'changed';
  /** The rule id; of a helper its path, such as `limits.is_late`. */
  readonly rule: string;
  readonly isHelper: boolean;
  readonly title: string;
  /** What of a changed rule: its text, or members of its annotation. */
  readonly what: readonly string[];
  /** The Rego; empty where it was not or is not. */
  readonly before: string;
  readonly after: string;
}

/** What is different in the rules of two states of a bundle, by rule id; helpers come last. */
export function diffRules(before: ReadBundle | undefined, after: ReadBundle | undefined): readonly RuleDiff[] {
  const [old, now] = [textsOf(before), textsOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  const diffs = names.flatMap((name): readonly RuleDiff[] => {
    const [left, right] = [old.get(name), now.get(name)];
    const what = differencesOf(left, right);
    if (what.length === 0) return [];
    const kind = kindOf(left, right);
    const { isHelper, rule, title } = right ?? left ?? NOTHING;
    const texts = { before: left?.text ?? '', after: right?.text ?? '' };
    return [{ kind, rule, isHelper, title, what: kind === 'changed' ? what : [], ...texts }];
  });
  return [...diffs.filter(({ isHelper }) => !isHelper), ...diffs.filter(({ isHelper }) => isHelper)];
}

interface RuleText {
  readonly rule: string;
  readonly isHelper: boolean;
  readonly title: string;
  readonly text: string;
  readonly annotation: Rule | undefined;
}

const NOTHING: RuleText = { rule: '', isHelper: false, title: '', text: '', annotation: undefined };

/** By the id that elements carry, else by path. What an id is computed of stands under its path. */
function textsOf(read: ReadBundle | undefined): ReadonlyMap<string, RuleText> {
  const texts = new Map<string, RuleText>();
  if (read === undefined) return texts;
  const { rules, inspection } = read;
  for (const found of inspection.rules) {
    const names =
      found.ids.length === 0
        ? [{ rule: found.path, isHelper: true }]
        : found.ids.map((id) => ({ rule: id, isHelper: false }));
    const text = textAt(found, read);
    for (const { rule, isHelper } of names) {
      const key = `${isHelper ? 'helper' : 'rule'} ${rule}`;
      const before = texts.get(key);
      const annotation = isHelper ? undefined : rules.get(rule);
      const joined = before === undefined ? text : `${before.text}\n\n${text}`;
      texts.set(key, { rule, isHelper, title: annotation?.title ?? '', text: joined, annotation });
    }
  }
  return texts;
}

interface Start {
  readonly file: string;
  readonly row: number;
}

/** From where a rule begins to where the next one does, without comments and blank lines behind it. */
function textAt({ file, row }: Start, { bundle, inspection }: ReadBundle): string {
  const lines = (bundle.modules[file] ?? '').split('\n');
  const starts = [...inspection.rules, ...inspection.annotations].filter((one) => one.file === file && one.row > row);
  const end = Math.min(lines.length + 1, ...starts.map((one) => one.row));
  const own = lines.slice(row - 1, end - 1).map((line) => line.trimEnd());
  const last = own.findLastIndex((line) => line !== '' && !line.trimStart().startsWith('#'));
  return own.slice(0, last + 1).join('\n');
}

const ANNOTATED = [
  'title',
  'description',
  'remediation',
  'remedy',
  'alternatives',
  'retry',
  'appealPath',
  'owner',
  'control',
  'liftable',
] as const;

function differencesOf(left: RuleText | undefined, right: RuleText | undefined): readonly string[] {
  if (left === undefined || right === undefined) return left === right ? [] : ['text'];
  const annotated = ANNOTATED.filter(
    (member) => !isDeepStrictEqual(left.annotation?.[member], right.annotation?.[member]),
  );
  return [...(left.text === right.text ? [] : ['text']), ...annotated];
}

function kindOf(left: RuleText | undefined, right: RuleText | undefined): RuleDiff['kind'] {
  if (left === undefined) return 'added';
  return right === undefined ? 'removed' : 'changed';
}
