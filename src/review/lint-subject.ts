import type { BundleInspection } from '../core/rego.ts';
import type { Bundle } from '../policy/bundle.ts';
import type { RuleBook } from '../policy/rule-book.ts';
import type { RegoFileSyntax, RegoRuleSyntax, RegoSyntax, RegoTerm } from '../rego/syntax.ts';

/** What a lint looks at: a bundle that compiles, as it is written and as the compiler understands it. */
export interface LintSubject {
  readonly bundle: Bundle;
  readonly inspection: BundleInspection;
  readonly rules: RuleBook;
  readonly written: readonly WrittenRule[];
  /** The rules that stand once and take no arguments, by their names: `tools := {…}` among them. */
  readonly constants: ReadonlyMap<string, WrittenRule>;
  /** Constant patterns that are no regular expressions. */
  readonly badPatterns: ReadonlySet<string>;
  /** Data files of the bundle as text, by path. */
  readonly dataFiles: Readonly<Record<string, string>>;
}

type InspectedRule = BundleInspection['rules'][number];

/** One rule, with its branches of `else`. */
export interface WrittenRule {
  readonly inspected: InspectedRule;
  readonly branches: readonly RegoRuleSyntax[];
  readonly imports: RegoFileSyntax['imports'];
  /** The rows of the file that the rule takes, comments left out. */
  readonly lines: readonly WrittenLine[];
}

export interface WrittenLine {
  readonly row: number;
  readonly text: string;
}

export interface LintSources {
  readonly bundle: Bundle;
  readonly inspection: BundleInspection;
  readonly rules: RuleBook;
  readonly syntax: RegoSyntax;
  readonly badPatterns: ReadonlySet<string>;
  readonly dataFiles: Readonly<Record<string, string>>;
}

/** The compiler names the rules of a file in the order in which the parser gives them. */
export function lintSubject({ syntax, ...sources }: LintSources): LintSubject {
  const { bundle, inspection } = sources;
  const written = [...syntax].flatMap(([file, { imports, rules }]) => {
    const inspected = inspection.rules.filter((rule) => rule.file === file);
    const lines = (bundle.modules[file] ?? '').split('\n');
    const starts = inspected.map(({ row }) => row).toSorted((left, right) => left - right);
    return rules.flatMap((branches, index): readonly WrittenRule[] => {
      const rule = inspected[index];
      if (rule === undefined) return [];
      const end = starts.find((row) => row > rule.row) ?? lines.length + 1;
      return [{ inspected: rule, branches, imports, lines: linesFrom(lines, rule.row, end) }];
    });
  });
  return { ...sources, written, constants: constantsOf(written) };
}

function linesFrom(lines: readonly string[], from: number, until: number): readonly WrittenLine[] {
  return lines
    .slice(from - 1, until - 1)
    .map((text, index) => ({ row: from + index, text }))
    .filter(({ text }) => !/^\s*#/.test(text));
}

function constantsOf(written: readonly WrittenRule[]): LintSubject['constants'] {
  const times = new Map<string, number>();
  for (const { branches } of written) for (const { name } of branches) times.set(name, (times.get(name) ?? 0) + 1);
  return new Map(
    written.flatMap((rule) => {
      const [branch] = rule.branches;
      const isOne = branch !== undefined && times.get(branch.name) === 1 && branch.args.length === 0;
      return isOne ? [[branch.name, rule] as const] : [];
    }),
  );
}

/** A literal, and the rule in which it stands. */
export interface Literal {
  readonly term: RegoTerm;
  readonly rule: WrittenRule;
}

/** What a name stands for where a rule gives it one value; else the term itself. */
export function literalOf(term: RegoTerm, rule: WrittenRule, { constants }: Pick<LintSubject, 'constants'>): Literal {
  const named = term.kind === 'variable' ? constants.get(term.name) : undefined;
  const [value, ...more] = named?.branches[0]?.head ?? [];
  return named !== undefined && value !== undefined && more.length === 0
    ? { term: value, rule: named }
    : { term, rule };
}
