import { parse } from 'smol-toml';
import { isJsonObject } from '../core/json.ts';
import type { Span } from './comments.ts';
import { type Addition, type Edited, newlineOf, type Target } from './addition.ts';

/** The text with one table more at its end; no library writes TOML and keeps comments. */
export function withTomlEntry(text: string, { at, name, entry }: Addition): Edited {
  const newline = newlineOf(text);
  const path = [...at, name].map(keyText).join('.');
  const lines = [`[${path}]`, ...membersOf(entry).map(([key, value]) => `${keyText(key)} = ${valueText(value)}`)];
  const block = lines.map((line) => `${line}${newline}`).join('');
  return { text: `${text}${text === '' ? '' : newline}${block}`, made: 0 };
}

/** The text without the tables and lines of an entry; comments before what follows stay. */
export function withoutTomlEntry(text: string, { at, name }: Target): string {
  const path = [...at, name];
  let table: readonly string[] = [];
  const spans: { start: number; end: number }[] = [];
  for (const { start, end, kind } of statementsOf(text)) {
    const written = text.slice(start, end);
    if (kind === 'header') table = keysOf(written);
    const keys = kind === 'header' ? table : [...table, ...keysOf(written)];
    if (!path.every((key, index) => keys[index] === key)) continue;
    const last = spans.at(-1);
    const isNext = last !== undefined && text.slice(last.end, start).trim() === '';
    if (isNext) last.end = end;
    else spans.push({ start, end });
  }
  return spans.reduceRight((current, span) => cutLines(current, span), text);
}

/** Where each header and pair stands, those of a server with its name. */
export function tomlSpans(text: string, at: readonly string[]): readonly Span[] {
  let table: readonly string[] = [];
  return statementsOf(text).map(({ start, end, kind }) => {
    const keys = keysOf(text.slice(start, end));
    if (kind === 'header') table = keys;
    const path = kind === 'header' ? keys : [...table, ...keys];
    const isServer = at.every((key, index) => path[index] === key);
    return { name: isServer ? path[at.length] : undefined, start, end };
  });
}

/** Where what is written for people stands. */
export function tomlComments(text: string): readonly Span[] {
  return [...text.matchAll(TOKEN)].flatMap(({ 0: token, index }) => {
    return token.startsWith('#') ? [{ start: index, end: index + token.trimEnd().length }] : [];
  });
}

function cutLines(text: string, { start, end }: { readonly start: number; readonly end: number }): string {
  const before = text.slice(0, start).replace(/\r?\n$/, '');
  const after = text.slice(end).replace(/^[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/, '');
  // Between two others, the end of the line before was theirs.
  const isGlued = after !== '' && before !== '' && !before.endsWith('\n');
  return `${isGlued ? text.slice(0, start) : before}${after}`;
}

interface Statement {
  readonly start: number;
  readonly end: number;
  readonly kind: 'header' | 'pair';
}

const TOKEN =
  /"""[^]*?(?:(?<!\\)(?:\\\\)*"{3,5})|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[\]{}\n]|[^"'#[\]{}\n]+/g;

/** Headers and pairs, without blanks and comments around them; a pair may take many lines. */
function statementsOf(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let start: number | undefined;
  let end = 0;
  let depth = 0;
  const finish = (): void => {
    if (start !== undefined) statements.push({ start, end, kind: text[start] === '[' ? 'header' : 'pair' });
    start = undefined;
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '\n' && depth === 0) finish();
    if (token.startsWith('#') || token.trim() === '') continue;
    start ??= index + (token.length - token.trimStart().length);
    end = index + token.trimEnd().length;
    if (token === '[' || token === '{') depth += 1;
    if (token === ']' || token === '}') depth -= 1;
  }
  finish();
  return statements;
}

/** The keys of one header, or of one pair with those of its inline tables as long as there is one alone. */
function keysOf(statement: string): readonly string[] {
  const keys: string[] = [];
  let value: unknown = parse(statement, { integersAsBigInt: 'asNeeded' });
  while (isJsonObject(value) || (Array.isArray(value) && statement.startsWith('[['))) {
    if (Array.isArray(value)) {
      value = value[0];
      continue;
    }
    const [entry, ...others] = Object.entries(value);
    if (entry === undefined || others.length > 0) break;
    keys.push(entry[0]);
    value = entry[1];
  }
  return keys;
}

function membersOf(entry: unknown): readonly (readonly [string, unknown])[] {
  return isJsonObject(entry) ? Object.entries(entry) : [];
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

/** JSON's way of writing text, numbers and lists is TOML's, too; only delete is not escaped there. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (isJsonObject(value)) {
    return `{ ${membersOf(value)
      .map(([key, one]) => `${keyText(key)} = ${valueText(one)}`)
      .join(', ')} }`;
  }
  return JSON.stringify(value).replaceAll('\u007f', String.raw`\u007f`);
}
