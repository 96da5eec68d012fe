/**
 * A Rego value as our built-in functions take and give it. Numbers keep their text, so that 9007199254740993 stays
 * what it is; sets and objects are sorted in OPA's order, keys of objects may be any value.
 */
export type Term = null | boolean | string | NumberTerm | ArrayTerm | ObjectTerm | SetTerm;

export interface NumberTerm {
  readonly kind: 'number';
  readonly text: string;
}
export interface ArrayTerm {
  readonly kind: 'array';
  readonly items: readonly Term[];
}
export interface ObjectTerm {
  readonly kind: 'object';
  readonly entries: readonly (readonly [Term, Term])[];
}
export interface SetTerm {
  readonly kind: 'set';
  readonly items: readonly Term[];
}

export type TermType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' | 'set';

export function typeOf(term: Term): TermType {
  if (term === null) return 'null';
  if (typeof term === 'boolean') return 'boolean';
  if (typeof term === 'string') return 'string';
  return term.kind;
}

export function numberTerm(value: number | bigint | string): NumberTerm {
  return { kind: 'number', text: String(value) };
}

export function arrayTerm(items: readonly Term[]): ArrayTerm {
  return { kind: 'array', items };
}

export function objectTerm(entries: readonly (readonly [Term, Term])[]): ObjectTerm {
  return { kind: 'object', entries: entries.toSorted(([left], [right]) => compareTerms(left, right)) };
}

export function setTerm(items: readonly Term[]): SetTerm {
  const sorted = items.toSorted(compareTerms);
  return { kind: 'set', items: sorted.filter((item, index) => index === 0 || !isEqual(item, sorted[index - 1])) };
}

/** Values in it, and characters of its texts: how long it takes at most to compare it. Counts no further than `most`. */
export function weightOf(term: Term, most: number): number {
  if (typeof term === 'string') return 1 + term.length;
  if (typeof term !== 'object' || term === null) return 1;
  if (term.kind === 'number') return 1 + term.text.length;
  let weight = 1;
  for (const item of term.kind === 'object' ? term.entries : term.items) {
    if (weight > most) break;
    weight += isEntry(item) ? weightOf(item[0], most) + weightOf(item[1], most) : weightOf(item, most);
  }
  return weight;
}

function isEntry(item: Term | readonly [Term, Term]): item is readonly [Term, Term] {
  return Array.isArray(item);
}

export function isEqual(left: Term, right: Term | undefined): boolean {
  return right !== undefined && compareTerms(left, right) === 0;
}

const TYPE_ORDER: readonly TermType[] = ['null', 'boolean', 'number', 'string', 'array', 'object', 'set'];

/** OPA's total order (`ast.Compare`): below 0, 0 or above 0. */
function compareTerms(left: Term, right: Term): number {
  const leftType = typeOf(left);
  const byType = TYPE_ORDER.indexOf(leftType) - TYPE_ORDER.indexOf(typeOf(right));
  if (byType !== 0 || left === null || right === null) return byType;
  if (typeof left === 'boolean') return Number(left) - Number(right);
  if (typeof right === 'boolean') return 0;
  if (typeof left === 'string') return typeof right === 'string' ? compareTexts(left, right) : 0;
  if (typeof right === 'string') return 0;
  if (left.kind === 'number') return right.kind === 'number' ? compareNumbers(left.text, right.text) : 0;
  return compareLists(elementsOf(left), elementsOf(right));
}

/** An object compares first by its keys, then by its values. */
function elementsOf(term: ArrayTerm | ObjectTerm | SetTerm | NumberTerm): readonly Term[] {
  if (term.kind === 'number') return [];
  if (term.kind !== 'object') return term.items;
  return term.entries.flat();
}

function compareLists(left: readonly Term[], right: readonly Term[]): number {
  for (let index = 0; index < left.length; index += 1) {
    const one = left[index];
    const other = right[index];
    if (one === undefined || other === undefined) break;
    const order = compareTerms(one, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** By bytes of UTF-8, as Go does; that differs from JavaScript's order only beyond the basic plane. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const shorter = Math.min(left.length, right.length);
  let place = 0;
  while (place < shorter && left.charCodeAt(place) === right.charCodeAt(place)) place += 1;
  const [one, other] = [left.charCodeAt(place), right.charCodeAt(place)];
  if (one >= FIRST_SURROGATE && other >= FIRST_SURROGATE) return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return place === shorter ? left.length - right.length : one - other;
}

const FIRST_SURROGATE = 0xd800;

function compareNumbers(left: string, right: string): number {
  if (left === right) return 0;
  if (isWhole(left) && isWhole(right)) return sign(BigInt(left) - BigInt(right));
  const one = decimalOf(left);
  const other = decimalOf(right);
  if (Math.abs(one.exponent - other.exponent) > MOST_DIGITS) return Math.sign(Number(left) - Number(right));
  const exponent = Math.min(one.exponent, other.exponent);
  const scaled = (number: Decimal): bigint => number.digits * 10n ** BigInt(number.exponent - exponent);
  return sign(scaled(one) - scaled(other));
}

const MOST_DIGITS = 4000;

/** digits × 10 ^ exponent */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function decimalOf(text: string): Decimal {
  const [mantissa = '0', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

export function isWhole(text: string): boolean {
  return /^-?\d+$/.test(text);
}

function sign(value: bigint): number {
  if (value === 0n) return 0;
  return value < 0n ? -1 : 1;
}

/** A JSON value as a term. JavaScript's numbers are written as JSON would write them. */
export function termOf(value: unknown): Term {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return numberTerm(JSON.stringify(value));
  if (Array.isArray(value)) return arrayTerm(value.map(termOf));
  if (typeof value !== 'object') return null;
  return objectTerm(Object.entries(value).map(([key, member]) => [key, termOf(member)] as const));
}

export function isObjectTerm(term: Term | undefined): term is ObjectTerm {
  return typeof term === 'object' && term?.kind === 'object';
}

export function isArrayTerm(term: Term | undefined): term is ArrayTerm {
  return typeof term === 'object' && term?.kind === 'array';
}

export function isSetTerm(term: Term | undefined): term is SetTerm {
  return typeof term === 'object' && term?.kind === 'set';
}

/** The value of a key, looked for in the sorted entries. */
export function memberOf(object: ObjectTerm, key: Term): Term | undefined {
  return searchSorted(object.entries, ([candidate]) => compareTerms(candidate, key))?.[1];
}

export function includesTerm(set: SetTerm, item: Term): boolean {
  return searchSorted(set.items, (candidate) => compareTerms(candidate, item)) !== undefined;
}

function searchSorted<Item>(sorted: readonly Item[], compare: (item: Item) => number): Item | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle];
    if (found === undefined) return undefined;
    const order = compare(found);
    if (order === 0) return found;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}
