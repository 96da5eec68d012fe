import type { HostBuiltin } from './builtin.ts';
import { formatWhole, unmarshal } from './json-numbers.ts';
import { patch } from './json-patch.ts';
import { arrayOf, textOf } from './operands.ts';
import { isSubset } from './subset.ts';

export const JSON_BUILTINS: readonly (readonly [string, HostBuiltin])[] = [
  ['format_int', ([number = null, base = null]) => formatWhole(number, base)],
  ['json.unmarshal', (args) => unmarshal(textOf(args, 0))],
  ['json.patch', (args) => patch(args[0] ?? null, arrayOf(args, 1).items)],
  ['object.subset', ([whole = null, part = null]) => isSubset(whole, part)],
];
