/** The first three numbers of a version. */
type Numbers = readonly [major: number, minor: number, patch: number];

interface Comparator {
  readonly holds: (version: Numbers) => boolean;
}

const VERSION = /^[v=]?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+.]?[0-9a-z].*)?$/iu;
const COMPARATOR = /^(\^|~|>=|<=|>|<|=)?[v=]?(\d{1,9}|[x*])(?:\.(\d{1,9}|[x*]))?(?:\.(\d{1,9}|[x*]))?$/iu;

/**
 * Whether a version lies in a range as npm writes one: `*`, `1.2.3`, `1.x`, `^1.2`, `~1.2`, `>=1.2 <3`, alternatives joined
 * by `||`. What stands behind the three numbers is not looked at, so `2.0.0-beta` counts as `2.0.0` and is not below it.
 * A version that cannot be read lies in `*` only, and a range that cannot be read holds nothing.
 */
export function isInRange(version: string, range: string): boolean {
  const alternatives = parseRange(range);
  if (alternatives === undefined) return false;
  const numbers = parseVersion(version);
  return alternatives.some((comparators) =>
    numbers === undefined ? comparators.length === 0 : comparators.every(({ holds }) => holds(numbers)),
  );
}

export function isRange(text: string): boolean {
  return parseRange(text) !== undefined;
}

/** Undefined where one of the alternatives cannot be read; no comparators are those of `*`. */
function parseRange(range: string): readonly (readonly Comparator[])[] | undefined {
  const alternatives = range.split('||').map(parseAlternative);
  return alternatives.some((one) => one === undefined) ? undefined : alternatives.flatMap((one) => [one ?? []]);
}

function parseAlternative(text: string): readonly Comparator[] | undefined {
  const words = text
    .trim()
    .replaceAll(/([<>=^~])\s+/gu, '$1')
    .split(/\s+/u);
  const comparators = words.map(parseComparator);
  return comparators.some((one) => one === undefined) ? undefined : comparators.flatMap((one) => one ?? []);
}

function parseComparator(text: string): readonly Comparator[] | undefined {
  const [, operator = '', ...parts] = COMPARATOR.exec(text) ?? [];
  const given = parts.slice(0, firstWildcard(parts)).map(Number);
  if (parts.length === 0) return undefined;
  const [major = 0, minor = 0, patch = 0] = given;
  const lowest: Numbers = [major, minor, patch];
  if (given.length === 0) return ['>', '<'].includes(operator) ? undefined : [];
  switch (operator) {
    case '>=':
      return [from(lowest)];
    case '<':
      return [below(lowest)];
    case '>':
      return [from(given.length === 3 ? [major, minor, patch + 1] : next(lowest, given.length))];
    case '<=':
      return [below(given.length === 3 ? [major, minor, patch + 1] : next(lowest, given.length))];
    case '^':
      return [from(lowest), below(next(lowest, Math.min(given.length, firstThatCounts(given))))];
    case '~':
      return [from(lowest), below(next(lowest, Math.min(given.length, 2)))];
    default:
      return [from(lowest), below(next(lowest, given.length))];
  }
}

function firstWildcard(parts: readonly (string | undefined)[]): number {
  const at = parts.findIndex((part) => part === undefined || /^[x*]$/iu.test(part));
  return at === -1 ? parts.length : at;
}

/** The rule of `^`: what must not change is the first number that is not zero. */
function firstThatCounts(given: readonly number[]): number {
  const at = given.findIndex((number) => number > 0);
  return at === -1 ? given.length : at + 1;
}

/** The lowest version in which the number at this place, counted from 1, is greater. */
function next([major, minor, patch]: Numbers, place: number): Numbers {
  if (place === 1) return [major + 1, 0, 0];
  return place === 2 ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

function from(bound: Numbers): Comparator {
  return { holds: (version) => compare(version, bound) >= 0 };
}

function below(bound: Numbers): Comparator {
  return { holds: (version) => compare(version, bound) < 0 };
}

function compare(one: Numbers, other: Numbers): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}

function parseVersion(version: string): Numbers | undefined {
  const found = VERSION.exec(version);
  if (found === null) return undefined;
  const [, major = '0', minor = '0', patch = '0'] = found;
  return [Number(major), Number(minor), Number(patch)];
}
