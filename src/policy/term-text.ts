import { GatewayError } from '../core/errors.ts';
import { quote } from './go-quote.ts';
import { arrayTerm, numberTerm, objectTerm, setTerm, type Term } from './term.ts';

/** Reads what `opa_value_dump` writes: JSON, and sets as `{1, 2}` or `set()`. */
export function parseTerm(text: string): Term {
  const reader = new TermReader(text);
  const term = reader.term();
  reader.expectEnd();
  return term;
}

/** Writes what `opa_value_parse` reads. */
export function writeTerm(term: Term): string {
  if (term === null || typeof term === 'boolean' || typeof term === 'string') return JSON.stringify(term);
  if (term.kind === 'number') return term.text;
  if (term.kind === 'array') return `[${term.items.map(writeTerm).join(',')}]`;
  if (term.kind === 'set') return term.items.length === 0 ? 'set()' : `{${term.items.map(writeTerm).join(',')}}`;
  return `{${term.entries.map(([key, value]) => `${writeTerm(key)}:${writeTerm(value)}`).join(',')}}`;
}

/** The text of a value as people write it in Rego (`ast.Value.String`). */
export function regoText(term: Term): string {
  if (term === null || typeof term === 'boolean') return String(term);
  if (typeof term === 'string') return quote(term);
  if (term.kind === 'number') return term.text;
  if (term.kind === 'array') return `[${term.items.map(regoText).join(', ')}]`;
  if (term.kind === 'set') return term.items.length === 0 ? 'set()' : `{${term.items.map(regoText).join(', ')}}`;
  return `{${term.entries.map(([key, value]) => `${regoText(key)}: ${regoText(value)}`).join(', ')}}`;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const NUMBER = /-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SPACE = /\s*/y;
const LITERALS: readonly (readonly [string, Term])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['set()', { kind: 'set', items: [] }],
];

class TermReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  expectEnd(): void {
    this.#take(SPACE);
    if (this.#position !== this.#text.length) throw unreadable();
  }

  term(): Term {
    this.#take(SPACE);
    if (this.#eat('[')) return arrayTerm(this.#list(']', () => this.term()));
    if (this.#eat('{')) return this.#objectOrSet();
    const string = this.#take(STRING);
    if (string !== undefined) return parseString(string);
    const number = this.#take(NUMBER);
    if (number !== undefined) return numberOf(number);
    for (const [word, term] of LITERALS) if (this.#eat(word)) return term;
    throw unreadable();
  }

  #objectOrSet(): Term {
    if (this.#eat('}')) return objectTerm([]);
    const first = this.term();
    this.#take(SPACE);
    if (!this.#eat(':')) return setTerm([first, ...this.#rest('}', () => this.term())]);
    const entry = (): readonly [Term, Term] => {
      const key = this.term();
      this.#take(SPACE);
      if (!this.#eat(':')) throw unreadable();
      return [key, this.term()];
    };
    return objectTerm([[first, this.term()] as const, ...this.#rest('}', entry)]);
  }

  #list(end: string, item: () => Term): readonly Term[] {
    this.#take(SPACE);
    if (this.#eat(end)) return [];
    return [item(), ...this.#rest(end, item)];
  }

  /** Items that each follow a comma, up to the end. */
  #rest<Item>(end: string, item: () => Item): readonly Item[] {
    const items: Item[] = [];
    for (;;) {
      this.#take(SPACE);
      if (this.#eat(end)) return items;
      if (!this.#eat(',')) throw unreadable();
      items.push(item());
    }
  }

  #eat(token: string): boolean {
    if (!this.#text.startsWith(token, this.#position)) return false;
    this.#position += token.length;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#position += found.length;
    return found;
  }
}

/** OPA calculates with no number beyond 2^100000; one digit more costs those who turn it into a number quadratic time. */
const MOST_DIGITS = 40_000;

function numberOf(text: string): Term {
  if (text.length > MOST_DIGITS) throw unreadable();
  return numberTerm(text);
}

function parseString(text: string): string {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? value : '';
}

function unreadable(): GatewayError {
  return new GatewayError('POLICY_FAILED', 'A value of the policy module cannot be read.');
}
