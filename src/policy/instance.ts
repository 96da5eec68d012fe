import { GatewayError, messageOf } from '../core/errors.ts';
import { type BuiltinContext, BuiltinFailure, type HostBuiltin } from './builtin.ts';
import { type Evaluated, EvaluationStopped, type Occasion, type RuntimeOptions } from './evaluation.ts';
import { exportsOf, type PolicyExports, type PolicyModule } from './module.ts';
import { idOfReplaced, NATIVE_BUILTINS, REPLACED_BUILTINS } from './native-builtins.ts';
import type { Term } from './term.ts';
import { parseTerm, writeTerm } from './term-text.ts';
import { WasmMemory } from './wasm-memory.ts';

/** Garbage after which the heap is reset. Each reset forgets the compiled regular expressions, so not every time. */
const GARBAGE_BYTES = 8 << 20;
/** Turns of the allocator's and the regular expressions' loops in one evaluation; about 0.3 s. */
const SLACK = 30_000_000;
/** For what is no evaluation: loading data, parsing the input. */
const UNLIMITED = 0x7f_ff_ff_ff;
/** How long one evaluation may have taken when a built-in function of ours is called. */
const WALL_MS = 250;
/** What calling one of our built-in functions costs beside the bytes of its arguments. */
const CALL_FUEL = 64;

/** One instance of a policy module. After anything was thrown it must not be used again. */
export class PolicyInstance {
  readonly entrypoints: ReadonlyMap<string, number>;
  readonly #options: RuntimeOptions;
  readonly #memory: WasmMemory;
  readonly #exports: PolicyExports;
  readonly #builtins: ReadonlyMap<number, NamedBuiltin>;
  readonly #context: number;
  readonly #heapBase: number;
  #builtinContext: BuiltinContext = { nowNs: 0n };
  #startedAt = 0;
  /** Address of the parsed input. */
  #input = 0;

  constructor(module: PolicyModule, options: RuntimeOptions) {
    this.#options = options;
    this.#memory = new WasmMemory(Buffer.byteLength(options.data), options.headroomBytes);
    try {
      this.#exports = exportsOf(new WebAssembly.Instance(module.wasm, { env: this.#imports() }));
      this.#memory.attach(this.#exports);
      this.entrypoints = this.#readIds(this.#exports.entrypoints());
      this.#builtins = this.#bindBuiltins();
      const data = this.#memory.parseJson(options.data);
      this.#context = this.#exports.opa_eval_ctx_new();
      this.#exports.opa_eval_ctx_set_data(this.#context, data);
      this.#heapBase = this.#exports.opa_heap_ptr_get();
    } catch (thrown) {
      if (thrown instanceof GatewayError) throw thrown;
      throw new GatewayError('POLICY_FAILED', `A compiled policy cannot be loaded: ${messageOf(thrown)}.`, {
        cause: thrown,
      });
    }
  }

  /** Parses the input, which all entrypoints asked after it read. */
  open(occasion: Occasion): void {
    this.#builtinContext = { nowNs: occasion.nowNs };
    this.#allow(UNLIMITED);
    if (this.#exports.opa_heap_ptr_get() - this.#heapBase > GARBAGE_BYTES) {
      this.#exports.opa_heap_ptr_set(this.#heapBase);
    }
    this.#input = this.#memory.parseJson(occasion.input);
    this.#exports.opa_eval_ctx_set_input(this.#context, this.#input);
  }

  addToInput(path: readonly string[], json: string): void {
    this.#allow(UNLIMITED);
    const where = this.#memory.parseJson(JSON.stringify(path));
    if (this.#exports.opa_value_add_path(this.#input, where, this.#memory.parseJson(json)) !== 0) {
      throw new EvaluationStopped('error', `the input has no place ${path.join('.')}`, 0);
    }
  }

  evaluate(entrypoint: string, fuel: number): Evaluated {
    const id = this.entrypoints.get(entrypoint);
    if (id === undefined) throw new EvaluationStopped('error', `there is no entrypoint ${entrypoint}`, 0);
    this.#startedAt = this.#options.monotonic();
    this.#allow(fuel);
    const text = this.#run(id, fuel);
    const burned = fuel - this.#fuelLeft();
    return readResult(text, burned);
  }

