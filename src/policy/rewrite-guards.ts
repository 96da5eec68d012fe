import { idOfReplaced, UNDEFINED_WHEN_EMPTY } from './native-builtins.ts';
import { ByteWriter } from './wasm-binary.ts';
import { NO_VALUE, OPCODE } from './wasm-code.ts';

export interface FuelGlobals {
  readonly fuel: number;
  readonly slack: number;
  readonly failed: number;
}

export interface GuardedBuiltin {
  /** Name of the built-in's function in the module, and its index. */
  readonly name: string;
  readonly target: number;
  /** What `failed` is set to. */
  readonly number: number;
  readonly parameters: number;
}

/** Functions of the cache of compiled expressions. */
export interface RegexCache {
  readonly get: number;
  readonly set: number;
}

/** Types of values as OPA's `value.h` numbers them; constants of a policy are `interned`. */
const VALUE_TYPE = { string: 4, array: 5, set: 7, stringInterned: 8 } as const;
/** Where `value.h` keeps the length. */
const LENGTH_OFFSET = { string: 4, array: 8, set: 12 } as const;

/** Calls the built-in; where that is undefined, notes which one it was and stops. */
export function guardBuiltin(builtin: GuardedBuiltin, globals: FuelGlobals): Uint8Array {
  const result = builtin.parameters;
  const code = new Assembler();
  code.localsOfType32(1);
  callTarget(code, builtin);
  code.localTee(result);
  code.op(OPCODE.i32Eqz, OPCODE.if, NO_VALUE);
  failUnlessEmpty(code, builtin, globals);
  code.op(OPCODE.end);
  code.localGet(result);
  code.op(OPCODE.end);
  return code.take();
}

/** Asks the host instead of the module's own function; `dispatcher` is the import for so many parameters. */
export function callHost(builtin: GuardedBuiltin, dispatcher: number, globals: FuelGlobals): Uint8Array {
  const result = builtin.parameters;
  const code = new Assembler();
  code.localsOfType32(1);
  code.constant(idOfReplaced(builtin.number));
  code.constant(0);
  for (let parameter = 0; parameter < builtin.parameters; parameter += 1) code.localGet(parameter);
  code.call(dispatcher);
  code.localTee(result);
  code.op(OPCODE.i32Eqz, OPCODE.if, NO_VALUE);
  fail(code, builtin, globals);
  code.op(OPCODE.end);
  code.localGet(result);
  code.op(OPCODE.end);
  return code.take();
}

/**
 * The same for built-ins that run a regular expression. RE2 keeps what it compiled, so the turns of its loops depend
 * on earlier evaluations: they burn `slack`, and `fuel` is charged by the lengths of the texts. OPA's cache of 100
 * expressions frees one that is in use when it is full (`reuse` in `regex.cc`): so it is forgotten before that.
 */
export function guardRegex(builtin: GuardedBuiltin, cache: RegexCache | undefined, globals: FuelGlobals): Uint8Array {
  const result = builtin.parameters;
  const fuelLeft = result + 1;
  const code = new Assembler();
  code.localsOfType32(2);
  if (cache !== undefined) forgetCrowdedCache(code, cache, result);
  chargeForTexts(code, builtin.parameters, globals);
  code.globalGet(globals.fuel);
  code.localSet(fuelLeft);
  code.globalGet(globals.slack);
  code.globalSet(globals.fuel);
  callTarget(code, builtin);
  code.localSet(result);
  code.globalGet(globals.fuel);
  code.globalSet(globals.slack);
  code.localGet(fuelLeft);
  code.globalSet(globals.fuel);
  code.localGet(result);
  code.op(OPCODE.i32Eqz, OPCODE.if, NO_VALUE);
  fail(code, builtin, globals);
  code.op(OPCODE.end);
  code.localGet(result);
  code.op(OPCODE.end);
  return code.take();
}

function callTarget(code: Assembler, builtin: GuardedBuiltin): void {
  for (let parameter = 0; parameter < builtin.parameters; parameter += 1) code.localGet(parameter);
  code.call(builtin.target);
}

function failUnlessEmpty(code: Assembler, builtin: GuardedBuiltin, globals: FuelGlobals): void {
  if (!UNDEFINED_WHEN_EMPTY.has(builtin.name)) return fail(code, builtin, globals);
  isEmpty(code, VALUE_TYPE.array, LENGTH_OFFSET.array);
  isEmpty(code, VALUE_TYPE.set, LENGTH_OFFSET.set);
  code.op(OPCODE.i32Or, OPCODE.i32Eqz, OPCODE.if, NO_VALUE);
  fail(code, builtin, globals);
  code.op(OPCODE.end);
}

