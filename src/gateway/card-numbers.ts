/**
 * Digits as cards have them: none beside them, written together or in the groups that are printed on cards (4-4-4-4 with
 * a rest, American Express 4-6-5, Diners 4-6-4), with one kind of separator.
 */
const CANDIDATE =
  /(?<![0-9A-Za-z_.,-])(?:[2-6][0-9]{12,18}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?|3[0-9]{3}([ -])[0-9]{6}\2[0-9]{4,5})(?![0-9A-Za-z_]|[.,-][0-9])/g;

interface Issuer {
  /** First digits, from and to. */
  readonly from: string;
  readonly to: string;
  readonly lengths: readonly number[];
}

const SIXTEEN_UP = [16, 17, 18, 19];

/** Numbers that are issued as payment cards (ISO/IEC 7812), by first digits. */
const ISSUERS: readonly Issuer[] = [
  { from: '4', to: '4', lengths: [13, 16, 19] },
  { from: '51', to: '55', lengths: [16] },
  { from: '2221', to: '2720', lengths: [16] },
  { from: '34', to: '34', lengths: [15] },
  { from: '37', to: '37', lengths: [15] },
  { from: '300', to: '305', lengths: [14] },
  { from: '36', to: '36', lengths: [14] },
  { from: '38', to: '39', lengths: [14] },
  { from: '3528', to: '3589', lengths: SIXTEEN_UP },
  { from: '6011', to: '6011', lengths: SIXTEEN_UP },
  { from: '622126', to: '622925', lengths: SIXTEEN_UP },
  { from: '644', to: '649', lengths: SIXTEEN_UP },
  { from: '65', to: '65', lengths: SIXTEEN_UP },
  { from: '62', to: '62', lengths: SIXTEEN_UP },
  { from: '50', to: '50', lengths: [12, 13, 14, 15, 16, 17, 18, 19] },
  { from: '56', to: '58', lengths: [12, 13, 14, 15, 16, 17, 18, 19] },
  { from: '639', to: '639', lengths: SIXTEEN_UP },
];

/** How many payment card numbers stand in a text: of an issuer, of its length, with a check digit that fits (Luhn). */
export function countCardNumbers(text: string): number {
  let count = 0;
  for (const [candidate] of text.matchAll(CANDIDATE)) {
    if (hasLuhnDigit(candidate) && isIssued(candidate.replaceAll(/[ -]/g, ''))) count += 1;
  }
  return count;
}

/** `digits`: digits alone. */
export function isCardNumber(digits: string): boolean {
  return hasLuhnDigit(digits) && isIssued(digits);
}

function isIssued(digits: string): boolean {
  return ISSUERS.some(({ from, to, lengths }) => {
    const first = digits.slice(0, from.length);
    return first >= from && first <= to && lengths.includes(digits.length);
  });
}

const ZERO = 48;

/** What is no digit separates, and does not count. */
function hasLuhnDigit(written: string): boolean {
  let sum = 0;
  let place = 0;
  for (let at = written.length - 1; at >= 0; at -= 1) {
    const digit = written.charCodeAt(at) - ZERO;
    if (digit < 0) continue;
    const doubled = place % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
    place += 1;
  }
  return sum % 10 === 0;
}