  #run(entrypoint: number, fuel: number): string {
    try {
      this.#exports.opa_eval_ctx_set_entrypoint(this.#context, entrypoint);
      this.#exports.eval(this.#context);
      return this.#memory.text(this.#exports.opa_json_dump(this.#exports.opa_eval_ctx_get_result(this.#context)));
    } catch (thrown) {
      throw this.#explain(thrown, fuel);
    }
  }

  #explain(thrown: unknown, fuel: number): EvaluationStopped {
    const left = this.#fuelLeft();
    const burned = fuel - Math.max(0, left);
    if (thrown instanceof EvaluationStopped) return new EvaluationStopped(thrown.kind, thrown.message, burned);
    const failed = Number(this.#exports.gateway_failed.value);
    if (failed > 0) return new EvaluationStopped('error', `${nativeName(failed)} failed`, burned);
    if (left < 0) return new EvaluationStopped('timeout', `it used up its fuel of ${fuel}`, fuel);
    if (Number(this.#exports.gateway_slack.value) < 0) {
      return new EvaluationStopped('timeout', 'it used up its memory or regular expression work', burned);
    }
    return new EvaluationStopped('error', messageOf(thrown), burned);
  }

  #allow(fuel: number): void {
    this.#exports.gateway_fuel.value = fuel;
    this.#exports.gateway_slack.value = fuel === UNLIMITED ? UNLIMITED : SLACK;
    this.#exports.gateway_failed.value = 0;
  }

  #fuelLeft(): number {
    return Number(this.#exports.gateway_fuel.value);
  }

  #imports(): Record<string, WebAssembly.ImportValue> {
    const call = (id: number, _context: number, ...args: number[]): number => this.#callBuiltin(id, args);
    return {
      memory: this.#memory.memory,
      opa_abort: (address: number): never => {
        throw new EvaluationStopped('error', this.#memory.text(address), 0);
      },
      opa_println: (address: number): void => this.#options.print(this.#memory.text(address)),
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    };
  }

  #callBuiltin(id: number, addresses: readonly number[]): number {
    const builtin = this.#builtins.get(id);
    if (builtin === undefined) throw new EvaluationStopped('error', `there is no built-in function ${id}`, 0);
    if (this.#options.monotonic() - this.#startedAt > WALL_MS) {
      throw new EvaluationStopped('timeout', `it took longer than ${WALL_MS} ms`, 0);
    }
    const args = addresses.map((address) => this.#readTerm(address));
    const result = callStrictly(builtin, args, this.#builtinContext);
    return result === undefined ? 0 : this.#memory.parseValue(writeTerm(result));
  }

  #readTerm(address: number): Term {
    const text = this.#memory.stringValue(address);
    this.#burn(CALL_FUEL);
    if (text === undefined) return parseTerm(this.#memory.text(this.#exports.opa_value_dump(address)));
    this.#burn(text.length);
    return text;
  }

  #burn(fuel: number): void {
    const left = this.#fuelLeft() - fuel;
    this.#exports.gateway_fuel.value = left;
    if (left < 0) throw new EvaluationStopped('timeout', 'it used up its fuel', 0);
  }

  #bindBuiltins(): ReadonlyMap<number, NamedBuiltin> {
    const asked = [...this.#readIds(this.#exports.builtins()), ...REPLACED];
    return new Map(asked.map(([name, id]) => [id, { name, run: this.#hostBuiltin(name) }]));
  }

  #hostBuiltin(name: string): HostBuiltin {
    const run = this.#options.builtins.get(name);
    if (run !== undefined) return run;
    throw new GatewayError('POLICY_FAILED', `The compiled policy calls ${name}, which this gateway does not have.`);
  }

  #readIds(address: number): ReadonlyMap<string, number> {
    const parsed: unknown = JSON.parse(this.#memory.text(this.#exports.opa_json_dump(address)));
    const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
    return new Map(entries.map(([name, id]) => [name, Number(id)]));
  }
}

/** What a rewritten module calls in place of its own functions. */
const REPLACED = [...NATIVE_BUILTINS].flatMap(([native, name], place) =>
  REPLACED_BUILTINS.has(native) ? [[name, idOfReplaced(place + 1)] as const] : [],
);

interface NamedBuiltin {
  readonly name: string;
  readonly run: HostBuiltin;
}

function callStrictly(builtin: NamedBuiltin, args: readonly Term[], context: BuiltinContext): Term | undefined {
  try {
    return builtin.run(args, context);
  } catch (thrown) {
    if (!(thrown instanceof BuiltinFailure)) throw thrown;
    throw new EvaluationStopped('error', `${builtin.name} failed: ${thrown.message}`, 0);
  }
}

function nativeName(failed: number): string {
  return [...NATIVE_BUILTINS.values()][failed - 1] ?? 'a built-in function';
}

const BEFORE_RESULT = '[{"result":';
const AFTER_RESULT = '}]';

/** A result set has one element `{"result": …}`, or none where the entrypoint is undefined. */
function readResult(set: string, fuel: number): Evaluated {
  if (!set.startsWith(BEFORE_RESULT) || !set.endsWith(AFTER_RESULT)) return { kind: 'undefined', fuel };
  return { kind: 'value', text: set.slice(BEFORE_RESULT.length, -AFTER_RESULT.length), fuel };
}
