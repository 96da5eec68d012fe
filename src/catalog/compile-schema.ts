import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject } from '../core/json.ts';
import { isJsonObject } from '../core/json.ts';
import { isOrdinarySchema } from './ordinary-schema.ts';
import type { Dialect } from './schema-scan.ts';

/** A place in a value that does not fit, and what would. */
export interface Misfit {
  /** JSON pointer. */
  readonly pointer: string;
  readonly expected: string;
}

/** The misfits of a value; empty where it fits. */
export type Validate = (value: unknown) => readonly Misfit[];

/** Makes schemas into functions. Holds its compilers. */
export interface SchemaCompiler {
  /** Undefined where the schema is none in any of the dialects. */
  compile(schema: JsonObject, dialects: readonly Dialect[]): Validate | undefined;
}

const MAX_MISFITS = 10;
const MAX_EXPECTED = 200;

/** Nothing is coerced, nothing is filled in, formats are not checked, nothing is fetched. */
const OPTIONS: Options = {
  strict: false,
  allErrors: true,
  validateFormats: false,
  ownProperties: true,
  messages: false,
  logger: false,
};

/** The one of this thread, which keeps nothing of what it compiled: making it takes longer than using it. */
export function sharedSchemaCompiler(): SchemaCompiler {
  shared ??= createSchemaCompiler();
  return shared;
}

let shared: SchemaCompiler | undefined;

function createSchemaCompiler(): SchemaCompiler {
  const compilers = new Map<string, Ajv>();
  const compilerFor = (dialect: Dialect, kind: CompilerKind): Ajv => {
    const name = `${dialect} ${kind}`;
    const compiler = compilers.get(name) ?? createCompiler(dialect, kind);
    compilers.set(name, compiler);
    return compiler;
  };
  return {
    compile: (schema, dialects) => {
      const kind = isOrdinarySchema(schema) ? 'trusting' : 'checking';
      for (const dialect of dialects) {
        const compiled = attempt(compilerFor(dialect, kind), schema);
        if (compiled !== undefined) return (value) => (compiled(value) ? [] : misfits(compiled.errors ?? []));
      }
      return undefined;
    },
  };
}

/** One that checks compiles its meta-schema first, which takes longer than all schemas of a server. */
type CompilerKind = 'trusting' | 'checking';

function createCompiler(dialect: Dialect, kind: CompilerKind): Ajv {
  const isChecking = kind === 'checking';
  const options = { ...OPTIONS, meta: isChecking, validateSchema: isChecking };
  return dialect === 'draft-07' ? new Ajv(options) : new Ajv2020(options);
}

/** The compiler keeps what it compiled; a gateway that runs for months must not. */
function attempt(compiler: Ajv, schema: JsonObject): ValidateFunction | undefined {
  try {
    const compiled = compiler.compile(schema);
    // An asynchronous one answers with a promise, which would read as true.
    return '$async' in compiled ? undefined : compiled;
  } catch {
    return undefined;
  } finally {
    compiler.removeSchema(schema);
  }
}

function misfits(errors: readonly ErrorObject[]): readonly Misfit[] {
  const byPointer = new Map<string, Set<string>>();
  const choices = new Set(errors.filter(isChoice).map((error) => error.instancePath));
  for (const error of errors.filter((candidate) => !isWrapper(candidate))) {
    const pointer = pointerOf(error);
    byPointer.set(pointer, (byPointer.get(pointer) ?? new Set()).add(expectedBy(error)));
  }
  const named = [...byPointer].map(([pointer, expected]) => ({
    pointer,
    expected: [...expected].join(choices.has(pointer) ? ' or ' : ', ').slice(0, MAX_EXPECTED),
  }));
  return named.length === 0
    ? [{ pointer: errors[0]?.instancePath ?? '', expected: 'something else' }]
    : named.slice(0, MAX_MISFITS);
}

function isChoice(error: ErrorObject): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'oneOf';
}

/** These say that something inside is wrong, and what is inside says it better. */
function isWrapper(error: ErrorObject): boolean {
  return isChoice(error) || ['if', 'propertyNames', '$ref'].includes(error.keyword);
}

function pointerOf({ keyword, params, instancePath }: ErrorObject): string {
  const facts: unknown = params;
  const extra = isJsonObject(facts)
    ? (facts['additionalProperty'] ?? facts['unevaluatedProperty'] ?? facts['missingProperty'])
    : undefined;
  const isMember = [
    'required',
    'additionalProperties',
    'unevaluatedProperties',
    'dependentRequired',
    'dependencies',
  ].includes(keyword);
  return isMember && typeof extra === 'string' ? `${instancePath}/${escaped(extra)}` : instancePath;
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function expectedBy({ keyword, params }: ErrorObject): string {
  const facts: unknown = params;
  const fact = (name: string): unknown => (isJsonObject(facts) ? facts[name] : undefined);
  const words: Readonly<Record<string, () => string>> = {
    type: () => [fact('type')].flat().join(' or '),
    required: () => 'a value, it is required',
    dependentRequired: () => 'a value, it is required',
    additionalProperties: () => 'nothing, there is no such argument',
    unevaluatedProperties: () => 'nothing, there is no such argument',
    enum: () => `one of ${shownList(fact('allowedValues'))}`,
    const: () => shown(fact('allowedValue')),
    minimum: () => `at least ${shown(fact('limit'))}`,
    maximum: () => `at most ${shown(fact('limit'))}`,
    exclusiveMinimum: () => `more than ${shown(fact('limit'))}`,
    exclusiveMaximum: () => `less than ${shown(fact('limit'))}`,
    multipleOf: () => `a multiple of ${shown(fact('multipleOf'))}`,
    minLength: () => `at least ${shown(fact('limit'))} characters`,
    maxLength: () => `at most ${shown(fact('limit'))} characters`,
    minItems: () => `at least ${shown(fact('limit'))} items`,
    maxItems: () => `at most ${shown(fact('limit'))} items`,
    pattern: () => `text that matches ${shown(fact('pattern'))}`,
    uniqueItems: () => 'items that differ',
    contains: () => 'an item of the kind asked for',
    not: () => 'something else',
    'false schema': () => 'nothing',
  };
  return words[keyword]?.() ?? `what ${keyword} asks for`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function shownList(values: unknown): string {
  if (!Array.isArray(values)) return '';
  const listed = values.slice(0, 10).map(shown).join(', ');
  return values.length > 10 ? `${listed}, …` : listed;
}
