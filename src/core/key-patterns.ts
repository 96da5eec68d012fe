/**
 * Text that is a key wherever it stands. Each pattern has a bounded length or cannot begin again inside what it has
 * just read, so none takes more than linear time on text that somebody made for the purpose.
 */
const PATTERNS: readonly RegExp[] = [
  // OpenAI, Anthropic and the many that took over their form; Stripe.
  /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20}/,
  /(?<![A-Za-z0-9])[rs]k_(?:live|test)_[A-Za-z0-9]{16}/,
  // Our own.
  /(?<![A-Za-z0-9])mcpg_[A-Za-z0-9_-]{20}/,
  // GitHub, GitLab, npm, Hugging Face.
  /(?<![A-Za-z0-9])gh[opsur]_[A-Za-z0-9]{20}/,
  /(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20}/,
  /(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}/,
  /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/,
  /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30}/,
  // AWS, Google, Slack.
  /(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}/,
  /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}/,
  /(?<![A-Za-z0-9])xox[a-z]-[A-Za-z0-9-]{10}/,
  // A JSON Web Token: two parts that begin as base64url of `{"`.
  /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,1024}\.eyJ[A-Za-z0-9_-]{8}/,
  /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----/,
  // A password in an address.
  /:\/\/[^\s/:@]{1,128}:[^\s/@]{1,256}@/,
];

const ANY = new RegExp(PATTERNS.map(({ source }) => source).join('|'));
const EACH = new RegExp(ANY, 'g');
/** The shortest text that can hold any of them is no shorter than this; most texts of a request are. */
const SHORTEST = 15;

/** How many keys stand in a text. */
export function countKeys(text: string): number {
  return text.length < SHORTEST ? 0 : (text.match(EACH)?.length ?? 0);
}

export function holdsKey(text: string): boolean {
  return text.length >= SHORTEST && ANY.test(text);
}
