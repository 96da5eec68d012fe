import { isMap, isScalar, isSeq, parseDocument, type Pair, type ParsedNode, type YAMLMap } from 'yaml';
import { GatewayError } from '../core/errors.ts';
import { blankComments } from './json-comments.ts';

/** A server as it is written into a configuration, with the standard keys alone. */
export interface ServerEntry {
  readonly id: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Lines for people, written above it where it has lines of its own. */
  readonly comments?: readonly string[];
}

/**
 * The text of a configuration with one server more, behind the others; every other byte stays as it is. Where nothing is
 * said about names of tools they are prefixed from now on, so that a further server renames nothing. Throws USAGE where
 * the text has no `mcpServers` that can be added to.
 */
export function withServer(text: string, entry: ServerEntry): string {
  return behindMark(text, (plain) => withPrefixedNames(withEntry(plain, entry))) ?? text;
}

/** The text without a server; the comments around it stay. Undefined where the text does not have it. */
export function withoutServer(text: string, id: string): string | undefined {
  return behindMark(text, (plain) => {
    const servers = serversIn(plain);
    const pair = servers?.items.find(({ key }) => nameOf(key) === id);
    if (servers === undefined || pair === undefined) return undefined;
    return servers.flow === true ? withoutFlowPair(plain, servers, pair) : withoutBlockPair(plain, servers, pair);
  });
}

const BYTE_ORDER_MARK = '\u{feff}';

/** What some editors write before everything stays there: to whoever counts columns it would be a blank. */
function behindMark(text: string, edit: (plain: string) => string | undefined): string | undefined {
  if (!text.startsWith(BYTE_ORDER_MARK)) return edit(text);
  const edited = edit(text.slice(BYTE_ORDER_MARK.length));
  return edited === undefined ? undefined : `${BYTE_ORDER_MARK}${edited}`;
}

type Item = Pair<ParsedNode, ParsedNode | null>;
type Servers = YAMLMap.Parsed;

function rootOf(text: string): Servers {
  // Comments of JSON are blanks to YAML, at the same places.
  const document = parseDocument(isJson(text) ? blankComments(text) : text, { version: '1.2', schema: 'core' });
  const { contents } = document;
  if (document.errors.length === 0 && isMap(contents)) return contents;
  throw new GatewayError('USAGE', 'the configuration cannot be added to', {
    mend: 'Write the server into it by hand, and accept it with `mcp-gateway server approve`.',
  });
}

function serversIn(text: string): Servers | undefined {
  const value = rootOf(text).items.find(({ key }) => nameOf(key) === 'mcpServers')?.value;
  return isMap(value) ? value : undefined;
}

