import type { Layer } from '../core/opinion.ts';
import type { RegoProblem } from '../core/rego.ts';
import { type Annotation, type Place, readAnnotation, type Rule } from './annotation.ts';

/** Rules by their id. */
export type RuleBook = ReadonlyMap<string, Rule>;

/** One rule as `inspect` tells of it: the constant ids that its elements carry. */
export interface EmittingRule extends Place {
  readonly ids: readonly string[];
  /** An id is computed, so nobody can compare it before the rule has run. */
  readonly hasUnknownId: boolean;
  /** Paths of the input that it can depend on. */
  readonly inputs: readonly string[];
}

export interface RuleSources {
  readonly bundle: string;
  readonly layer: Layer;
  readonly annotations: readonly Annotation[];
  readonly rules: readonly EmittingRule[];
}

export interface RuleBookResult {
  readonly rules: RuleBook;
  /** What the bundle is refused for. */
  readonly problems: readonly RegoProblem[];
  /** What its author should look at. */
  readonly warnings: readonly RegoProblem[];
}

/** Every id that a rule emits must be annotated once, and every annotated id emitted. */
export function buildRuleBook(sources: RuleSources): RuleBookResult {
  const rules = new Map<string, Rule>();
  const problems: RegoProblem[] = [];
  const warnings: RegoProblem[] = [];
  const tell = (list: RegoProblem[], { file, row, column }: Place, message: string): void => {
    list.push({ bundle: sources.bundle, code: 'bundle_annotation', message, file, row, column });
  };
  for (const annotation of sources.annotations) {
    if (annotation.id === '') continue;
    const before = rules.get(annotation.id);
    if (before !== undefined) {
      tell(problems, annotation, `${annotation.id} is annotated twice, first at ${before.file}:${before.row}`);
      continue;
    }
    const read = readAnnotation(sources.layer, annotation);
    for (const message of read.problems) tell(problems, annotation, message);
    for (const message of read.warnings) tell(warnings, annotation, message);
    rules.set(annotation.id, { ...read.rule, reads: readsOf(annotation.id, sources.rules) });
  }
  for (const rule of sources.rules) {
    for (const id of rule.ids) {
      if (!rules.has(id))
        tell(problems, rule, `${id} has no annotation: write custom.id in the # METADATA of the rule`);
    }
  }
  for (const annotation of unemitted(sources)) tell(warnings, annotation, `no rule emits ${annotation.id}`);
  return { rules, problems, warnings };
}

function readsOf(id: string, rules: readonly EmittingRule[]): readonly string[] {
  const emitting = rules.filter(({ ids, hasUnknownId }) => hasUnknownId || ids.includes(id));
  return [...new Set(emitting.flatMap(({ inputs }) => inputs))].toSorted();
}

function unemitted({ annotations, rules }: RuleSources): readonly Annotation[] {
  if (rules.some((rule) => rule.hasUnknownId)) return [];
  const emitted = new Set(rules.flatMap((rule) => rule.ids));
  return annotations.filter(({ id }) => id !== '' && !emitted.has(id));
}
