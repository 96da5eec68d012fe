import { LINEAR_BUILTINS, NATIVE_BUILTINS, REPLACED_BUILTINS } from './native-builtins.ts';
import { readFunction, rewriteFunction } from './rewrite-function.ts';
import { callHost, type FuelGlobals, type GuardedBuiltin, guardBuiltin, guardRegex } from './rewrite-guards.ts';
import {
  ByteReader,
  ByteWriter,
  malformed,
  readFunctionNames,
  readSections,
  SECTION,
  writeModule,
} from './wasm-binary.ts';
import type { Section } from './wasm-binary.ts';

/** Changes when the rewriting does, so that a kept module is not mistaken for one of this version. */
export const REWRITE_VERSION = 2;

/** What a rewritten module exports beside OPA's own, all mutable 32 bit globals. */
export const GLOBALS = {
  /** Set before an evaluation; what is left of it afterwards. Below 0 the evaluation was stopped. */
  fuel: 'gateway_fuel',
  /** As fuel, for what is not repeatable: the allocator and the regular expressions. */
  slack: 'gateway_slack',
  /** Which built-in failed: 1 + its place in NATIVE_BUILTINS; 0 where none did. */
  failed: 'gateway_failed',
} as const;

/**
 * Makes a module of OPA's compiler safe to run: it counts its work and stops when the fuel is used up, and a built-in
 * function that fails stops the evaluation where OPA's would only be undefined, which lets a denial silently not
 * fire. Bytes in, bytes out, always the same: the result may be kept beside the compiled bundle. Throws POLICY_FAILED.
 *
 * One unit is a turn of a loop or a call of a rule. Not counted are the allocator, whose lists remember earlier
 * evaluations, and regular expressions, which are compiled once and kept; those cost by the length of their texts.
 */
export function rewriteModule(wasm: Uint8Array): Uint8Array {
  const sections = readSections(wasm);
  const layout = readLayout(sections);
  const guards = buildGuards(layout);
  return writeModule(sections.map((section) => rewriteSection(section, layout, guards)));
}

interface Layout {
  readonly names: ReadonlyMap<string, number>;
  readonly importedFunctions: number;
  /** Type index of each function that the module defines. */
  readonly types: readonly number[];
  /** How many parameters each type of function has. */
  readonly parameters: readonly number[];
  readonly globals: FuelGlobals;
  /** Index of the first function that was compiled from Rego; all after it were too. */
  readonly firstRule: number;
  readonly evaluate: number;
}

function readLayout(sections: readonly Section[]): Layout {
  const names = readFunctionNames(sections);
  const rules = [...names].filter(([name]) => /^g\d+\./.test(name)).map(([, index]) => index);
  const evaluate = names.get('eval');
  const initialize = names.get('_initialize');
  if (evaluate === undefined || initialize === undefined) throw malformed('it names no `eval` or `_initialize`');
  if (new ByteReader(contentOf(sections, SECTION.start)).unsigned() !== initialize) {
    throw malformed('something else than `_initialize` would run when it is loaded');
  }
  const typeReader = new ByteReader(contentOf(sections, SECTION.function));
  const firstGlobal = new ByteReader(contentOf(sections, SECTION.global)).unsigned();
  return {
    names,
    importedFunctions: countImportedFunctions(contentOf(sections, SECTION.import)),
    types: Array.from({ length: typeReader.unsigned() }, () => typeReader.unsigned()),
    parameters: readParameterCounts(contentOf(sections, SECTION.type)),
    globals: { fuel: firstGlobal, slack: firstGlobal + 1, failed: firstGlobal + 2 },
    firstRule: Math.min(initialize, ...rules),
    evaluate,
  };
}

function contentOf(sections: readonly Section[], id: number): Uint8Array {
  const found = sections.find((section) => section.id === id);
  if (found === undefined) throw malformed(`section ${id} is missing`);
  return found.bytes;
}

function readParameterCounts(bytes: Uint8Array): readonly number[] {
  const reader = new ByteReader(bytes);
  return Array.from({ length: reader.unsigned() }, () => {
    if (reader.byte() !== FUNCTION_TYPE) throw malformed('it has a type that is no function');
    const parameters = reader.vector().length;
    reader.vector();
    return parameters;
  });
}

const FUNCTION_TYPE = 0x60;
const IMPORT_KIND = { function: 0, memory: 2 } as const;

function countImportedFunctions(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  let functions = 0;
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    const name = `${reader.text()}.${reader.text()}`;
    const kind = reader.byte();
    if (kind === IMPORT_KIND.function) {
      functions += 1;
      reader.skipNumber();
    } else if (kind === IMPORT_KIND.memory) {
      const hasMaximum = (reader.byte() & 1) === 1;
      reader.skipNumber();
      if (hasMaximum) reader.skipNumber();
    } else throw malformed(`it imports ${name}`);
  }
  return functions;
}

