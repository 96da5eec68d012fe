import type { RegoTerm } from '../rego/syntax.ts';
import type { Finding, Severity } from './finding.ts';
import type { LintSubject, WrittenRule } from './lint-subject.ts';
import { textOf } from './lint-terms.ts';

/** One thing that the lint looks for. */
export interface LintRule {
  /** Stable, `lint_*`. */
  readonly code: string;
  readonly severity: Severity;
  /** What it looks for and why, one sentence for the documentation. */
  readonly about: string;
  readonly find: (subject: LintSubject) => readonly Found[];
}

/** A finding before it has its code and severity. */
export type Found = Pick<Finding, 'message' | 'file' | 'row' | 'column'>;

/** A finding at the place of a term in a rule: where its words stand first, else where the rule begins. */
export function foundAt({ inspected, lines }: WrittenRule, term: RegoTerm | string, message: string): Found {
  const words = typeof term === 'string' ? term : textOf(term);
  const { file } = inspected;
  for (const { row, text } of words === '' ? [] : lines) {
    const column = columnOf(text, words);
    if (column > 0) return { message, file, row, column };
  }
  return { message, file, row: inspected.row, column: inspected.column };
}

/** Column of the words where they stand alone, from 1; 0 where they do not stand in the line. */
function columnOf(text: string, words: string): number {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const isPartBefore = WORD.test(text.slice(Math.max(0, at - 1), at)) && WORD.test(words.slice(0, 1));
    const isPartBehind = WORD.test(text.slice(at + words.length, at + words.length + 1)) && WORD.test(words.slice(-1));
    if (!isPartBefore && !isPartBehind) return at + 1;
  }
  return 0;
}

const WORD = /[A-Za-z0-9_]/;
