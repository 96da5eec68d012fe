import * as z from 'zod';
import type { RegoExpression, RegoTerm } from './syntax.ts';

const Part = z.unknown().optional();
/** As OPA writes its syntax tree in JSON. */
const Typed = z.object({ type: z.string(), value: Part });
const Member = z.tuple([z.unknown(), z.unknown()]);
const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const Comprehension = z.object({ term: Part, key: Part, value: Part, body: z.array(z.unknown()) });
const Expression = z.object({ terms: Part, negated: z.boolean().default(false) });
const Some = z.object({ symbols: z.array(z.unknown()) });
const Every = z.object({ key: Part, value: Part, domain: Part, body: z.array(z.unknown()) });

/** A term of OPA's syntax tree; one of a kind that is not known is an empty collection. */
export function readTerm(given: unknown): RegoTerm {
  const { type, value } = Typed.parse(given);
  const list = Array.isArray(value) ? value : [];
  switch (type) {
    case 'var':
      return { kind: 'variable', name: String(value) };
    case 'ref':
      return { kind: 'reference', parts: list.map(readTerm) };
    case 'call':
      return { kind: 'call', name: dottedName(list[0]), args: list.slice(1).map(readTerm) };
    case 'array':
    case 'set':
      return { kind: 'collection', items: list.map(readTerm) };
    case 'object':
      return { kind: 'object', members: list.map(readMember) };
    case 'arraycomprehension':
    case 'setcomprehension':
    case 'objectcomprehension':
      return readComprehension(Comprehension.parse(value));
    default:
      return readScalar(value);
  }
}

export function readExpressions(body: readonly unknown[]): readonly RegoExpression[] {
  return body.map(readExpression);
}

function readMember(given: unknown): readonly [RegoTerm, RegoTerm] {
  const [key, value] = Member.parse(given);
  return [readTerm(key), readTerm(value)];
}

function readComprehension({ term, key, value, body }: z.output<typeof Comprehension>): RegoTerm {
  const terms = [term, key, value].filter((part) => part !== undefined).map(readTerm);
  return { kind: 'comprehension', terms, body: readExpressions(body) };
}

function readScalar(value: unknown): RegoTerm {
  const scalar = Scalar.safeParse(value);
  return scalar.success ? { kind: 'scalar', value: scalar.data } : { kind: 'collection', items: [] };
}

function readExpression(given: unknown): RegoExpression {
  const { terms, negated: isNegated } = Expression.parse(given);
  const plain = { name: '', body: [], isNegated };
  if (Array.isArray(terms)) {
    const [operator, ...args] = terms;
    return { ...plain, kind: 'call', name: dottedName(operator), terms: args.map(readTerm) };
  }
  const some = Some.safeParse(terms);
  if (some.success) return { ...plain, ...readSome(some.data.symbols.map(readTerm)) };
  const every = Every.safeParse(terms);
  if (!every.success) return { ...plain, kind: 'term', terms: [readTerm(terms)] };
  const { key, value, domain, body } = every.data;
  const names = [key, value, domain].filter((term) => term !== undefined && term !== null).map(readTerm);
  return { ...plain, kind: 'every', terms: names, body: readExpressions(body) };
}

/** `some x in xs` is a call of the membership built-in. */
function readSome([first]: readonly RegoTerm[]): Pick<RegoExpression, 'kind' | 'terms'> {
  return first?.kind === 'call' ? { kind: 'some', terms: first.args } : { kind: 'term', terms: [] };
}

/** `data.gateway.v1.paths.within` or `regex.match`; parts that are computed are `*`. */
export function dottedName(given: unknown): string {
  const term = readTerm(given);
  const parts = term.kind === 'reference' ? term.parts : [term];
  return parts.map(namedPart).join('.');
}

function namedPart(part: RegoTerm, index: number): string {
  if (part.kind === 'scalar') return String(part.value);
  return part.kind === 'variable' && index === 0 ? part.name : '*';
}
