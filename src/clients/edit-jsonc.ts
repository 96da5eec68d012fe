import { createScanner, type Node } from 'jsonc-parser';
import { type Addition, type Edited, newlineOf, OtherShape, type Target } from './addition.ts';
import { jsoncTree } from './parse-text.ts';

/** Of `SyntaxKind`, which is there for the compiler alone. */
const TOKEN = { comma: 5, lineComment: 12, blockComment: 13, lineBreak: 14, blank: 15 } as const;

/** The text with one member more, first among the others, so that no comment behind the last one moves. */
export function withJsoncEntry(text: string, { at, name, entry }: Addition): Edited {
  const tree = jsoncTree(text);
  if (tree === undefined) {
    const newline = newlineOf(text);
    return { text: `${pretty(nested([...at, name], entry), '  ', newline)}${newline}${text}`, made: at.length + 1 };
  }
  const { node, depth } = deepest(tree, at);
  const path = [...at.slice(depth), name];
  const member = { key: path[0] ?? name, value: nested(path.slice(1), entry) };
  return { text: withMember(text, node, member), made: at.length - depth };
}

/** The text without a member, and without so many objects around it that have nothing else; as it was where there is none. */
export function withoutJsoncEntry(text: string, { at, name }: Target, made: number): string {
  const without = cutAll(text, [...at, name]);
  return Array.from({ length: made }).reduce<string>((current, _, index) => {
    const tree = jsoncTree(current);
    const path = at.slice(0, at.length - index);
    const node = tree === undefined ? undefined : nodeAt(tree, path);
    if (tree === undefined || node?.type !== 'object' || childrenOf(node).length > 0) return current;
    return index === at.length ? cutRoot(current, tree) : cutAll(current, path);
  }, without);
}

function nested(path: readonly string[], entry: unknown): unknown {
  return path.reduceRight((inner, key) => ({ [key]: inner }), entry);
}

/** The innermost object that is there already. */
function deepest(tree: Node, at: readonly string[]): { readonly node: Node; readonly depth: number } {
  let node = tree;
  for (const [depth, key] of at.entries()) {
    if (node.type !== 'object') throw new OtherShape(at.slice(0, depth).join('.'));
    const next = nodeAt(node, [key]);
    if (next === undefined) return { node, depth };
    node = next;
  }
  if (node.type !== 'object') throw new OtherShape(at.join('.'));
  return { node, depth: at.length };
}

interface Member {
  readonly key: string;
  readonly value: unknown;
}

function withMember(text: string, object: Node, { key, value }: Member): string {
  const newline = newlineOf(text);
  const [first] = childrenOf(object);
  const inside = object.offset + 1;
  const lineEnd = lineEndAfter(text, inside);
  const base = indentAt(text, object.offset);
  if (first !== undefined && lineEnd === undefined && !text.slice(inside, first.offset).includes('\n')) {
    const member = `${JSON.stringify(key)}: ${JSON.stringify(value)}, `;
    return text.slice(0, first.offset) + member + text.slice(first.offset);
  }
  const indent =
    first !== undefined && startsLine(text, first.offset) ? indentAt(text, first.offset) : base + unitOf(text);
  const unit = indent.startsWith(base) && indent.length > base.length ? indent.slice(base.length) : unitOf(text);
  const member = `${newline}${indent}${JSON.stringify(key)}: ${pretty(value, unit, `${newline}${indent}`)}`;
  const place = lineEnd ?? inside;
  const rest = text.slice(place);
  if (first !== undefined) return `${text.slice(0, place)}${member},${rest}`;
  // What is written behind the only member is known again when it is taken out.
  const close = `${newline}${base}`;
  const isAlone = rest.startsWith('}') || rest.startsWith(close);
  return `${text.slice(0, place)}${member}${isAlone ? close : ''}${rest}`;
}