/** Leaves 1 when the first parameter is of the type and has no elements. */
function isEmpty(code: Assembler, type: number, lengthOffset: number): void {
  code.localGet(0);
  code.load8(0);
  code.constant(type);
  code.op(OPCODE.i32Eq);
  code.localGet(0);
  code.load(lengthOffset);
  code.op(OPCODE.i32Eqz, OPCODE.i32And);
}

function fail(code: Assembler, builtin: GuardedBuiltin, globals: FuelGlobals): void {
  code.constant(builtin.number);
  code.globalSet(globals.failed);
  code.op(OPCODE.unreachable);
}

/** Fewer than the 100 that OPA keeps; the count stands 12 bytes into libc++'s `unordered_map`. */
const MOST_EXPRESSIONS = 96;
const COUNT_OFFSET = 12;
const EXPRESSION_CACHE = 0;

function forgetCrowdedCache(code: Assembler, cache: RegexCache, scratch: number): void {
  code.constant(EXPRESSION_CACHE);
  code.call(cache.get);
  code.localTee(scratch);
  code.op(OPCODE.if, NO_VALUE);
  code.localGet(scratch);
  code.load(COUNT_OFFSET);
  code.constant(MOST_EXPRESSIONS);
  code.op(OPCODE.i32GreaterUnsigned, OPCODE.if, NO_VALUE);
  code.constant(EXPRESSION_CACHE);
  code.constant(0);
  code.call(cache.set);
  code.op(OPCODE.end, OPCODE.end);
}

/** What one call of a regular expression costs beside the bytes of its texts. */
const REGEX_FUEL = 32;

function chargeForTexts(code: Assembler, parameters: number, globals: FuelGlobals): void {
  code.globalGet(globals.fuel);
  code.constant(REGEX_FUEL);
  code.op(OPCODE.i32Subtract);
  code.globalSet(globals.fuel);
  for (let parameter = 0; parameter < parameters; parameter += 1) {
    isText(code, parameter);
    code.op(OPCODE.if, NO_VALUE);
    code.globalGet(globals.fuel);
    code.localGet(parameter);
    code.load(LENGTH_OFFSET.string);
    code.op(OPCODE.i32Subtract);
    code.globalSet(globals.fuel);
    code.op(OPCODE.end);
  }
  code.globalGet(globals.fuel);
  code.constant(0);
  code.op(OPCODE.i32LessSigned, OPCODE.if, NO_VALUE, OPCODE.unreachable, OPCODE.end);
}

function isText(code: Assembler, parameter: number): void {
  for (const type of [VALUE_TYPE.string, VALUE_TYPE.stringInterned]) {
    code.localGet(parameter);
    code.load8(0);
    code.constant(type);
    code.op(OPCODE.i32Eq);
  }
  code.op(OPCODE.i32Or);
}

const I32 = 0x7f;
/** Alignment of a load, as a power of two. */
const WORD = 2;

class Assembler {
  readonly #writer = new ByteWriter();

  localsOfType32(count: number): void {
    this.#writer.bytes([1, count, I32]);
  }

  op(...bytes: readonly number[]): void {
    this.#writer.bytes(bytes);
  }

  localGet(index: number): void {
    this.#indexed(OPCODE.localGet, index);
  }

  localSet(index: number): void {
    this.#indexed(OPCODE.localSet, index);
  }

  localTee(index: number): void {
    this.#indexed(OPCODE.localTee, index);
  }

  globalGet(index: number): void {
    this.#indexed(OPCODE.globalGet, index);
  }

  globalSet(index: number): void {
    this.#indexed(OPCODE.globalSet, index);
  }

  call(index: number): void {
    this.#indexed(OPCODE.call, index);
  }

  constant(value: number): void {
    this.#writer.byte(OPCODE.i32Const);
    this.#writer.signed(value);
  }

  load(offset: number): void {
    this.#writer.bytes([OPCODE.i32Load, WORD, offset]);
  }

  load8(offset: number): void {
    this.#writer.bytes([OPCODE.i32Load8, 0, offset]);
  }

  take(): Uint8Array {
    return this.#writer.take();
  }

  #indexed(opcode: number, index: number): void {
    this.#writer.byte(opcode);
    this.#writer.unsigned(index);
  }
}
