import { BuiltinFailure } from './builtin.ts';
import { formatFloat } from './go-float.ts';

/** Nanoseconds of a duration such as `1h30m`, as Go's `time.ParseDuration` reads it, with OPA's days, weeks and years. */
export function parseDuration(text: string): bigint {
  if (text.length > LONGEST) throw invalid();
  return parseGoDuration(/[dwy]/.test(text) ? inHours(text) : text);
}

/** Far more than a duration of 64 bits needs, were it given in single nanoseconds of many digits. */
const LONGEST = 10_000;

function invalid(): BuiltinFailure {
  return new BuiltinFailure('the text is not a duration');
}

const HOURS: ReadonlyMap<string, number> = new Map([
  ['d', 24],
  ['w', 7 * 24],
  ['y', 365 * 24],
]);

const SEGMENT = /([0-9.]+)(ms|us|µs|ns|[a-z])/gy;

function inHours(text: string): string {
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  const segments = [...text.slice(sign.length).matchAll(SEGMENT)];
  const length = segments.reduce((sum, [segment]) => sum + segment.length, 0);
  if (segments.length === 0 || sign.length + length !== text.length) throw invalid();
  return sign + segments.map(([segment, digits = '', unit = '']) => segmentInHours(segment, digits, unit)).join('');
}

function segmentInHours(segment: string, digits: string, unit: string): string {
  const hours = HOURS.get(unit);
  if (hours === undefined) return segment;
  if (!/^(\d+\.?\d*|\.\d+)$/.test(digits)) throw invalid();
  return `${formatFloat(Number(digits) * hours, 'f', -1)}h`;
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const PART = /(\d*)(\.\d*)?([^0-9.]+)/gy;
const LIMIT = 2n ** 63n;

function parseGoDuration(text: string): bigint {
  const isNegative = text.startsWith('-');
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0n;
  const parts = [...unsigned.matchAll(PART)];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  if (parts.length === 0 || length !== unsigned.length) throw invalid();
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of parts) {
    total += partOf(whole, fraction.slice(1), unit);
    if (total > LIMIT) throw invalid();
  }
  if (!isNegative && total === LIMIT) throw invalid();
  return isNegative ? -total : total;
}

function partOf(whole: string, fraction: string, unit: string): bigint {
  const size = UNITS.get(unit);
  if (size === undefined || (whole === '' && fraction === '')) throw invalid();
  const value = BigInt(whole || '0');
  if (value > LIMIT / size) throw invalid();
  const total = value * size + fractionOf(fraction, size);
  if (total > LIMIT) throw invalid();
  return total;
}

/** In floating point, as Go does it; digits beyond 63 bits do not count. */
function fractionOf(fraction: string, unit: bigint): bigint {
  let digits = 0n;
  let scale = 1;
  for (const digit of fraction) {
    const next = digits * 10n + BigInt(digit);
    if (digits > (LIMIT - 1n) / 10n || next > LIMIT) break;
    digits = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(digits) * (Number(unit) / scale)));
}
