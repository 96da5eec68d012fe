import { isMap, isScalar, isSeq, type Pair, type ParsedNode, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { isJsonObject } from '../core/json.ts';
import type { Servers } from './comments.ts';
import { type Addition, type Edited, newlineOf, OtherShape, type Target } from './addition.ts';

type Item = Pair<ParsedNode, ParsedNode | null>;
type Collection = YAMLMap.Parsed | YAMLSeq.Parsed;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The text with one entry more, on lines of its own before the others. */
export function withYamlEntry(text: string, addition: Addition): Edited {
  const [key = ''] = addition.at;
  const newline = newlineOf(text);
  const pair = memberOf(text, key);
  if (pair === undefined) {
    const block = [`${key}:`, ...blockOf(addition, '  ')].map((line) => `${line}${newline}`).join('');
    return { text: `${text}${text === '' ? '' : newline}${block}`, made: 1 };
  }
  const { value } = pair;
  if (value === null || (isScalar(value) && value.value === null)) {
    return { text: withLines(text, endOfLine(text, endOf(pair.key)), blockOf(addition, '  ')), made: 0 };
  }
  if (!isMap(value) && !isSeq(value)) throw new OtherShape(key);
  if (value.flow === true) return { text: withFlowItem(text, value, addition), made: 0 };
  const [first] = rangesOf(text, value);
  const indent = ' '.repeat(columnOf(text, first?.start ?? 2));
  return { text: withLines(text, endOfLine(text, endOf(pair.key)), blockOf(addition, indent)), made: 0 };
}

/** The text without an entry; as it was where there is none. */
export function withoutYamlEntry(text: string, target: Target, made: number): string {
  const [key = ''] = target.at;
  const pair = memberOf(text, key);
  const value = pair?.value;
  if (pair === undefined || !(isMap(value) || isSeq(value))) return text;
  const ranges = rangesOf(text, value);
  const index = namesOf(value).indexOf(target.name);
  const range = ranges[index];
  if (range === undefined) return text;
  if (value.flow === true) return withoutFlowItem(text, ranges, index);
  const end = endOfLine(text, range.end);
  // A last line without an end leaves the one before it without one, too.
  const lineStart = lineStartOf(text, range.start);
  const isLast = end === text.length && !text.endsWith('\n');
  const start = !isLast ? lineStart : text.slice(0, lineStart).replace(/\r?\n$/, '').length;
  if (ranges.length > 1) return withoutYamlEntry(text.slice(0, start) + text.slice(end), target, made);
  if (made > 0) {
    const before = text.slice(0, lineStartOf(text, pair.key.range[0])).replace(/\r?\n$/, '');
    const between = text.slice(endOfLine(text, endOf(pair.key)), start);
    return `${before}${between}${text.slice(end)}`;
  }
  const colon = text.indexOf(':', endOf(pair.key)) + 1;
  return `${text.slice(0, colon)} ${isMap(value) ? '{}' : '[]'}${text.slice(colon, start)}${text.slice(end)}`;
}

/** Where each server of a file stands; what is written at the left edge behind the last one is about something else. */
export function yamlSpans(text: string, key: string): Servers {
  const { contents } = parseDocument(text, { version: '1.2', schema: 'core' });
  const items = isMap(contents) && contents.flow !== true ? (contents.items as readonly Item[]) : [];
  const index = items.findIndex((item) => isScalar(item.key) && item.key.value === key);
  const [before, pair] = [items[index - 1], items[index]];
  const value = pair?.value;
  if (pair === undefined || !(isMap(value) || isSeq(value))) return { spans: [], start: 0, end: 0 };
  const names = namesOf(value);
  const spans = rangesOf(text, value).map((range, at) => ({ ...range, name: nameText(names[at]) }));
  const start = before === undefined ? pair.key.range[0] : endOfLine(text, endOf(before.value ?? before.key));
  const behind = endOfLine(text, spans.at(-1)?.end ?? pair.key.range[1]);
  const further = /^(?:[ \t]+#[^\n]*\n|[ \t]*\n)*/.exec(text.slice(behind))?.[0].length ?? 0;
  return { spans, start, end: behind + further };
}

function nameText(name: unknown): string | undefined {
  return typeof name === 'string' ? name : undefined;
}

function memberOf(text: string, key: string): Item | undefined {
  const { contents } = parseDocument(text, { version: '1.2', schema: 'core' });
  if (contents === null || (isScalar(contents) && contents.value === null)) return undefined;
  if (!isMap(contents) || contents.flow === true) throw new OtherShape('');
  return (contents.items as readonly Item[]).find((item) => isScalar(item.key) && item.key.value === key);
}

/** Where each item begins, with its dash, and where what it says ends. */
function rangesOf(text: string, collection: Collection): readonly Range[] {
  if (isMap(collection)) {
    return (collection.items as readonly Item[]).map((item) => {
      return { start: item.key.range[0], end: item.value === null ? endOf(item.key) : endOf(item.value) };
    });
  }
  return collection.items.map((item) => {
    const start = collection.flow === true ? item.range[0] : text.lastIndexOf('-', item.range[0] - 1);
    return { start, end: endOf(item) };
  });
}

function namesOf(collection: Collection): readonly unknown[] {
  if (isMap(collection)) return collection.items.map(({ key }) => (isScalar(key) ? key.value : undefined));
  return collection.items.map((item) => (isMap(item) ? item.get('name') : undefined));
}

function withLines(text: string, place: number, lines: readonly string[]): string {
  const newline = newlineOf(text);
  const before = text.slice(0, place);
  // Where the last line has no end, ours gets none either: taking it out leaves the same.
  if (before !== '' && !before.endsWith('\n')) return `${before}${lines.map((line) => `${newline}${line}`).join('')}`;
  return `${before}${lines.map((line) => `${line}${newline}`).join('')}${text.slice(place)}`;
}

function blockOf({ shape, name, entry }: Addition, indent: string): readonly string[] {
  const members = Object.entries(entry).map(([key, value]) => `${key}: ${flowText(value)}`);
  if (shape === 'map') return [`${indent}${flowText(name)}:`, ...members.map((member) => `${indent}  ${member}`)];
  return [`name: ${flowText(name)}`, ...members].map(
    (member, index) => `${indent}${index === 0 ? '- ' : '  '}${member}`,
  );
}

function withFlowItem(text: string, collection: Collection, { shape, name, entry }: Addition): string {
  const item = shape === 'map' ? `${flowText(name)}: ${flowText(entry)}` : flowText({ name, ...entry });
  const [first] = rangesOf(text, collection);
  const place = first?.start ?? collection.range[0] + 1;
  return `${text.slice(0, place)}${item}${first === undefined ? '' : ', '}${text.slice(place)}`;
}

function withoutFlowItem(text: string, ranges: readonly Range[], index: number): string {
  const [before, range, next] = [ranges[index - 1], ranges[index], ranges[index + 1]];
  if (range === undefined) return text;
  if (next !== undefined) return text.slice(0, range.start) + text.slice(next.start);
  return text.slice(0, before?.end ?? range.start) + text.slice(range.end);
}

const PLAIN = /^[A-Za-z/][A-Za-z0-9./_-]*$/;
const NOT_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (isJsonObject(value)) {
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${flowText(key)}: ${flowText(one)}`)
      .join(', ')} }`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !NOT_TEXT.test(value) ? value : JSON.stringify(value);
}

/** The end of the last thing that is written in a node; a block ends with blanks and comments otherwise. */
function endOf(node: ParsedNode): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last === undefined) return node.range[1];
    if (isSeq(node)) return endOf(last as ParsedNode);
    const { key, value } = last as Item;
    return endOf(value ?? key);
  }
  return node.range[1];
}

/** Behind the line that a place is in, with its comment. */
function endOfLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

function lineStartOf(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

function columnOf(text: string, at: number): number {
  return at - lineStartOf(text, at);
}
