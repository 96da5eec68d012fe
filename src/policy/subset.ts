import { BuiltinFailure } from './builtin.ts';
import { includesTerm, isArrayTerm, isEqual, isObjectTerm, isSetTerm, memberOf, type Term, weightOf } from './term.ts';
import { MOST_STEPS, Work } from './work.ts';

/** `object.subset`, as OPA's `topdown/subset.go` has it. */
export function isSubset(whole: Term, part: Term): boolean {
  const answer = compareCollections(whole, part, new Work('the comparison'));
  if (answer !== undefined) return answer;
  if (!isArrayTerm(whole) || !isSetTerm(part)) {
    throw new BuiltinFailure('both arguments must be of the same type, or array and set');
  }
  // OPA counts matches, so that one value that stands twice in the array counts twice.
  const matches = whole.items.filter((item) => includesTerm(part, item)).length;
  return whole.items.length > 0 && matches >= part.items.length;
}

/** Nothing where the two are not collections of one kind. */
function compareCollections(whole: Term, part: Term, work: Work): boolean | undefined {
  work.spend(1);
  if (isSetTerm(whole) && isSetTerm(part)) return part.items.every((item) => includesTerm(whole, item));
  if (isArrayTerm(whole) && isArrayTerm(part)) return isRun(whole.items, part.items, work);
  if (!isObjectTerm(whole) || !isObjectTerm(part)) return undefined;
  return part.entries.every(([key, value]) => {
    const other = memberOf(whole, key);
    if (other === undefined) return false;
    work.spend(weightOf(value, MOST_STEPS));
    return isEqual(other, value) || compareCollections(other, value, work) === true;
  });
}

/** The part has to appear in one piece. */
function isRun(whole: readonly Term[], part: readonly Term[], work: Work): boolean {
  const weights = part.map((item) => weightOf(item, MOST_STEPS));
  const isAt = (start: number): boolean =>
    part.every((item, offset) => {
      work.spend(weights[offset] ?? 1);
      return isEqual(item, whole[start + offset]);
    });
  for (let start = 0; start + part.length <= whole.length; start += 1) {
    if (isAt(start)) return true;
  }
  return false;
}