function isJson(text: string): boolean {
  return /^\uFEFF?\s*(?:\{|\/[/*])/u.test(text);
}

function withEntry(text: string, entry: ServerEntry): string {
  const servers = serversIn(text);
  if (servers === undefined) {
    throw new GatewayError('USAGE', 'the configuration has no mcpServers to add to', {
      mend: 'Write `mcpServers: {}` into it.',
    });
  }
  return servers.flow === true ? addedToFlow(text, servers, entry) : addedToBlock(text, servers, entry);
}

function addedToBlock(text: string, servers: Servers, entry: ServerEntry): string {
  const [first] = servers.items;
  const indent = ' '.repeat(columnOf(text, startOf(first)));
  const at = endOfLine(text, lastEnd(servers));
  const newline = newlineOf(text);
  const before = text.slice(0, at);
  const glue = before.endsWith('\n') ? '' : newline;
  const lines = blockLines(entry, indent).map((line) => `${line}${newline}`);
  return `${before}${glue}${lines.join('')}${text.slice(at)}`;
}

/** One line a setting; ids and texts are written as JSON, which YAML reads the same way, unless they are plain words. */
function blockLines({ id, settings, comments = [] }: ServerEntry, indent: string): readonly string[] {
  const members = Object.entries(settings).map(([name, value]) => `${indent}  ${name}: ${flowText(value)}`);
  return [...comments.map((line) => `${indent}# ${line}`), `${indent}${flowText(id)}:`, ...members];
}

const PLAIN = /^[A-Za-z@./][A-Za-z0-9@._/+-]*$/u;
const NOT_TEXT = /^(?:true|false|null|yes|no|on|off|y|n|\.nan|[-+]?\.inf)$/iu;

function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([name, one]) => `${flowText(name)}: ${flowText(one)}`)
      .join(', ')} }`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !NOT_TEXT.test(value) && !value.startsWith('@') ? value : JSON.stringify(value);
}

function addedToFlow(text: string, servers: Servers, entry: ServerEntry): string {
  const { id, settings } = entry;
  const newline = newlineOf(text);
  const close = (servers.range?.[1] ?? 1) - 1;
  const last = servers.items.at(-1);
  if (last === undefined && !isJson(text)) return addedAsBlock(text, servers, entry);
  const isSpread = last !== undefined && text.slice(servers.range?.[0] ?? 0, close).includes('\n');
  const isJsonText = isJson(text);
  const item = isJsonText
    ? `${JSON.stringify(id)}: ${JSON.stringify(settings)}`
    : `${flowText(id)}: ${flowText(settings)}`;
  if (last === undefined) {
    const inner = isJsonText ? `${newline}    ${item}${newline}  ` : ` ${item} `;
    return `${text.slice(0, (servers.range?.[0] ?? 0) + 1)}${inner}${text.slice(close)}`;
  }
  const at = endOf(last);
  const indent = ' '.repeat(columnOf(text, startOf(last)));
  return `${text.slice(0, at)},${isSpread ? `${newline}${indent}` : ' '}${item}${text.slice(at)}`;
}

/** The first one of all: what stands behind the braces on their line, such as a comment, stays there. */
function addedAsBlock(text: string, servers: Servers, entry: ServerEntry): string {
  const newline = newlineOf(text);
  const [start, end] = servers.range;
  const lineEnd = endOfLine(text, end);
  const key = text.lastIndexOf('\n', start - 1) + 1;
  const indent = ' '.repeat(text.slice(key).search(/\S/u) + 2);
  const rest = text.slice(end, lineEnd).trimEnd();
  const lines = blockLines(entry, indent).map((line) => `${line}${newline}`);
  return `${text.slice(0, start).trimEnd()}${rest}${newline}${lines.join('')}${text.slice(lineEnd)}`;
}

function withoutBlockPair(text: string, servers: Servers, pair: Item): string {
  const lineStart = text.lastIndexOf('\n', startOf(pair) - 1) + 1;
  const behind = text.slice(endOfLine(text, endOf(pair)));
  if (servers.items.length > 1) return text.slice(0, lineStart) + behind;
  const key = rootOf(text).items.find((one) => nameOf(one.key) === 'mcpServers')?.key;
  const colon = text.indexOf(':', key?.range[1]) + 1;
  return `${text.slice(0, colon)} {}${text.slice(colon, lineStart)}${behind}`;
}

function withoutFlowPair(text: string, servers: Servers, pair: Item): string {
  const index = servers.items.findIndex(({ key }) => key === pair.key);
  const next = servers.items[index + 1];
  if (next !== undefined) return text.slice(0, startOf(pair)) + text.slice(startOf(next));
  const before = servers.items[index - 1];
  const from = before === undefined ? startOf(pair) : endOf(before);
  return text.slice(0, from) + text.slice(endOf(pair));
}

function withPrefixedNames(text: string): string {
  const root = rootOf(text);
  const gateway = root.items.find(({ key }) => nameOf(key) === 'gateway');
  const newline = newlineOf(text);
  if (gateway === undefined) {
    const servers = root.items.find(({ key }) => nameOf(key) === 'mcpServers');
    const at = startOf(servers);
    const indent = ' '.repeat(columnOf(text, at));
    const line = isJson(text) ? '"gateway": {"toolNames": "prefixed"},' : 'gateway: { toolNames: prefixed }';
    return root.flow === true && !isJson(text)
      ? `${text.slice(0, at)}${line}, ${text.slice(at)}`
      : `${text.slice(0, at)}${line}${newline}${indent}${text.slice(at)}`;
  }
  const { value } = gateway;
  if (!isMap(value) || value.items.some(({ key }) => nameOf(key) === 'toolNames')) return text;
  return withFirstMember(text, value);
}

function withFirstMember(text: string, map: Servers): string {
  const member = isJson(text) ? '"toolNames": "prefixed"' : 'toolNames: prefixed';
  const [first] = map.items;
  if (map.flow === true) {
    const at = (map.range?.[0] ?? 0) + 1;
    return `${text.slice(0, at)} ${member}${first === undefined ? ' ' : ','}${text.slice(at)}`;
  }
  const at = startOf(first);
  return `${text.slice(0, at)}${member}${newlineOf(text)}${' '.repeat(columnOf(text, at))}${text.slice(at)}`;
}

function nameOf(key: unknown): string | undefined {
  return isScalar(key) && typeof key.value === 'string' ? key.value : undefined;
}

function startOf(pair: Item | undefined): number {
  return pair?.key.range?.[0] ?? 0;
}

function endOf({ key, value }: Item): number {
  return value === null || value === undefined ? (key.range?.[1] ?? 0) : lastEnd(value);
}

/** The end of the last thing that is written in a value; a map in block style ends with blanks and comments otherwise. */
function lastEnd(node: ParsedNode): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last === undefined) return node.range[1];
    return isMap(node) ? endOf(last as Item) : lastEnd(last as ParsedNode);
  }
  return node.range[1];
}

/** Behind the line that a place is in, with its comment. */
function endOfLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1);
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
