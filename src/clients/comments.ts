import { createScanner, type Node } from 'jsonc-parser';
import { Lexer } from 'yaml';
import { tomlComments, tomlSpans } from './edit-toml.ts';
import { yamlSpans } from './edit-yaml.ts';
import type { ClientPlace } from './find.ts';
import { BYTE_ORDER_MARK, jsoncTree } from './parse-text.ts';

/** Where something stands in a text; of a server with its name. */
export interface Span {
  readonly name?: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** The servers of a text, and how far what is written about them goes. */
export interface Servers {
  readonly spans: readonly Span[];
  readonly start: number;
  readonly end: number;
}

/**
 * What is written beside, before and inside each server of a client's file, line by line without the marks of its syntax, by
 * the name of the server. What is written about anything else in the file is left out. The text has to be one that is read.
 */
export function commentsOf(text: string, { client, at }: ClientPlace): ReadonlyMap<string, readonly string[]> {
  const plain = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const { servers, comments } = READ[client.syntax](plain, at);
  const found = new Map<string, readonly string[]>();
  for (const comment of comments) {
    if (comment.start < servers.start || comment.start >= servers.end) continue;
    const name = ownerOf(plain, comment, servers.spans)?.name;
    const lines = linesOf(plain.slice(comment.start, comment.end));
    if (name !== undefined && lines.length > 0) found.set(name, [...(found.get(name) ?? []), ...lines]);
  }
  return found;
}

const READ = {
  jsonc: (text: string, at: readonly string[]) => ({ servers: jsoncServers(text, at), comments: jsoncComments(text) }),
  toml: (text: string, at: readonly string[]) => ({
    servers: { spans: tomlSpans(text, at), start: 0, end: text.length },
    comments: tomlComments(text),
  }),
  yaml: (text: string, [key = '']: readonly string[]) => ({
    servers: yamlSpans(text, key),
    comments: yamlComments(text),
  }),
} as const;

/** What it stands in, what it stands behind on the same line or in the same paragraph, what follows it, or what it follows. */
function ownerOf(text: string, { start, end }: Span, spans: readonly Span[]): Span | undefined {
  const before = spans.findLast((span) => span.end <= start);
  const after = spans.find((span) => span.start >= end);
  const isOfBefore = before !== undefined && !isApart(text.slice(before.end, start));
  return (
    spans.find((span) => span.start <= start && end <= span.end) ??
    (before !== undefined && !text.slice(before.end, start).includes('\n') ? before : undefined) ??
    (isOfBefore && (after === undefined || isApart(text.slice(end, after.start))) ? before : undefined) ??
    after ??
    before
  );
}

function isApart(between: string): boolean {
  return /\n[ \t\r]*\n/.test(between);
}

function linesOf(comment: string): readonly string[] {
  const inner = comment.startsWith('/*') ? comment.slice(2, -2) : comment.replace(/^(?:\/\/+|#+)/, '');
  return inner
    .split('\n')
    .map((line) => line.replace(/^\s*\*+(?=\s|$)/, '').trim())
    .filter((line) => line !== '');
}

/** Of `SyntaxKind`, which is there for the compiler alone. */
const TOKEN = { end: 17, lineComment: 12, blockComment: 13 } as const;

function jsoncComments(text: string): readonly Span[] {
  const scanner = createScanner(text, false);
  const comments: Span[] = [];
  for (let kind: number = scanner.scan(); kind !== TOKEN.end; kind = scanner.scan()) {
    if (kind !== TOKEN.lineComment && kind !== TOKEN.blockComment) continue;
    const start = scanner.getTokenOffset();
    comments.push({ start, end: start + scanner.getTokenLength() });
  }
  return comments;
}

function jsoncServers(text: string, at: readonly string[]): Servers {
  let members = membersOf(jsoncTree(text));
  let bounds = { start: 0, end: text.length };
  for (const [depth, key] of at.entries()) {
    const index = members.findLastIndex((member) => member.children?.[0]?.value === key);
    const member = members[index];
    if (member === undefined) return { spans: [], ...bounds };
    const before = members[index - 1];
    // What precedes the first key of all is about the file.
    const start = before === undefined ? (depth === 0 ? openingOf(text) : bounds.start) : lineEnd(text, endOf(before));
    bounds = { start, end: lineEnd(text, endOf(member)) };
    members = membersOf(member.children?.[1]);
  }
  const spans = members.map((member) => {
    return { name: String(member.children?.[0]?.value), start: member.offset, end: endOf(member) };
  });
  return { spans, ...bounds };
}

function openingOf(text: string): number {
  return jsoncTree(text)?.offset ?? 0;
}

function membersOf(node: Node | undefined): readonly Node[] {
  return node?.type === 'object' ? (node.children ?? []) : [];
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

function yamlComments(text: string): readonly Span[] {
  const comments: Span[] = [];
  let at = 0;
  for (const token of new Lexer().lex(text)) {
    // The lexer says of what kind the next token is with characters that do not stand in the text.
    if (MARKS.has(token)) continue;
    if (token.startsWith('#')) comments.push({ start: at, end: at + token.length });
    at += token.length;
  }
  return comments;
}

const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);
