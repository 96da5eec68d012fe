import { BuiltinFailure, type HostBuiltin } from './builtin.ts';
import { int64Of, textOf } from './operands.ts';
import { compareTexts, numberTerm } from './term.ts';

export const SEMVER_BUILTINS: readonly (readonly [string, HostBuiltin])[] = [
  ['semver.is_valid', ([version]) => typeof version === 'string' && parseVersion(version) !== undefined],
  ['semver.compare', (args) => numberTerm(compareVersions(versionOf(textOf(args, 0)), versionOf(textOf(args, 1))))],
];

/** As `internal/semver` of OPA reads one: Semantic Versioning 2.0.0, with an optional `v` before it. */
interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: string;
}

function versionOf(text: string): Version {
  const version = parseVersion(text);
  if (version === undefined) throw new BuiltinFailure('a text is not a valid SemVer');
  return version;
}

const IDENTIFIERS = /^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*$/;
const LEADING_ZERO = /^0[0-9]+$/;

function parseVersion(text: string): Version | undefined {
  const [beforeMetadata, metadata] = cut(text.startsWith('v') ? text.slice(1) : text, '+');
  if (metadata !== undefined && !IDENTIFIERS.test(metadata)) return undefined;
  const [core, preRelease] = cut(beforeMetadata, '-');
  if (preRelease !== undefined && !isPreRelease(preRelease)) return undefined;
  const parts = core.split('.');
  const numbers = parts.flatMap((part) => numberOf(part) ?? []);
  if (parts.length !== 3 || numbers.length !== 3) return undefined;
  return { numbers, preRelease: preRelease ?? '' };
}

function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function isPreRelease(text: string): boolean {
  return IDENTIFIERS.test(text) && !text.split('.').some((identifier) => LEADING_ZERO.test(identifier));
}

function numberOf(text: string): bigint | undefined {
  return /^(0|[1-9][0-9]*)$/.test(text) ? int64Of(text) : undefined;
}

function compareVersions(left: Version, right: Version): number {
  for (const [place, number] of left.numbers.entries()) {
    const other = right.numbers[place] ?? 0n;
    if (number !== other) return number > other ? 1 : -1;
  }
  if (left.preRelease === right.preRelease) return 0;
  if (left.preRelease === '') return 1;
  if (right.preRelease === '') return -1;
  return comparePreReleases(left.preRelease.split('.'), right.preRelease.split('.'));
}

function comparePreReleases(left: readonly string[], right: readonly string[]): number {
  for (const [place, identifier] of left.entries()) {
    const other = right[place];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return left.length < right.length ? -1 : 0;
}

/** Numbers come before words. */
function compareIdentifiers(left: string, right: string): number {
  const isNumber = /^[0-9]+$/;
  const [leftIs, rightIs] = [isNumber.test(left), isNumber.test(right)];
  if (leftIs !== rightIs) return leftIs ? -1 : 1;
  if (!leftIs) return Math.sign(compareTexts(left, right));
  const [one, other] = [clamped(left), clamped(right)];
  if (one === other) return 0;
  return one > other ? 1 : -1;
}

const LARGEST = 2n ** 63n - 1n;

/** OPA reads the numbers into 64 bits; what is larger is the largest of them. */
function clamped(digits: string): bigint {
  if (digits.length > MOST_DIGITS) return LARGEST;
  const value = BigInt(digits);
  return value > LARGEST ? LARGEST : value;
}

const MOST_DIGITS = 19;
