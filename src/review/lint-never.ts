import * as z from 'zod';
import { ACTION_PHASES, type ActionType } from '../core/action.ts';
import { isJsonObject } from '../core/json.ts';
import { PolicyInput } from '../core/policy-input.ts';
import { WEEKDAYS } from '../policy/civil-time.ts';
import { governs } from '../policy/scope.ts';
import type { RegoTerm } from '../rego/syntax.ts';
import { foundAt, type LintRule } from './lint-rule.ts';
import { comparisonsIn, EQUAL } from './lint-comparisons.ts';
import type { LintSubject, WrittenRule } from './lint-subject.ts';
import { callsIn, expressionsIn, isConstantPath, liesIn, pathOf, resolve, scopeOf, termsIn } from './lint-terms.ts';

/** Fields of the input that have one of a few values. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'input.action.type': Object.keys(ACTION_PHASES),
  'input.action.effect': ['read', 'write', 'destroy', 'unknown'],
  'input.action.consent': ['accepted', 'new', 'changed'],
  'input.environment.weekday': WEEKDAYS.map((day) => day.toLowerCase()),
};

export const IMPOSSIBLE_VALUE: LintRule = {
  code: 'lint_impossible_value',
  severity: 'warning',
  about:
    'A field of the input is compared with a value that it never has, such as `input.action.effect == "delete"`: the rule can never come true.',
  find: (subject) =>
    comparisonsIn(subject).flatMap(({ rule, path, value, at }) => {
      const values = VALUES[path];
      if (values === undefined || values.includes(value)) return [];
      return [foundAt(rule, at, `${path} is never ${JSON.stringify(value)}: it is one of ${values.join(', ')}`)];
    }),
};

export const UNGOVERNED: LintRule = {
  code: 'lint_ungoverned',
  severity: 'warning',
  about:
    'A rule waits for a kind of request that the bundle does not govern (`governs` in its manifest), so that it is never asked about it.',
  find: (subject) =>
    comparisonsIn(subject).flatMap(({ rule, path, value, at }) => {
      if (path !== 'input.action.type' || !isActionType(value) || governedBy(subject).has(value)) return [];
      return [
        foundAt(
          rule,
          at,
          `the bundle is never asked about ${value}: its manifest governs ${[...governedBy(subject)].join(', ')}`,
        ),
      ];
    }),
};

/** Parts of the input that are empty for all requests but some. */
const FILLED_FOR: Readonly<Record<string, readonly ActionType[]>> = {
  'input.action.result': ['tool_result'],
  'input.action.resource': ['resource_read', 'subscribe', 'resource_list'],
  'input.action.prompt': ['prompt_get', 'prompt_list'],
  'input.action.ref': ['completion'],
  'input.action.request': ['sampling', 'elicitation', 'roots'],
};

export const EMPTY_FIELD: LintRule = {
  code: 'lint_empty_field',
  severity: 'warning',
  about:
    'A rule reads a part of the input that is empty for everything the bundle governs, such as the result of a call where `governs` does not name `tool_result`.',
  find: (subject) => {
    const governed = governedBy(subject);
    return referencesIn(subject).flatMap(({ rule, path, term }) => {
      if (subject.bundle.layer === 'identity' && liesIn(path, 'input.identity')) {
        return [foundAt(rule, term, 'input.identity is empty while identity is decided: it is what this layer makes')];
      }
      const [place, types] = Object.entries(FILLED_FOR).find(([one]) => liesIn(path, one)) ?? [];
      if (place === undefined || types === undefined || types.some((type) => governed.has(type))) return [];
      return [
        foundAt(
          rule,
          term,
          `${place} is empty for everything that the bundle governs; it is filled for ${types.join(', ')}`,
        ),
      ];
    });
  },
};

export const NEVER_ABSENT: LintRule = {
  code: 'lint_never_absent',
  severity: 'warning',
  about:
    'A rule asks whether a field of the input is absent or null. Every field is always there: what is not known is "", 0, [] or {}.',
  find: (subject) =>
    subject.written.flatMap((rule) =>
      rule.branches.flatMap((branch) => {
        const scope = scopeOf(rule, branch);
        const asked = expressionsIn(branch).flatMap(({ kind, isNegated, terms: [term] }) =>
          kind === 'term' && isNegated && term !== undefined ? [term] : [],
        );
        const nulls = callsIn(branch).flatMap(({ name, args }) =>
          EQUAL.has(name) && args.some((arg) => arg.kind === 'scalar' && arg.value === null) ? args : [],
        );
        return [...asked, ...nulls].flatMap((term) => {
          const resolved = resolve(term, scope);
          const empty = isConstantPath(resolved) ? EMPTY_OF.get(pathOf(resolved)) : undefined;
          if (empty === undefined) return [];
          return [
            foundAt(
              rule,
              term,
              `${pathOf(resolved)} is always there, and never null: where it is not known it is ${empty}`,
            ),
          ];
        });
      }),
    ),
};

export const UNKNOWN_TOOL: LintRule = {
  code: 'lint_unknown_tool',
  severity: 'warning',
  about:
    'A rule of a server’s bundle names a tool that stands not among the `tools` of its manifest, which names others.',
  find: (subject) => {
    const tools = new Set(Object.keys(subject.bundle.manifest.metadata.gateway.tools));
    if (tools.size === 0 || subject.bundle.layer !== 'server') return [];
    return comparisonsIn(subject).flatMap(({ rule, path, value, at }) =>
      path !== 'input.action.tool' || value === '' || tools.has(value)
        ? []
        : [
            foundAt(
              rule,
              at,
              `there is no tool ${JSON.stringify(value)} in the manifest; it has ${[...tools].slice(0, 8).join(', ')}${tools.size > 8 ? ', …' : ''}`,
            ),
          ],
    );
  },
};

interface Read {
  readonly rule: WrittenRule;
  readonly path: string;
  readonly term: RegoTerm;
}

function referencesIn({ written }: LintSubject): readonly Read[] {
  return written.flatMap((rule) =>
    rule.branches.flatMap((branch) => {
      const scope = scopeOf(rule, branch);
      return termsIn(branch).flatMap((term) => {
        const path = pathOf(resolve(term, scope));
        return path.startsWith('input.') ? [{ rule, path, term }] : [];
      });
    }),
  );
}

function isActionType(text: string): text is ActionType {
  return Object.hasOwn(ACTION_PHASES, text);
}

function governedBy({ bundle }: LintSubject): ReadonlySet<ActionType> {
  const types = Object.keys(ACTION_PHASES).filter(isActionType);
  return new Set(types.filter((type) => governs(bundle.layer, bundle.manifest.metadata.gateway.governs, type)));
}

const EMPTY: Readonly<Record<string, string>> = { string: '""', number: '0', integer: '0', array: '[]', object: '{}' };

/** The fields that are always there, each with how it is written where nothing is known of it. */
const EMPTY_OF: ReadonlyMap<string, string> = new Map(
  emptyFields(z.toJSONSchema(PolicyInput, { target: 'draft-07' }), 'input'),
);

function emptyFields(schema: unknown, path: string): readonly (readonly [string, string])[] {
  if (!isJsonObject(schema)) return [];
  const { type, properties, required } = schema;
  const names = Array.isArray(required) ? required : [];
  const members = isJsonObject(properties) ? Object.entries(properties).filter(([name]) => names.includes(name)) : [];
  const empty = typeof type === 'string' ? EMPTY[type] : undefined;
  return [
    ...(empty === undefined ? [] : [[path, empty] as const]),
    ...members.flatMap(([name, member]) => emptyFields(member, `${path}.${name}`)),
  ];
}
