import { setImmediate } from 'node:timers/promises';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { Misfit, SchemaCompiler, Validate } from './compile-schema.ts';
import { knownArguments, type KnownArguments } from './known-arguments.ts';
import { isOrdinarySchema } from './ordinary-schema.ts';
import { scanSchema } from './schema-scan.ts';
import { StoppableValidator, type CostlySchema, type ValidatorLimits } from './stoppable-validator.ts';

/** What becomes of arguments that the schema does not name. */
export type UnknownArguments = 'deny' | 'allow' | 'as_schema_says';

export type ArgumentCheck =
  | { readonly kind: 'valid' }
  /** The schema could not be compiled, or not in time, so nothing is known of the arguments but their names. */
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'invalid'; readonly problems: readonly Misfit[] };

const DEFAULT_LIMITS: ValidatorLimits = { stepMs: 100, startMs: 2_000 };
/** Steps, values times schema, that take about a millisecond; more is done where it can be stopped. */
const MAX_STEPS = 200_000;
/** Characters of text that cost as much as one value. */
const CHARACTERS_A_STEP = 16;
const MAX_PROBLEMS = 10;

/** The setting of a server, or the default: closed as soon as a bundle of its own governs it, which read these names. */
export function unknownArgumentsFor(setting: 'deny' | 'allow' | undefined, hasBundle: boolean): UnknownArguments {
  return setting ?? (hasBundle ? 'deny' : 'as_schema_says');
}

/** What a thread has to know to check arguments. */
interface Checkable {
  readonly known: KnownArguments | undefined;
  readonly scan: CostlySchema;
  readonly id: number;
}

/** Plain, and surely a schema: it is compiled for the first arguments that come. */
interface Waiting extends Checkable {
  readonly kind: 'waiting';
  readonly size: number;
}

interface Plain extends Checkable {
  readonly kind: 'plain';
  readonly size: number;
  readonly validate: Validate;
}

interface Costly extends Checkable {
  readonly kind: 'costly';
}

interface Unchecked {
  readonly kind: 'unchecked';
  readonly known: KnownArguments | undefined;
}

type Prepared = Waiting | Plain | Costly | Unchecked;

/**
 * Checks arguments against the input schemas of tools, before any policy reads them: in Rego's order `null <= 100` is
 * true. Schemas come from servers and are not trusted: those that could take long are compiled and run in a thread that
 * is ended after 100 ms.
 */
export class ArgumentChecker {
  readonly #validator: StoppableValidator;
  readonly #tools = new Map<string, Prepared>();
  readonly #turns = new Map<string, number>();
  #lastId = 0;

  constructor(limits: ValidatorLimits = DEFAULT_LIMITS) {
    this.#validator = new StoppableValidator(limits);
  }

  /** Takes the schema of a tool, in place of an earlier one under the same key. */
  async prepare(toolKey: string, schema: Json | undefined): Promise<'checked' | 'unchecked'> {
    // Servers bring hundreds of tools at once; between two of them other work gets its turn.
    const turn = this.#takeTurn(toolKey);
    await setImmediate();
    const prepared = await this.#prepared(schema);
    if (this.#turns.get(toolKey) === turn) this.#replace(toolKey, prepared);
    else this.#drop(prepared);
    return prepared.kind === 'unchecked' ? 'unchecked' : 'checked';
  }

  /** Whether `prepare` has taken a schema under this key that was not forgotten since. */
  knows(toolKey: string): boolean {
    return this.#tools.has(toolKey);
  }

  /**
   * At once where the schema is plain and the arguments are small; a promise for the first arguments, and where a thread
   * has to be asked.
   */
  check(toolKey: string, args: JsonObject, unknown: UnknownArguments): ArgumentCheck | Promise<ArgumentCheck> {
    const tool = this.#tools.get(toolKey);
    if (tool === undefined) return { kind: 'unchecked' };
    if (tool.kind !== 'waiting' || !isForHere(tool, args)) return this.#judge(tool, args, unknown);
    return this.#compiled(toolKey, tool).then((compiled) => this.#judge(compiled, args, unknown));
  }

  /** As `check`, with a schema that is kept for these arguments alone. */
  async checkOnce(schema: Json | undefined, args: JsonObject, unknown: UnknownArguments): Promise<ArgumentCheck> {
    const prepared = await this.#prepared(schema);
    try {
      const isWaiting = prepared.kind === 'waiting' && isForHere(prepared, args);
      return await this.#judge(isWaiting ? await compile(prepared) : prepared, args, unknown);
    } finally {
      this.#drop(prepared);
    }
  }

  /** For a tool that is shown no more. */
  forget(toolKey: string): void {
    this.#turns.delete(toolKey);
    this.#replace(toolKey, undefined);
  }

  async close(): Promise<void> {
    await this.#validator.close();
  }

  /** Of two schemas for one tool the later one counts, even where the earlier takes longer to compile. */
  #takeTurn(toolKey: string): number {
    this.#lastId += 1;
    this.#turns.set(toolKey, this.#lastId);
    return this.#lastId;
  }

