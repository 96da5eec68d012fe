import * as z from 'zod';
import { isJsonObject } from '../core/json.ts';
import { PolicyInput } from '../core/policy-input.ts';
import type { RegoTerm } from '../rego/syntax.ts';
import { foundAt, type LintRule } from './lint-rule.ts';
import { callsIn, isConstantPath, pathOf, resolve, scopeOf } from './lint-terms.ts';

/**
 * OPA's type checker refuses `input.agent.idd`; of `object.get(input.agent, "idd", "")` it says nothing, although it never
 * answers anything but the default.
 */
export const UNKNOWN_FIELD: LintRule = {
  code: 'lint_unknown_field',
  severity: 'error',
  about:
    'A rule asks with `object.get` for a field of the input that never exists, such as `object.get(input.agent, "idd", "")`: it always gets the default.',
  find: ({ written }) =>
    written.flatMap((rule) =>
      rule.branches.flatMap((branch) => {
        const scope = scopeOf(rule, branch);
        return callsIn(branch).flatMap(({ name, args: [object, key] }) => {
          if (name !== 'object.get' || object === undefined || key === undefined) return [];
          const base = resolve(object, scope);
          const isPlain = base.kind === 'variable' || isConstantPath(base);
          const [root, ...parts] = isPlain ? pathOf(base).split('.') : [];
          const path = [...parts, ...keysOf(key)];
          if (root !== 'input' || exists(path)) return [];
          return [foundAt(rule, object, `there is no input.${path.join('.')}: this is always the default`)];
        });
      }),
    ),
};

/** One key, or the constant beginning of a list of them. */
function keysOf(key: RegoTerm): readonly string[] {
  if (key.kind === 'scalar') return [String(key.value)];
  if (key.kind !== 'collection') return [];
  const end = key.items.findIndex(({ kind }) => kind !== 'scalar');
  return (end < 0 ? key.items : key.items.slice(0, end)).flatMap(keysOf);
}

const SCHEMA: unknown = z.toJSONSchema(PolicyInput, { target: 'draft-07' });

/** Whether something may stand at a path; below what the schema leaves open anything may. */
function exists(path: readonly string[]): boolean {
  let schema = SCHEMA;
  for (const name of path) {
    const properties = isJsonObject(schema) ? schema['properties'] : undefined;
    if (!isJsonObject(properties)) return true;
    if (!Object.hasOwn(properties, name)) return false;
    schema = properties[name];
  }
  return true;
}
