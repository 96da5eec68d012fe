import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { parse as parseToml, TomlError } from 'smol-toml';
import { parseDocument, type YAMLError } from 'yaml';
import { messageOf } from '../core/errors.ts';
import type { ClientDescription } from './description.ts';

export type Syntax = ClientDescription['syntax'];

/** What a file says, or what is wrong with it. */
export type Parsed =
  /** Undefined where nothing is written but blanks and comments. */
  { readonly kind: 'value'; readonly value: unknown } | ParseProblem;

export interface ParseProblem {
  readonly kind: 'problem';
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly what: string;
}

export const BYTE_ORDER_MARK = '\u{feff}';

/** Reads the text of a file, with or without a byte-order mark. Throws nothing. */
export function parseText(text: string, syntax: Syntax): Parsed {
  const plain = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  try {
    if (plain.trim() === '') return { kind: 'value', value: undefined };
    if (syntax === 'jsonc') return parseJsonc(plain);
    return syntax === 'toml' ? parseTomlText(plain) : parseYaml(plain);
  } catch (thrown) {
    // Some of the parsers give up on what is nested too deeply with an error of their own.
    return { kind: 'problem', line: 1, column: 1, what: messageOf(thrown) };
  }
}

/** The tree of JSON with comments and trailing commas, or undefined where there are errors or nothing at all. */
export function jsoncTree(text: string): Node | undefined {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, JSONC);
  return errors.length === 0 ? tree : undefined;
}

const JSONC = { allowTrailingComma: true, disallowComments: false, allowEmptyContent: true };

function parseJsonc(text: string): Parsed {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, JSONC);
  const [first] = errors;
  if (first !== undefined) {
    const words = printParseErrorCode(first.error)
      .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase();
    return { kind: 'problem', ...placeAt(text, first.offset), what: words };
  }
  return { kind: 'value', value: tree === undefined ? undefined : valueOf(tree) };
}

/** Own members alone: a key such as `__proto__` is one like any other. */
function valueOf(node: Node): unknown {
  const children = node.children ?? [];
  if (node.type === 'array') return children.map(valueOf);
  if (node.type !== 'object') return node.value;
  return Object.fromEntries(
    children.flatMap(({ children: pair }) => {
      const [key, value] = pair ?? [];
      return key === undefined || value === undefined ? [] : [[String(key.value), valueOf(value)]];
    }),
  );
}

function parseTomlText(text: string): Parsed {
  try {
    return { kind: 'value', value: parseToml(text, { integersAsBigInt: 'asNeeded' }) };
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const [what = ''] = thrown.message.split('\n');
    return { kind: 'problem', line: thrown.line, column: thrown.column, what };
  }
}

function parseYaml(text: string): Parsed {
  const document = parseDocument(text, { version: '1.2', schema: 'core', merge: true });
  const [first] = document.errors;
  if (first !== undefined) return { kind: 'problem', ...placeAt(text, first.pos[0]), what: firstLine(first) };
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  return { kind: 'value', value: value ?? undefined };
}

function firstLine({ message }: YAMLError): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}

function placeAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