interface Guard {
  readonly typeIndex: number;
  readonly body: Uint8Array;
}

interface Guards {
  readonly list: readonly Guard[];
  /** From a built-in's function to the function that guards it. */
  readonly redirect: ReadonlyMap<number, number>;
}

function buildGuards(layout: Layout): Guards {
  const list: Guard[] = [];
  const redirect = new Map<number, number>();
  let number = 0;
  for (const name of NATIVE_BUILTINS.keys()) {
    number += 1;
    const target = layout.names.get(name);
    if (target === undefined) continue;
    const typeIndex = layout.types[target - layout.importedFunctions];
    const parameters = typeIndex === undefined ? undefined : layout.parameters[typeIndex];
    if (typeIndex === undefined || parameters === undefined) throw malformed(`${name} is not defined in it`);
    redirect.set(target, layout.importedFunctions + layout.types.length + list.length);
    list.push({ typeIndex, body: guardOf({ name, target, number, parameters }, layout) });
  }
  return { list, redirect };
}

function guardOf(builtin: GuardedBuiltin, layout: Layout): Uint8Array {
  if (REPLACED_BUILTINS.has(builtin.name)) {
    const dispatcher = layout.names.get(`opa_builtin${builtin.parameters}`);
    if (dispatcher === undefined) throw malformed('it cannot call its host');
    return callHost(builtin, dispatcher, layout.globals);
  }
  if (!LINEAR_BUILTINS.has(builtin.name)) return guardBuiltin(builtin, layout.globals);
  const get = layout.names.get('opa_builtin_cache_get');
  const set = layout.names.get('opa_builtin_cache_set');
  return guardRegex(builtin, get === undefined || set === undefined ? undefined : { get, set }, layout.globals);
}

function rewriteSection(section: Section, layout: Layout, guards: Guards): Section {
  switch (section.id) {
    case SECTION.function:
      return appendItems(
        section,
        guards.list.map(({ typeIndex }) => encode((writer) => writer.unsigned(typeIndex))),
      );
    case SECTION.global:
      return appendItems(
        section,
        Object.keys(GLOBALS).map(() => MUTABLE_ZERO),
      );
    case SECTION.export:
      return appendItems(
        section,
        Object.values(GLOBALS).map((name, place) => exportGlobal(name, layout.globals.fuel + place)),
      );
    case SECTION.code:
      return rewriteCode(section, layout, guards);
    default:
      return section;
  }
}

/** (mut i32), i32.const 0, end. Loading the data runs before any limit is set, hence so large a start: 2^31 - 1. */
const MUTABLE_ZERO = Uint8Array.of(0x7f, 0x01, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x0b);

function exportGlobal(name: string, index: number): Uint8Array {
  return encode((writer) => {
    writer.text(name);
    writer.byte(0x03);
    writer.unsigned(index);
  });
}

function encode(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.take();
}

function appendItems(section: Section, items: readonly Uint8Array[]): Section {
  const reader = new ByteReader(section.bytes);
  const count = reader.unsigned();
  return {
    id: section.id,
    bytes: encode((writer) => {
      writer.unsigned(count + items.length);
      writer.bytes(section.bytes.subarray(reader.position));
      for (const item of items) writer.bytes(item);
    }),
  };
}

/** Functions whose work depends on what earlier evaluations left behind. */
const ALLOCATOR = [
  'opa_malloc',
  'opa_free',
  'opa_free_bulk',
  'opa_realloc',
  'opa_heap_ptr_set',
  'merge_sort_blocks',
  'merge_blocks',
  'move_freelists',
] as const;

function rewriteCode(section: Section, layout: Layout, guards: Guards): Section {
  const allocator = new Set(ALLOCATOR.map((name) => layout.names.get(name)));
  const reader = new ByteReader(section.bytes);
  const count = reader.unsigned();
  return {
    id: section.id,
    bytes: encode((writer) => {
      writer.unsigned(count + guards.list.length);
      for (let place = 0; place < count; place += 1) {
        const index = layout.importedFunctions + place;
        const isRule = index >= layout.firstRule || index === layout.evaluate;
        const code = readFunction(reader.vector());
        const counter = allocator.has(index) ? layout.globals.slack : layout.globals.fuel;
        writer.vector(rewriteFunction(code, { counter, redirect: isRule ? guards.redirect : undefined }));
      }
      for (const guard of guards.list) writer.vector(guard.body);
    }),
  };
}