/** The end of the line, where nothing but blanks and comments stands behind a place. */
function lineEndAfter(text: string, place: number): number | undefined {
  const scanner = createScanner(text, false);
  scanner.setPosition(place);
  for (;;) {
    const kind: number = scanner.scan();
    if (kind === TOKEN.lineBreak) return scanner.getTokenOffset();
    const isBlock = kind === TOKEN.blockComment && !scanner.getTokenValue().includes('\n');
    if (kind !== TOKEN.blank && kind !== TOKEN.lineComment && !isBlock) return undefined;
  }
}

function cutAll(text: string, path: readonly string[]): string {
  const tree = jsoncTree(text);
  const parent = tree === undefined ? undefined : nodeAt(tree, path.slice(0, -1));
  const members = parent === undefined ? [] : childrenOf(parent);
  const member = members.find((one) => keyOf(one) === path.at(-1));
  if (parent === undefined || member === undefined) return text;
  // A key may stand twice; the last one counts, so that taking out one alone would bring the other to life.
  return cutAll(cut(text, parent, member), path);
}

function cut(text: string, object: Node, member: Node): string {
  const members = childrenOf(object);
  const index = members.indexOf(member);
  const isOwnLine = startsLine(text, member.offset);
  const start = isOwnLine ? lineBreakBefore(text, member.offset) : member.offset;
  const end = endOf(member);
  const comma = commaAfter(text, end);
  if (members.length === 1) return cutOnly(text, { start, end: comma ?? end, base: indentAt(text, object.offset) });
  if (comma !== undefined) {
    const isSpaced = !isOwnLine && text[comma] === ' ';
    return text.slice(0, start) + text.slice(isSpaced ? comma + 1 : comma);
  }
  const before = members[index - 1];
  const lastComma = before === undefined ? undefined : commaAfter(text, endOf(before));
  if (lastComma === undefined) return text.slice(0, start) + text.slice(end);
  return text.slice(0, lastComma - 1) + text.slice(lastComma, start).trimEnd() + text.slice(end);
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly base: string;
}

function cutOnly(text: string, { start, end, base }: Span): string {
  const before = text.slice(0, start);
  const after = text.slice(end);
  const close = `${newlineOf(text)}${base}`;
  const short = before + (after.startsWith(close) ? after.slice(close.length) : after);
  // The end of a line may also end a comment.
  return jsoncTree(short) === undefined ? before + after : short;
}

function cutRoot(text: string, root: Node): string {
  const after = text.slice(endOf(root));
  return text.slice(0, root.offset) + after.replace(/^\r?\n/, '');
}

function commaAfter(text: string, place: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(place);
  const kind: number = scanner.scan();
  return kind === TOKEN.comma ? scanner.getTokenOffset() + 1 : undefined;
}

function nodeAt(tree: Node, path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>((node, key) => {
    const member = node === undefined ? undefined : childrenOf(node).findLast((one) => keyOf(one) === key);
    return member?.children?.[1];
  }, tree);
}

function childrenOf(node: Node): readonly Node[] {
  return node.type === 'object' ? (node.children ?? []) : [];
}

function keyOf(member: Node): unknown {
  return member.children?.[0]?.value;
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

function lineStartOf(text: string, place: number): number {
  return Math.max(text.lastIndexOf('\n', place - 1), text.lastIndexOf('\r', place - 1)) + 1;
}

function indentAt(text: string, place: number): string {
  return /^[ \t]*/.exec(text.slice(lineStartOf(text, place)))?.[0] ?? '';
}

function startsLine(text: string, place: number): boolean {
  const start = lineStartOf(text, place);
  return start > 0 && text.slice(start, place).trim() === '';
}

function lineBreakBefore(text: string, place: number): number {
  const start = lineStartOf(text, place);
  return text.slice(start - 2, start) === '\r\n' ? start - 2 : start - 1;
}

/** What the file is indented by. */
function unitOf(text: string): string {
  return /\n([ \t]+)(?=["{[/])/.exec(text)?.[1] ?? '  ';
}

function pretty(value: unknown, unit: string, newline: string): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', newline);
}
