import type { HostBuiltin } from './builtin.ts';
import { patch } from './json-patch.ts';
import { arrayOf } from './operands.ts';
import { isSubset } from './subset.ts';

export const JSON_BUILTINS: readonly (readonly [string, HostBuiltin])[] = [
  ['json.patch', (args) => patch(args[0] ?? null, arrayOf(args, 1).items)],
  ['object.subset', ([whole = null, part = null]) => isSubset(whole, part)],
];
