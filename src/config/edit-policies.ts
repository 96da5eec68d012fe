import { isMap, isScalar, isSeq, parseDocument, type Pair, type ParsedNode, type YAMLMap, type YAMLSeq } from 'yaml';
import { GatewayError } from '../core/errors.ts';
import { blankComments } from './json-comments.ts';

/** A bundle of the organisation as it is written into a configuration. */
export interface BundleEntry {
  readonly id: string;
  readonly layer: string;
  readonly source: string;
  readonly mode: string;
  readonly for?: unknown;
  readonly data?: unknown;
}

/**
 * The text of a configuration with one bundle more under `policies.org`, behind the others; every other byte stays. Throws
 * USAGE where the text has no place for it.
 */
export function withBundle(text: string, entry: BundleEntry): string {
  const org = orgIn(text);
  const written = flowText(entry, isJson(text));
  if (org === undefined) return withPolicies(text, written);
  const last = org.items.at(-1);
  if (org.flow === true) {
    const at = last === undefined ? (org.range[0] ?? 0) + 1 : (last.range?.[1] ?? 0);
    return `${text.slice(0, at)}${last === undefined ? ' ' : ', '}${written}${last === undefined ? ' ' : ''}${text.slice(at)}`;
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const indent = ' '.repeat(dashColumn(text, org.items[0]));
  const at = endOfLine(text, lastEnd(org));
  const glue = at === 0 || text[at - 1] === '\n' ? '' : newline;
  return `${text.slice(0, at)}${glue}${indent}- ${written}${newline}${text.slice(at)}`;
}

/** The text without a bundle of the organisation; as it is where there is none of that id. */
export function withoutBundle(text: string, id: string): string {
  const org = orgIn(text);
  const index = org === undefined ? -1 : org.items.findIndex((item) => idOf(item) === id);
  const item = org?.items[index];
  if (org === undefined || item === undefined) return text;
  if (org.flow !== true) {
    const start = text.lastIndexOf('\n', (item.range?.[0] ?? 0) - 1) + 1;
    const behind = text.slice(endOfLine(text, lastEnd(item)));
    if (org.items.length > 1) return `${text.slice(0, start)}${behind}`;
    const indent = ' '.repeat(dashColumn(text, item));
    return `${text.slice(0, start)}${indent}[]${text.includes('\r\n') ? '\r\n' : '\n'}${behind}`;
  }
  const next = org.items[index + 1];
  if (next !== undefined) return text.slice(0, item.range?.[0]) + text.slice(next.range?.[0]);
  const before = org.items[index - 1];
  return text.slice(0, before?.range?.[1] ?? item.range?.[0]) + text.slice(item.range?.[1]);
}

/** The text with another value of a setting of a bundle. Throws USAGE where the setting is not written there. */
export function withSetting(
  text: string,
  { id, name, value }: { readonly id: string; readonly name: 'source' | 'mode'; readonly value: string },
): string {
  const item = orgIn(text)?.items.find((one) => idOf(one) === id);
  const pair = isMap(item) ? pairOf(item, name) : undefined;
  const node = pair?.value;
  if (!isScalar(node) || node.range === undefined || node.range === null) {
    throw new GatewayError('USAGE', `the configuration has no ${name} of ${id} that can be changed`, {
      mend: 'Change it by hand.',
    });
  }
  const [start, end] = node.range;
  return `${text.slice(0, start)}${flowText(value, isJson(text))}${text.slice(end)}`;
}

/** As it is written there; undefined where it is not. */
export function settingIn(text: string, id: string, name: 'source' | 'mode'): string | undefined {
  const item = orgIn(text)?.items.find((one) => idOf(one) === id);
  const node = isMap(item) ? pairOf(item, name)?.value : undefined;
  return isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
}

function rootOf(text: string): YAMLMap.Parsed {
  const { contents, errors } = parseDocument(isJson(text) ? blankComments(text) : text, {
    version: '1.2',
    schema: 'core',
  });
  if (errors.length === 0 && isMap(contents)) return contents;
  throw new GatewayError('USAGE', 'the configuration cannot be changed', {
    mend: 'See `mcp-gateway config validate`.',
  });
}

function isJson(text: string): boolean {
  return /^\uFEFF?\s*(?:\{|\/[/*])/u.test(text);
}

function orgIn(text: string): YAMLSeq.Parsed | undefined {
  const policies = pairOf(rootOf(text), 'policies')?.value;
  const org = isMap(policies) ? pairOf(policies, 'org')?.value : undefined;
  return isSeq(org) ? org : undefined;
}

function withPolicies(text: string, written: string): string {
  const root = rootOf(text);
  const policies = pairOf(root, 'policies');
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (policies === undefined && root.flow !== true) {
    const glue = text === '' || text.endsWith('\n') ? '' : newline;
    return `${text}${glue}policies:${newline}  org:${newline}    - ${written}${newline}`;
  }
  const map = policies?.value;
  if (isMap(map) && map.flow !== true && map.items.length > 0 && pairOf(map, 'org') === undefined) {
    const column = columnOf(text, map.items[0]?.key.range[0] ?? 0);
    const indent = ' '.repeat(column);
    const at = endOfLine(text, lastEnd(map));
    return `${text.slice(0, at)}${indent}org:${newline}${indent}  - ${written}${newline}${text.slice(at)}`;
  }
  throw new GatewayError('USAGE', 'the configuration has no list of bundles to add to', {
    mend: 'Write `policies: { org: [] }` into it.',
  });
}

type Item = Pair<ParsedNode, ParsedNode | null>;

function pairOf(map: YAMLMap.Parsed, name: string): Item | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function idOf(item: ParsedNode): unknown {
  const id = isMap(item) ? pairOf(item, 'id')?.value : undefined;
  return isScalar(id) ? id.value : undefined;
}

function lastEnd(node: ParsedNode): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1);
    if (last === undefined) return node.range[1];
    if (isSeq(node)) return lastEnd(last as ParsedNode);
    const { key, value } = last as Item;
    return value === null ? key.range[1] : lastEnd(value);
  }
  return node.range[1];
}

/** Where the dash of an item stands. */
function dashColumn(text: string, item: ParsedNode | undefined): number {
  const start = item?.range[0] ?? 0;
  return columnOf(text, text.lastIndexOf('-', start));
}

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1);
}

function endOfLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

const PLAIN = /^[A-Za-z./][A-Za-z0-9@._/-]*$/u;
const NOT_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/iu;

/** In flow style, which is JSON with plain words. */
function flowText(value: unknown, asJson: boolean): string {
  if (asJson) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one) => flowText(one, false)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, one]) => one !== undefined);
    return `{ ${members.map(([name, one]) => `${flowText(name, false)}: ${flowText(one, false)}`).join(', ')} }`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !NOT_TEXT.test(value) ? value : JSON.stringify(value);
}
