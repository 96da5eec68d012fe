import { BuiltinFailure } from './builtin.ts';
import { int64Of } from './operands.ts';
import {
  type ArrayTerm,
  arrayTerm,
  includesTerm,
  isArrayTerm,
  isEqual,
  isObjectTerm,
  isSetTerm,
  memberOf,
  type ObjectTerm,
  objectTerm,
  setTerm,
  type Term,
  weightOf,
} from './term.ts';
import { MOST_STEPS, Work } from './work.ts';

/**
 * `json.patch`: RFC 6902 as OPA extends it. A path is a JSON pointer, whose leading slash may be absent, or an array of
 * values; an element of a set is its own key. Any operation that cannot be carried out is a failure of the whole.
 */
export function patch(source: Term, operations: readonly Term[]): Term {
  const work = new Work('the patch');
  const patched = operations.reduce<Term | undefined>((document, operation) => {
    const next = apply(document, operation);
    // An operation may look at all of the document, and `copy` may double it.
    work.spend(next === undefined ? 1 : weightOf(next, MOST_STEPS));
    return next;
  }, source);
  if (patched === undefined) throw new BuiltinFailure('nothing is left of the document');
  return patched;
}

type Path = readonly Term[];

/** The document is absent after its root was removed. */
function apply(document: Term | undefined, operation: Term): Term | undefined {
  if (!isObjectTerm(operation)) throw new BuiltinFailure('an operation is not an object');
  const name = required(operation, 'op');
  const path = pathOf(required(operation, 'path'));
  const carryOut = typeof name === 'string' ? OPERATIONS.get(name) : undefined;
  if (carryOut === undefined) throw new BuiltinFailure('an operation is not known');
  return carryOut(document, path, operation);
}

type Operation = (document: Term | undefined, path: Path, operation: ObjectTerm) => Term | undefined;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['add', (document, path, operation) => insert(document, path, required(operation, 'value'))],
  ['remove', (document, path) => remove(document, path)],
  ['replace', (document, path, operation) => insert(remove(document, path), path, required(operation, 'value'))],
  [
    'move',
    (document, path, operation) => {
      const from = pathOf(required(operation, 'from'));
      const moved = find(document, from);
      return insert(remove(document, from), path, moved);
    },
  ],
  ['copy', (document, path, operation) => insert(document, path, find(document, pathOf(required(operation, 'from'))))],
  [
    'test',
    (document, path, operation) => {
      if (isEqual(find(document, path), required(operation, 'value'))) return document;
      throw new BuiltinFailure('a test failed');
    },
  ],
]);

function required(operation: ObjectTerm, member: string): Term {
  const value = memberOf(operation, member);
  if (value === undefined) throw new BuiltinFailure(`an operation has no '${member}'`);
  return value;
}

function pathOf(term: Term): Path {
  if (term === '') return [];
  if (typeof term === 'string') {
    const parts = term.replace(/^\/+/, '').split('/');
    return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  if (isArrayTerm(term)) return term.items;
  throw new BuiltinFailure('a path is neither text nor an array');
}

function find(document: Term | undefined, path: Path): Term {
  const found = path.reduce<Term | undefined>((value, key) => childOf(value, key), document);
  if (found === undefined) throw notThere();
  return found;
}

function childOf(value: Term | undefined, key: Term): Term {
  const child = lookUp(value, key);
  if (child === undefined) throw notThere();
  return child;
}

function lookUp(value: Term | undefined, key: Term): Term | undefined {
  if (isObjectTerm(value)) return memberOf(value, key);
  if (isSetTerm(value)) return includesTerm(value, key) ? key : undefined;
  return isArrayTerm(value) ? value.items[indexOf(value, key)] : undefined;
}

function notThere(): BuiltinFailure {
  return new BuiltinFailure('a path does not exist');
}

function insert(document: Term | undefined, path: Path, value: Term): Term {
  const last = path.at(-1);
  if (last === undefined) return value;
  return change(document, path.slice(0, -1), (parent) => {
    if (isObjectTerm(parent)) return objectTerm([...without(parent, last), [last, value]]);
    if (isSetTerm(parent)) {
      if (!isEqual(last, value)) throw new BuiltinFailure('the key of a set element differs from its value');
      return setTerm([...parent.items, value]);
    }
    if (!isArrayTerm(parent)) throw notThere();
    const index = indexOf(parent, last);
    if (index < 0 || index > parent.items.length) throw new BuiltinFailure('an index is out of bounds');
    return arrayTerm(parent.items.toSpliced(index, 0, value));
  });
}

function remove(document: Term | undefined, path: Path): Term | undefined {
  const last = path.at(-1);
  if (last === undefined) {
    if (document === undefined) throw notThere();
    return undefined;
  }
  return change(document, path.slice(0, -1), (parent) => {
    childOf(parent, last);
    if (isObjectTerm(parent)) return objectTerm(without(parent, last));
    if (isSetTerm(parent)) return setTerm(parent.items.filter((item) => !isEqual(item, last)));
    if (!isArrayTerm(parent)) throw notThere();
    return arrayTerm(parent.items.toSpliced(indexOf(parent, last), 1));
  });
}

/** The document with the value at the path changed. */
function change(document: Term | undefined, path: Path, edit: (value: Term) => Term): Term {
  if (document === undefined) throw notThere();
  const [key, ...rest] = path;
  if (key === undefined) return edit(document);
  const child = change(childOf(document, key), rest, edit);
  if (isObjectTerm(document)) return objectTerm([...without(document, key), [key, child]]);
  if (isSetTerm(document)) return setTerm([...document.items.filter((item) => !isEqual(item, key)), child]);
  if (!isArrayTerm(document)) throw notThere();
  return arrayTerm(document.items.with(indexOf(document, key), child));
}

function without(object: ObjectTerm, key: Term): readonly (readonly [Term, Term])[] {
  return object.entries.filter(([candidate]) => !isEqual(candidate, key));
}

/** `-` is the place behind the last. */
function indexOf(array: ArrayTerm, key: Term): number {
  if (key === '-') return array.items.length;
  const text = typeof key === 'object' && key?.kind === 'number' ? key.text : key;
  const index = typeof text === 'string' ? int64Of(text) : undefined;
  if (index === undefined) throw new BuiltinFailure('an index is not a whole number');
  if (typeof key === 'string' && key !== '0' && key.startsWith('0')) {
    throw new BuiltinFailure('an index begins with zero');
  }
  return Number(index);
}
