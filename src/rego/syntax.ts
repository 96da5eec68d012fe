import * as z from 'zod';
import { GatewayError } from '../core/errors.ts';
import { dottedName, readExpressions, readTerm } from './syntax-terms.ts';
import type { TestRequest, Toolchain } from './toolchain.ts';

/** A term of Rego as it is written; what an import stands for is not resolved. */
export type RegoTerm =
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  | { readonly kind: 'variable'; readonly name: string }
  /** `input.action.args[name]`: the first part is `input`. */
  | { readonly kind: 'reference'; readonly parts: readonly RegoTerm[] }
  /** Operators are calls: `x > 5` is `gt`. */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly RegoTerm[] }
  /** A list or a set. */
  | { readonly kind: 'collection'; readonly items: readonly RegoTerm[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [RegoTerm, RegoTerm])[] }
  | { readonly kind: 'comprehension'; readonly terms: readonly RegoTerm[]; readonly body: readonly RegoExpression[] };

/** One condition of a body. */
export interface RegoExpression {
  /** `some x` without `in` is a term without terms: it says nothing. */
  readonly kind: 'term' | 'call' | 'some' | 'every';
  /** Name of what a call calls; empty otherwise. */
  readonly name: string;
  /** The term; the arguments of the call; the names that `some` and `every` bind, then what they go through. */
  readonly terms: readonly RegoTerm[];
  /** Of `every`. */
  readonly body: readonly RegoExpression[];
  readonly isNegated: boolean;
}

/** One rule as it is written, without its `else`. */
export interface RegoRuleSyntax {
  /** As it stands in the head: `deny`, `limits.upper`. */
  readonly name: string;
  readonly isDefault: boolean;
  readonly args: readonly RegoTerm[];
  /** Key and value of the head. */
  readonly head: readonly RegoTerm[];
  readonly body: readonly RegoExpression[];
}

export interface RegoFileSyntax {
  /** What is imported, by the name it has here. */
  readonly imports: ReadonlyMap<string, RegoTerm>;
  /** In their order; the branches of `else` follow in the same entry. */
  readonly rules: readonly (readonly RegoRuleSyntax[])[];
}

/** By file. */
export type RegoSyntax = ReadonlyMap<string, RegoFileSyntax>;

type Asked = Pick<Toolchain, 'test' | 'derive' | 'digest'>;

/** OPA's own parser, asked through its interpreter: what it cannot parse has been refused before. */
const PROGRAM = `package syntax_test

test_syntax if {
	every file, text in data.syntax.files {
		print(json.marshal({"file": file, "module": rego.parse_module(file, text)}))
	}
}
`;

/** Which of these texts are no regular expressions of OPA's engine, RE2. Throws TOOLCHAIN_FAILED. */
export async function badPatterns(patterns: readonly string[], toolchain: Asked): Promise<ReadonlySet<string>> {
  if (patterns.length === 0) return new Set();
  const data = { syntax: { patterns } };
  const bundle = { id: 'syntax', root: 'syntax', files: { 'syntax_test.rego': PATTERN_PROGRAM }, data };
  const make = (): Promise<string> => printed({ bundle, library: {} }, toolchain);
  const text = await remembered('patterns 1', patterns, { toolchain, make });
  return new Set(z.array(z.string()).parse(JSON.parse(text)));
}

const PATTERN_PROGRAM = `package syntax_test

test_patterns if print(json.marshal([pattern | some pattern in data.syntax.patterns; not regex.is_valid(pattern)]))
`;

interface Remembering {
  readonly toolchain: Asked;
  readonly make: () => Promise<string>;
}

/** The same is asked at every check of a bundle that has not changed. `name` changes with what is made. */
async function remembered(name: string, given: unknown, { toolchain, make }: Remembering): Promise<string> {
  const question = Buffer.from(JSON.stringify([toolchain.digest, given]));
  const answer = await toolchain.derive(question, { name, make: async () => Buffer.from(await make()) });
  return Buffer.from(answer).toString();
}

async function printed(request: TestRequest, toolchain: Pick<Toolchain, 'test'>): Promise<string> {
  const result = await toolchain.test(request);
  const [test] = result.kind === 'tested' ? result.tests : [];
  if (test?.outcome === 'pass') return test.output;
  throw new GatewayError(
    'TOOLCHAIN_FAILED',
    `the syntax of Rego files could not be read: ${test?.error?.message ?? ''}`,
  );
}

const Import = z.object({ path: z.unknown(), alias: z.string().optional() });
const Module = z.object({ imports: z.array(Import).default([]), rules: z.array(z.unknown()).default([]) });
const Line = z.object({ file: z.string(), module: Module });

const Head = z.object({
  ref: z.unknown(),
  args: z.array(z.unknown()).default([]),
  key: z.unknown().optional(),
  value: z.unknown().optional(),
});

const Rule = z.object({
  default: z.boolean().default(false),
  head: Head,
  body: z.array(z.unknown()).default([]),
  else: z.unknown().optional(),
});

/** The rules of Rego files that compile. Throws TOOLCHAIN_FAILED. */
export async function readSyntax(files: Readonly<Record<string, string>>, toolchain: Asked): Promise<RegoSyntax> {
  const bundle = { id: 'syntax', root: 'syntax', files: { 'syntax_test.rego': PROGRAM }, data: { syntax: { files } } };
  const text = await remembered('syntax 1', files, {
    toolchain,
    make: () => printed({ bundle, library: {} }, toolchain),
  });
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => moduleOf(Line.parse(JSON.parse(line)))));
}

function moduleOf({ file, module }: z.output<typeof Line>): readonly [string, RegoFileSyntax] {
  return [file, { imports: new Map(module.imports.map(importOf)), rules: module.rules.map(branchesOf) }];
}

function importOf({ path, alias }: z.output<typeof Import>): readonly [string, RegoTerm] {
  const term = readTerm(path);
  const last = term.kind === 'reference' ? term.parts.at(-1) : undefined;
  return [alias ?? (last?.kind === 'scalar' ? String(last.value) : ''), term];
}

function branchesOf(given: unknown): readonly RegoRuleSyntax[] {
  const { default: isDefault, head, body, else: otherwise } = Rule.parse(given);
  const rule: RegoRuleSyntax = {
    name: dottedName({ type: 'ref', value: head.ref }),
    isDefault,
    args: head.args.map(readTerm),
    head: [head.key, head.value].filter((term) => term !== undefined).map(readTerm),
    body: readExpressions(body),
  };
  return otherwise === undefined ? [rule] : [rule, ...branchesOf(otherwise)];
}
