import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type ParsedNode, type YAMLError } from 'yaml';
import { messageOf } from '../core/errors.ts';
import { FORBIDDEN_NAMES } from '../core/names.ts';
import { pathText, type Problem, type ProblemCode } from './problems.ts';
import { substitute, type SubstitutionSource } from './substitute.ts';
import type { Entry, Place, ScalarNode, SourceFile, TreeNode } from './tree.ts';

export interface ReadTree {
  /** Absent where the text is not YAML at all. */
  readonly root: TreeNode | undefined;
  readonly problems: readonly Problem[];
}

/** Aliases are written out, so a few lines could ask for any number of values. */
const MAX_VALUES = 50_000;
const MAX_DEPTH = 64;

/** Reads YAML 1.2 (so JSON too), one document, and puts in what `${…}` stands for, where a source for that is given. Never throws. */
export function readYaml(file: SourceFile, source?: SubstitutionSource): ReadTree {
  let document: Document.Parsed;
  try {
    document = parseDocument(file.text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: true,
      merge: false,
      prettyErrors: false,
    });
  } catch (thrown) {
    return {
      root: undefined,
      problems: [problemAt({ file, start: 0, end: 1 }, 'E_SYNTAX', `cannot be read: ${messageOf(thrown)}`)],
    };
  }
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) return { root: undefined, problems: broken.map((error) => syntaxProblem(file, error)) };
  const walk = new Walk(file, source);
  const root = walk.nodeOf(document.contents, []);
  return { root: walk.isCutShort ? undefined : root, problems: walk.problems };
}

function syntaxProblem(file: SourceFile, error: YAMLError): Problem {
  const [start, end] = error.pos;
  const place = { file, start: Math.min(start, file.text.length), end: Math.min(end, file.text.length) };
  if (error.code === 'DUPLICATE_KEY')
    return problemAt(place, 'E_DUPLICATE_KEY', 'this key stands here twice; one of them would be lost');
  if (error.code === 'TAB_AS_INDENT') {
    return { ...problemAt(place, 'E_SYNTAX', 'a tab cannot indent YAML'), help: 'indent with spaces' };
  }
  return problemAt(place, 'E_SYNTAX', error.message.replaceAll(/\s+/g, ' '));
}

function problemAt(place: Place, code: ProblemCode, message: string): Problem {
  return { code, path: '', message, place };
}

type YamlNode = ParsedNode | null | undefined;

/** One pass over the nodes of a document. It counts, because an alias may repeat everything before it. */
class Walk {
  readonly problems: Problem[] = [];
  readonly #file: SourceFile;
  readonly #source: SubstitutionSource | undefined;
  readonly #anchors = new Map<string, ParsedNode>();
  #values = 0;

  constructor(file: SourceFile, source: SubstitutionSource | undefined) {
    this.#file = file;
    this.#source = source;
  }

  get isCutShort(): boolean {
    return this.problems.some((problem) => problem.code === 'E_TOO_LARGE');
  }

  nodeOf(node: YamlNode, path: readonly string[], depth = 0): TreeNode {
    const place = this.#placeOf(node);
    this.#values += 1;
    if (this.#values > MAX_VALUES || depth > MAX_DEPTH) return this.#tooLarge(place, depth);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      return target === undefined
        ? this.#failed(place, path, 'this alias names no anchor before it')
        : this.nodeOf(target, path, depth + 1);
    }
    if (node?.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return { kind: 'map', entries: this.#entriesOf(node.items, path, depth), place };
    if (isSeq(node)) {
      return {
        kind: 'list',
        items: node.items.map((item, index) => this.nodeOf(item, [...path, String(index)], depth + 1)),
        place,
      };
    }
    return this.#scalarOf(isScalar(node) ? node.value : null, place, path);
  }

  #entriesOf(
    items: readonly { key: unknown; value: unknown }[],
    path: readonly string[],
    depth: number,
  ): ReadonlyMap<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const item of items) {
      const key = item.key as YamlNode;
      const place = this.#placeOf(key);
      const name = nameOf(key);
      if (name === undefined) this.#say(place, path, ['E_SYNTAX', 'a key is text, not a list or a map']);
      else if (FORBIDDEN_NAMES.has(name)) this.#say(place, path, ['E_NAME', `"${name}" cannot be a key`]);
      else if (entries.has(name))
        this.#say(place, path, ['E_DUPLICATE_KEY', 'this key stands here twice; one of them would be lost']);
      else entries.set(name, { key: place, node: this.nodeOf(item.value as YamlNode, [...path, name], depth + 1) });
    }
    return entries;
  }

  #scalarOf(value: unknown, place: Place, path: readonly string[]): ScalarNode {
    if (typeof value === 'string') return this.#textOf(value, place, path);
    if (value === null || typeof value === 'boolean') return scalar(value, place);
    if (typeof value === 'number' && Number.isFinite(value)) return scalar(value, place);
    return this.#failed(place, path, 'this number is not finite');
  }

  #textOf(text: string, place: Place, path: readonly string[]): ScalarNode {
    if (this.#source === undefined) return scalar(text, place);
    const result = substitute(text, this.#source);
    if (result.kind === 'done') return { ...scalar(result.text, place), insertions: result.insertions };
    for (const failure of result.failures) this.problems.push({ ...failure, path: pathText(path), place });
    return { ...scalar(text, place), hasFailed: true };
  }

  #failed(place: Place, path: readonly string[], message: string): ScalarNode {
    this.#say(place, path, ['E_VALUE', message]);
    return { ...scalar(null, place), hasFailed: true };
  }

  #tooLarge(place: Place, depth: number): ScalarNode {
    const message =
      depth > MAX_DEPTH
        ? `nested more than ${MAX_DEPTH} deep`
        : `more than ${MAX_VALUES} values with its aliases written out`;
    if (!this.problems.some((problem) => problem.code === 'E_TOO_LARGE'))
      this.#say(place, [], ['E_TOO_LARGE', message]);
    return { ...scalar(null, place), hasFailed: true };
  }

  #say(place: Place, path: readonly string[], what: readonly [ProblemCode, string]): void {
    const [code, message] = what;
    this.problems.push({ code, path: pathText(path), message, place });
  }

  #placeOf(node: YamlNode): Place {
    const [start, end] = node?.range ?? [0, 0];
    return { file: this.#file, start, end };
  }
}

function scalar(value: string | number | boolean | null, place: Place): ScalarNode {
  return { kind: 'scalar', value, place, insertions: [], hasFailed: false };
}

/** Numbers and the like are keys as they were written. */
function nameOf(key: YamlNode): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? '');
}
