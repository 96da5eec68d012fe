import { BuiltinFailure } from './builtin.ts';
import { isWhole, type ArrayTerm, type Term, typeOf } from './term.ts';

/** What a built-in function wants of an argument; anything else is a failure, as in OPA's `topdown/builtins`. */

export function textOf(args: readonly Term[], place: number): string {
  const term = args[place];
  return typeof term === 'string' ? term : wrongType(args, place, 'string');
}

export function arrayOf(args: readonly Term[], place: number): ArrayTerm {
  const term = args[place];
  return typeof term === 'object' && term?.kind === 'array' ? term : wrongType(args, place, 'array');
}

/** A whole number of 64 bits. */
export function intOf(args: readonly Term[], place: number): bigint {
  const term = args[place];
  if (typeof term !== 'object' || term?.kind !== 'number') return wrongType(args, place, 'number');
  const value = int64Of(term.text);
  if (value === undefined) throw new BuiltinFailure(`operand ${place + 1} must be an integer`);
  return value;
}

/** The value of a number's text when it is a whole number of 64 bits. */
export function int64Of(text: string): bigint | undefined {
  if (!isWhole(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Texts of an array or a set. */
export function textsOf(args: readonly Term[], place: number): readonly string[] {
  const term = args[place];
  if (typeof term === 'string') return [term];
  if (typeof term !== 'object' || (term?.kind !== 'array' && term?.kind !== 'set')) {
    return wrongType(args, place, 'string, array or set');
  }
  return term.items.map((item) =>
    typeof item === 'string' ? item : wrongType(args, place, 'a collection of strings'),
  );
}

function wrongType(args: readonly Term[], place: number, wanted: string): never {
  const term = args[place];
  const got = term === undefined ? 'nothing' : typeOf(term);
  throw new BuiltinFailure(`operand ${place + 1} must be ${wanted} but got ${got}`);
}