  #replace(toolKey: string, next: Prepared | undefined): void {
    const tool = this.#tools.get(toolKey);
    if (next === undefined) this.#tools.delete(toolKey);
    else this.#tools.set(toolKey, next);
    if (tool !== undefined) this.#drop(tool);
  }

  /** A plain one may be in the thread as well, for arguments that were large. */
  #drop(tool: Prepared): void {
    if (tool.kind !== 'unchecked') void this.#validator.forget(tool.id);
  }

  async #prepared(given: Json | undefined): Promise<Prepared> {
    const scan = scanSchema(given);
    if (scan.kind === 'unfit')
      return { kind: 'unchecked', known: isJsonObject(given) ? knownArguments(given) : undefined };
    const known = knownArguments(scan.schema);
    const opened: CostlySchema = {
      kind: 'costly',
      dialects: scan.dialects,
      schema: known === undefined ? scan.schema : open(scan.schema),
    };
    this.#lastId += 1;
    const id = this.#lastId;
    if (scan.kind === 'plain') {
      const waiting: Waiting = { kind: 'waiting', known, scan: opened, size: scan.size, id };
      return isOrdinarySchema(opened.schema) ? waiting : compile(waiting);
    }
    const compiled = await this.#validator.compile(id, opened);
    return compiled.kind === 'done' ? { kind: 'costly', known, scan: opened, id } : { kind: 'unchecked', known };
  }

  /** Meanwhile another schema may have come for the tool, or none may be wanted any more. */
  async #compiled(toolKey: string, tool: Waiting): Promise<Plain | Unchecked> {
    const compiled = await compile(tool);
    if (this.#tools.get(toolKey) === tool) this.#tools.set(toolKey, compiled);
    return compiled;
  }

  #judge(tool: Prepared, args: JsonObject, unknown: UnknownArguments): ArgumentCheck | Promise<ArgumentCheck> {
    const strangers = strangersAmong(args, tool.known, unknown);
    if (tool.kind === 'unchecked') return strangers.length === 0 ? { kind: 'unchecked' } : invalid(strangers);
    if (tool.kind === 'plain' && isForHere(tool, args)) return verdictOn([...strangers, ...tool.validate(args)]);
    return this.#checkInThread(tool, args, strangers);
  }

  async #checkInThread(tool: Checkable, args: JsonObject, strangers: readonly Misfit[]): Promise<ArgumentCheck> {
    const validation = await this.#validator.validate(tool.id, tool.scan, args);
    if (validation.kind === 'done') return verdictOn([...strangers, ...validation.misfits]);
    return invalid([...strangers, { pointer: '', expected: 'arguments that can be checked in time' }]);
  }
}

async function compile({ known, scan, size, id }: Waiting): Promise<Plain | Unchecked> {
  const { schema, dialects } = scan;
  const validate = (await loadCompiler()).compile(schema, dialects);
  return validate === undefined ? { kind: 'unchecked', known } : { kind: 'plain', known, validate, scan, size, id };
}

/** Whether it cannot take long. */
function isForHere({ size }: Plain | Waiting, args: JsonObject): boolean {
  return stepsOf(args) * size <= MAX_STEPS;
}

/** Loading it takes as long as half of all else at the start, and a session calls few of the tools that it lists. */
async function loadCompiler(): Promise<SchemaCompiler> {
  const { sharedSchemaCompiler } = await import('./compile-schema.ts');
  return sharedSchemaCompiler();
}

/** Unknown arguments are our own to judge, so the schema need not. What `unevaluatedProperties` closes it judges itself. */
function open(schema: JsonObject): JsonObject {
  const { additionalProperties, ...rest } = schema;
  return additionalProperties === undefined || additionalProperties === false
    ? rest
    : { ...rest, additionalProperties };
}

function strangersAmong(
  args: JsonObject,
  known: KnownArguments | undefined,
  unknown: UnknownArguments,
): readonly Misfit[] {
  if (known === undefined || unknown === 'allow' || (unknown === 'as_schema_says' && !known.isClosed)) return [];
  return Object.keys(args)
    .filter((name) => !known.names.has(name))
    .map((name) => ({
      pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      expected: 'nothing, there is no such argument',
    }));
}

function verdictOn(problems: readonly Misfit[]): ArgumentCheck {
  return problems.length === 0 ? VALID : invalid(problems);
}

const VALID: ArgumentCheck = { kind: 'valid' };

function invalid(problems: readonly Misfit[]): ArgumentCheck {
  return { kind: 'invalid', problems: problems.slice(0, MAX_PROBLEMS) };
}

/** How much there is to look at; stops counting where it is too much anyway. */
function stepsOf(value: Json, before = 0): number {
  let steps = before + 1;
  if (typeof value === 'string') return steps + value.length / CHARACTERS_A_STEP;
  if (typeof value !== 'object' || value === null) return steps;
  const members: readonly Json[] = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) {
    if (steps > MAX_STEPS) return steps;
    steps = stepsOf(member, steps);
  }
  return steps;
}
