/** Whether `text` fits a glob in which `*` is any text and `?` any one character. Takes at most pattern × text steps. */
export function matchesGlob(pattern: string, text: string): boolean {
  let [inPattern, inText, star, resume] = [0, 0, -1, 0];
  while (inText < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      [star, resume] = [inPattern, inText];
      inPattern += 1;
    } else if (wanted === '?' || wanted === text[inText]) {
      inPattern += 1;
      inText += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      resume += 1;
      [inPattern, inText] = [star + 1, resume];
    } else return false;
  }
  return /^\**$/.test(pattern.slice(inPattern));
}

export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, text));
}
