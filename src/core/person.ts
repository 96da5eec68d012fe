/** `Ana Lee`, ` analee ` and `ＡＮＡ LEE` are one person: nobody becomes a second one by writing their name another way. */
export function personOf(name: string): string {
  const folded = withoutBlanks(name.normalize('NFKC')).toUpperCase().toLowerCase();
  return withoutBlanks(folded.normalize('NFKC'));
}

/** Blanks, control characters, and what is not drawn (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point). */
const UNDRAWN = /[\s\p{Z}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** What is left of a text where nothing is to be seen is empty. */
export function withoutBlanks(text: string): string {
  return text.replaceAll(UNDRAWN, '');
}
