import type { BundleInspection } from '../core/rego.ts';
import type { Found, LintRule } from './lint-rule.ts';
import type { LintSubject } from './lint-subject.ts';

export const NO_REMEDIATION: LintRule = {
  code: 'lint_remediation',
  severity: 'warning',
  about:
    'A rule denies and its annotation has no `custom.remediation`: the agent is told no, and not what it could do instead.',
  find: (subject) =>
    rulesOf(subject, ['deny'])
      .filter(({ rule }) => rule.remediation === '')
      .map(({ rule, at }) => ({
        ...at,
        message: `${rule.id} denies and has no remediation: say in custom.remediation what would work`,
      })),
};

export const NO_OWNER: LintRule = {
  code: 'lint_owner',
  severity: 'note',
  about: 'A rule denies or asks for approval and its annotation has no `custom.owner`: nobody knows whom to ask.',
  find: (subject) =>
    rulesOf(subject, ['deny', 'obligations'])
      .filter(({ rule }) => rule.owner === '')
      .map(({ rule, at }) => ({ ...at, message: `${rule.id} has no owner: say in custom.owner whom to ask about it` })),
};

export const NO_DESCRIPTION: LintRule = {
  code: 'lint_description',
  severity: 'note',
  about:
    'A rule denies and its annotation has no `description`: `bundle doc` and `policy explain` have the title only.',
  find: (subject) =>
    rulesOf(subject, ['deny'])
      .filter(({ rule }) => rule.description === '')
      .map(({ rule, at }) => ({ ...at, message: `${rule.id} has no description` })),
};

export const UNKNOWN_PARAMETER: LintRule = {
  code: 'lint_parameter',
  severity: 'warning',
  about: 'A remediation names a `{parameter}` that no element of the rule has: the agent would read the braces.',
  find: (subject) =>
    rulesOf(subject, ['allow', 'deny', 'hide', 'obligations']).flatMap(({ rule, at }) => {
      const has = parametersOf(subject, rule.id);
      if (has === undefined) return [];
      const missing = [...rule.remediation.matchAll(/\{([A-Za-z][A-Za-z0-9_]*)\}/g)].flatMap(([, name = '']) =>
        has.has(name) ? [] : [name],
      );
      return missing.map((name) => ({
        ...at,
        message: `the remediation of ${rule.id} names {${name}}, and its element has no params.${name}`,
      }));
    }),
};

interface AnnotatedRule {
  readonly rule: {
    readonly id: string;
    readonly remediation: string;
    readonly owner: string;
    readonly description: string;
  };
  readonly at: Omit<Found, 'message'>;
}

/** The annotated rules that emit into one of these rule sets, each once, at its annotation. */
function rulesOf({ inspection, rules }: LintSubject, ruleSets: readonly string[]): readonly AnnotatedRule[] {
  const ids = new Set(inspection.rules.filter(({ ruleSet }) => ruleSets.includes(ruleSet)).flatMap((rule) => rule.ids));
  return [...ids].flatMap((id) => {
    const rule = rules.get(id);
    const annotation = inspection.annotations.find((one) => one.id === id);
    return rule === undefined || annotation === undefined ? [] : [{ rule, at: placeOf(annotation) }];
  });
}

function placeOf({ file, row, column }: BundleInspection['annotations'][number]): Omit<Found, 'message'> {
  return { file, row, column };
}

/** Names under `params` of all elements with an id; undefined where one of them is not written out. */
function parametersOf({ written }: LintSubject, id: string): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const { inspected, branches } of written) {
    if (inspected.ruleSet === '' || (!inspected.ids.includes(id) && !inspected.hasUnknownId)) continue;
    for (const { head } of branches) {
      const [element] = head;
      if (element?.kind !== 'object') return undefined;
      const params = element.members.find(([key]) => key.kind === 'scalar' && key.value === 'params')?.[1];
      if (params !== undefined && params.kind !== 'object') return undefined;
      for (const [key] of params?.members ?? []) {
        if (key.kind !== 'scalar') return undefined;
        names.add(String(key.value));
      }
    }
  }
  return names;
}
