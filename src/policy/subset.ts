import { BuiltinFailure } from './builtin.ts';
import { includesTerm, isArrayTerm, isEqual, isObjectTerm, isSetTerm, memberOf, type Term } from './term.ts';

/** `object.subset`, as OPA's `topdown/subset.go` has it. */
export function isSubset(whole: Term, part: Term): boolean {
  const answer = compareCollections(whole, part);
  if (answer !== undefined) return answer;
  if (!isArrayTerm(whole) || !isSetTerm(part)) {
    throw new BuiltinFailure('both arguments must be of the same type, or array and set');
  }
  // OPA counts matches, so that one value that stands twice in the array counts twice.
  const matches = whole.items.filter((item) => includesTerm(part, item)).length;
  return whole.items.length > 0 && matches >= part.items.length;
}

/** Nothing where the two are not collections of one kind. */
function compareCollections(whole: Term, part: Term): boolean | undefined {
  if (isSetTerm(whole) && isSetTerm(part)) return part.items.every((item) => includesTerm(whole, item));
  if (isArrayTerm(whole) && isArrayTerm(part)) return isRun(whole.items, part.items);
  if (!isObjectTerm(whole) || !isObjectTerm(part)) return undefined;
  return part.entries.every(([key, value]) => {
    const other = memberOf(whole, key);
    return other !== undefined && (isEqual(other, value) || compareCollections(other, value) === true);
  });
}

/** The part has to appear in one piece. */
function isRun(whole: readonly Term[], part: readonly Term[]): boolean {
  for (let start = 0; start + part.length <= whole.length; start += 1) {
    if (part.every((item, offset) => isEqual(item, whole[start + offset]))) return true;
  }
  return false;
}
