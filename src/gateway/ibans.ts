/** Country and check digits, with nothing before them that could belong to them. */
const START = /(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?=[ ]?[A-Z0-9])/g;

/** Lengths of account numbers by country (ISO 13616, registry of the SWIFT, release 99). */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** How many international bank account numbers stand in a text, written together or in groups of four. */
export function countIbans(text: string): number {
  let count = 0;
  for (const { 0: start, index } of text.matchAll(START)) {
    const length = LENGTHS[start.slice(0, 2)];
    if (length !== undefined && isIbanAt(text, index, length)) count += 1;
  }
  return count;
}

/** Written together, of the length that its country has. */
export function isIban(text: string): boolean {
  return LENGTHS[text.slice(0, 2)] === text.length && /^[A-Z]{2}[0-9]{2}/.test(text) && isIbanAt(text, 0, text.length);
}

const SPACE = 32;

/**
 * Whether so many letters and digits from a place on are an account number: alone, together or in groups of four, and
 * with check digits that fit (ISO 7064, mod 97-10, with the first four characters at the end). By character codes: a text
 * made for the purpose has millions of places at which one could begin.
 */
function isIbanAt(text: string, start: number, length: number): boolean {
  const isGrouped = text.charCodeAt(start + 4) === SPACE;
  let at = start + 4;
  let rest = 0;
  for (let read = 4; read < length; read += 1) {
    if (isGrouped && read % 4 === 0 && text.charCodeAt(at++) !== SPACE) return false;
    const value = valueOf(text.charCodeAt(at));
    if (value < 0) return false;
    rest = added(rest, value);
    at += 1;
  }
  if (isPartOfWord(text.charCodeAt(at))) return false;
  for (let head = start; head < start + 4; head += 1) rest = added(rest, valueOf(text.charCodeAt(head)));
  return rest === 1;
}

function added(rest: number, value: number): number {
  return (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
}

/** 0 to 9 of digits, 10 to 35 of capitals, -1 of all else. */
function valueOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 65 && code <= 90 ? code - 55 : -1;
}

function isPartOfWord(code: number): boolean {
  return valueOf(code) >= 0 || (code >= 97 && code <= 122);
}
