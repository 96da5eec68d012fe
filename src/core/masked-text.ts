/** A text with dots in the place of each of the secrets, which come with the longest first. */
export function maskedText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '••••'), text);
}

/** Shorter lines are words of anybody. */
const SHORTEST_LINE = 16;

/** The secrets and, because servers and logs write line by line, the lines of those that have several; the longest first. */
export function secretsByLine(secrets: readonly string[]): readonly string[] {
  const lines = secrets
    .flatMap((secret) => secret.split(/[\r\n]+/))
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_LINE);
  return [...new Set([...secrets, ...lines])].toSorted((left, right) => right.length - left.length);
}
