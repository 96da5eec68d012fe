/** What can stand before the colon, and what it means. */
export const SEARCH_KEYS = {
  effect: 'allow, deny or pending',
  reason: 'why it was refused, such as gateway.unknown_tool or refund*',
  server: 'the name of a server',
  tool: 'a tool, such as payments/create_refund or payments/*',
  agent: 'the name of an agent',
  user: 'the name of a user',
  since: 'a time: 15m, 24h, 7d or 2026-11-30',
  until: 'a time: 15m, 24h, 7d or 2026-11-30',
} as const;

export type SearchKey = keyof typeof SEARCH_KEYS;
export type Terms = Readonly<Partial<Record<SearchKey, string>>>;

export interface Search {
  readonly terms: Terms;
  /** What was not understood, with what to write instead; nothing is searched while there is any. */
  readonly problems: readonly string[];
}

const TERM = /(?:([^\s:"]+):)?(?:"([^"]*)"?|(\S+))/g;

/** Reads `user:maria effect:deny tool:payments/* since:24h`; a value with a space stands in quotes. */
export function parseSearch(text: string): Search {
  const terms: Partial<Record<SearchKey, string>> = {};
  const problems: string[] = [];
  for (const [whole, name = '', quoted, plain = ''] of text.matchAll(TERM)) {
    const read = readTerm(name.toLowerCase(), quoted ?? plain, whole);
    if (typeof read === 'string') problems.push(read);
    else if (terms[read.key] !== undefined) problems.push(`${read.key}: stands twice; one is enough.`);
    else terms[read.key] = read.value;
  }
  return { terms, problems };
}

interface Term {
  readonly key: SearchKey;
  readonly value: string;
}

function readTerm(name: string, value: string, whole: string): Term | string {
  if (name === '') {
    const effect = EFFECTS[whole.toLowerCase()];
    return effect === undefined
      ? `“${whole}” needs a word before it, such as user:${whole} or tool:${whole}*.`
      : { key: 'effect', value: effect };
  }
  const key = keyNamed(name);
  if (key === undefined) return `${name}: is not known. Known are ${Object.keys(SEARCH_KEYS).join(', ')}.`;
  if (value === '') return `${name}: is followed by nothing. It takes ${SEARCH_KEYS[key]}.`;
  if (key === 'effect') {
    const effect = EFFECTS[value.toLowerCase()];
    return effect === undefined
      ? `effect:${value} is not known. It is allow, deny or pending.`
      : { key, value: effect };
  }
  const isTime = key === 'since' || key === 'until';
  if (isTime && timeOf(value, 0) === undefined) return `${name}:${value} is no time. Write 15m, 24h, 7d or 2026-11-30.`;
  return { key, value };
}

const EFFECTS: Readonly<Record<string, string>> = {
  allow: 'allow',
  allowed: 'allow',
  deny: 'deny',
  denied: 'deny',
  pending: 'pending',
  waiting: 'pending',
};

/** Words that people try first. */
const SYNONYMS: Readonly<Record<string, SearchKey>> = {
  decision: 'effect',
  why: 'reason',
  who: 'user',
  from: 'since',
  after: 'since',
  to: 'until',
  before: 'until',
};

function keyNamed(name: string): SearchKey | undefined {
  return Object.hasOwn(SEARCH_KEYS, name) ? (name as SearchKey) : SYNONYMS[name];
}

/** The same search as text; `parseSearch` reads it back. */
export function formatSearch(terms: Terms): string {
  return Object.keys(SEARCH_KEYS)
    .flatMap((key) => {
      const value = terms[key as SearchKey];
      return value === undefined ? [] : [`${key}:${/[\s"]/.test(value) ? `"${value}"` : value}`];
    })
    .join(' ');
}

/** The parameters of `GET /api/decisions`: times are absolute there, and `payments/x*` is a server and a tool. */
export function searchParameters(terms: Terms, nowMs: number): URLSearchParams {
  const { since, until, tool, ...plain } = terms;
  const [server, name] = tool?.includes('/') === true ? splitAt(tool) : ['', tool ?? ''];
  const all = {
    ...plain,
    ...(server === '' ? {} : { server }),
    ...(name === '' || name === '*' ? {} : { tool: name }),
    ...(since === undefined ? {} : { since: timeOf(since, nowMs) }),
    ...(until === undefined ? {} : { until: timeOf(until, nowMs) }),
  };
  return new URLSearchParams(Object.entries(all).flatMap(([key, value]) => (value ? [[key, value]] : [])));
}

function splitAt(tool: string): [string, string] {
  const slash = tool.indexOf('/');
  return [tool.slice(0, slash), tool.slice(slash + 1)];
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** RFC 3339 in UTC; undefined where the text is no time. A day without a time begins at local midnight. */
export function timeOf(text: string, nowMs: number): string | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(nowMs - Number(count) * (UNIT_MS[unit] ?? 0)).toISOString();
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const time = new Date(text.length === 10 ? `${text}T00:00` : text);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
