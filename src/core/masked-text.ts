/** A text with dots in the place of each of the secrets, which come with the longest first. */
export function maskedText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '••••'), text);
}
