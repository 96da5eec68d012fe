import { holdsKey } from './key-patterns.ts';

/** A piece of a text that looks like a secret. */
export interface SecretPart {
  /** What the place calls it, such as `GITHUB_TOKEN`, `Authorization` or `api-key`. */
  readonly label: string;
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

const SPEAKING = /token|key|secret|passw|pwd|credential|auth|cookie|bearer|dsn|(^|_)pat($|_)/i;
/** What is called so is one however short it is, and even if it is a number. */
const PASSWORD = /passw|pwd|secret/i;
const CREDENTIALS_IN_URL = /:\/\/[^/@\s]+:[^/@\s]+@/;
const SCHEME = /^(?:Bearer|Basic|token)\s+/i;
/** Shorter values of anything but a password are words and numbers. */
const MIN_LENGTH = 8;

/** Whether the name of a variable, a header or an argument is that of something secret. */
export function speaksOfSecret(name: string): boolean {
  return SPEAKING.test(name);
}

export function hasCredentials(url: string): boolean {
  return CREDENTIALS_IN_URL.test(url);
}

/** The secret in a variable: the whole value, or nothing. References such as `${NAME}` are none. */
export function secretInVariable(name: string, value: string): readonly SecretPart[] {
  const isSecret = !isReference(value) && (holdsKey(value) || (speaksOfSecret(name) && looksSecret(name, value)));
  return isSecret ? [{ label: name, start: 0, end: value.length }] : [];
}

/** The secret in a header: the value, less the word before it that says what it is. */
export function secretInHeader(name: string, value: string): readonly SecretPart[] {
  const start = SCHEME.exec(value)?.[0].length ?? 0;
  const rest = value.slice(start);
  const isSecret = !isReference(rest) && (holdsKey(rest) || (speaksOfSecret(name) && looksSecret(name, rest)));
  return isSecret ? [{ label: name, start, end: value.length }] : [];
}

/** The values of query parameters that are secret, and the whole address where a password stands in it. */
export function secretsInUrl(url: string): readonly SecretPart[] {
  if (hasCredentials(url) && !isReference(url)) return [{ label: 'url', start: 0, end: url.length }];
  const query = url.indexOf('?');
  if (query === -1) return [];
  return [...url.slice(query).matchAll(/[?&]([^=&#]+)=([^&#]*)/g)].flatMap((match) => {
    const [whole, label = '', value = ''] = match;
    const end = query + match.index + whole.length;
    return secretInVariable(label, value).map(() => ({ label, start: end - value.length, end }));
  });
}

/** Those in the arguments of a program: behind a flag that speaks of one, in a header, or a key wherever it stands. */
export function secretsInArguments(args: readonly string[]): readonly (readonly SecretPart[])[] {
  return args.map((argument, index) => secretsInArgument(argument, args[index - 1] ?? ''));
}

const FLAG = /^--?([A-Za-z][\w.-]*)$/;
const FLAG_WITH_VALUE = /^(--?[A-Za-z][\w.-]*|[A-Z][A-Z0-9_]*)=/;
const HEADER = /^([A-Za-z][\w-]*):\s*/;

function secretsInArgument(argument: string, before: string): readonly SecretPart[] {
  const [written = '', assigned] = FLAG_WITH_VALUE.exec(argument) ?? [];
  if (assigned !== undefined) return moved(secretInVariable(bare(assigned), argument.slice(written.length)), written);
  const [head = '', header] = HEADER.exec(argument) ?? [];
  if (header !== undefined && !argument.startsWith(`${header}://`)) {
    return moved(secretInHeader(header, argument.slice(head.length)), head);
  }
  const flag = FLAG.exec(before)?.[1];
  if (flag !== undefined && !FLAG.test(argument)) return secretInVariable(flag, argument);
  return secretInVariable('argument', argument);
}

/** Whether a line of plain words may have a secret in it: a key, an address with a password, or a value that a name speaks of. */
export function mayHoldSecret(line: string): boolean {
  if (holdsKey(line) || hasCredentials(line)) return true;
  return [...line.matchAll(NAMED_VALUE)].some(([, name = '', value = '']) => secretInHeader(name, value).length > 0);
}

const NAMED_VALUE = /([A-Za-z][\w.-]*)["'`]?(?:\s*[:=]\s*|\s+)["'`]?((?:(?:Bearer|Basic|token)\s+)?[^\s"'`,;}\]]+)/gi;

function moved(parts: readonly SecretPart[], before: string): readonly SecretPart[] {
  return parts.map(({ label, start, end }) => ({ label, start: start + before.length, end: end + before.length }));
}

function bare(flag: string): string {
  return flag.replace(/^-+/, '');
}

function isReference(value: string): boolean {
  return value === '' || /^\$\{[^}]*\}$|^\$[A-Za-z_]\w*$/.test(value) || value.includes('${');
}

function looksSecret(name: string, value: string): boolean {
  if (/^(?:true|false|yes|no|on|off|none|null)$/i.test(value) || isPath(value)) return false;
  if (/^https?:\/\//i.test(value)) return hasCredentials(value);
  return PASSWORD.test(name) || (value.length >= MIN_LENGTH && !/^[\d.]+$/.test(value));
}

function isPath(value: string): boolean {
  return /^(?:~|\.{1,2})?\/|^[A-Za-z]:[\\/]/.test(value) && !value.endsWith('=');
}

/** The text with references in the places of secrets, as it is written into a configuration. */
export function withReferences(text: string, parts: readonly SecretPart[], names: readonly string[]): string {
  const ends = [0, ...parts.map(({ end }) => end)];
  const pieces = parts.map(({ start }, index) => {
    return `${literalText(text.slice(ends[index], start))}${secretReference(names[index] ?? '')}`;
  });
  return `${pieces.join('')}${literalText(text.slice(ends.at(-1)))}`;
}

export function secretReference(name: string): string {
  return `\${secret:${name}}`;
}

/** A text as a configuration has to say it in order to mean it. */
function literalText(text: string): string {
  return text.replaceAll('$', () => '$$');
}

const LONGEST_NAME = 64;

/** What the secret of a place is called: after its server and what the place calls it. */
export function secretNameFor(server: string, label: string): string {
  const plain = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[-._]+|[-._]+$/g, '');
  return [server, plain].filter(Boolean).join('.').slice(0, LONGEST_NAME);
}

/** The name itself, or with the first number behind it that is free. */
export function freeName(name: string, isTaken: (name: string) => boolean, longest = LONGEST_NAME): string {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number += 1) {
    const end = `-${String(number)}`;
    const next = `${name.slice(0, longest - end.length)}${end}`;
    if (!isTaken(next)) return next;
  }
}
