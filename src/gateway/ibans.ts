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
    if (length !== undefined && isIban(readFrom(text, index, length))) count += 1;
  }
  return count;
}

/** Written together, of the length that its country has. The check is ISO 7064, mod 97-10. */
export function isIban(text: string): boolean {
  if (LENGTHS[text.slice(0, 2)] !== text.length || !/^[A-Z]{2}[0-9]{2}[A-Z0-9]+$/.test(text)) return false;
  let rest = 0;
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1;
}

/** So many letters and digits from a place on, without spaces between groups of four; empty where more follow, or fewer. */
function readFrom(text: string, start: number, length: number): string {
  const isGrouped = text[start + 4] === ' ';
  let read = '';
  let at = start;
  for (; read.length < length && at < text.length; at += 1) {
    const character = text[at] ?? '';
    const isGap = isGrouped && read.length > 0 && read.length % 4 === 0 && text[at - 1] !== ' ';
    if (isGap && character === ' ') continue;
    if ((isGap && character !== ' ') || !/[A-Z0-9]/.test(character)) return '';
    read += character;
  }
  return /[A-Za-z0-9]/.test(text[at] ?? '') ? '' : read;
}
