import { GatewayError, messageOf } from '../core/errors.ts';
import { GLOBALS } from './rewrite.ts';
import { ByteReader, malformed, readSections, SECTION } from './wasm-binary.ts';

/** A rewritten module of OPA's compiler, compiled by the engine and looked through; of it instances are made. */
export interface PolicyModule {
  readonly wasm: WebAssembly.Module;
}

/**
 * Takes what `rewriteModule` made. Throws POLICY_FAILED when the module wants anything from outside but its memory,
 * the dispatchers of built-in functions and the way to abort, brings a memory of its own or a table that is larger than
 * that of any policy, or lacks what an evaluation needs.
 */
export function loadModule(rewritten: Uint8Array): PolicyModule {
  refuseOwnStores(rewritten);
  const wasm = compile(rewritten);
  const strange = WebAssembly.Module.imports(wasm).filter(({ module, name }) => module !== 'env' || !IMPORTS.has(name));
  if (strange.length > 0) {
    throw new GatewayError(
      'POLICY_FAILED',
      `The compiled policy asks for ${strange.map(({ module, name }) => `${module}.${name}`).join(', ')}, which no policy gets.`,
    );
  }
  const exported = new Set(WebAssembly.Module.exports(wasm).map(({ name }) => name));
  const missing = EXPORTS.filter((name) => !exported.has(name));
  if (missing.length > 0) {
    throw new GatewayError('POLICY_FAILED', `The compiled policy lacks ${missing.join(', ')}.`);
  }
  return { wasm };
}

/** OPA's compiler makes one table, of some hundred functions. What is made when an instance is, no fuel bounds. */
const MOST_TABLE_ENTRIES = 65_536;
/** The type of its entries. Of other tables the limits stand elsewhere. */
const FUNCTIONS = 0x70;

function refuseOwnStores(bytes: Uint8Array): void {
  for (const { id, bytes: content } of readSections(bytes)) {
    const reader = new ByteReader(content);
    if (id === SECTION.memory && reader.unsigned() > 0) throw malformed('it brings a memory of its own');
    if (id === SECTION.table) refuseLargeTables(reader);
  }
}

/** A table is its type, a flag that says whether there is a maximum, and the limits. */
function refuseLargeTables(reader: ByteReader): void {
  const count = reader.unsigned();
  if (count > 1) throw malformed(`it has ${count} tables`);
  if (count === 0) return;
  if (reader.byte() !== FUNCTIONS) throw malformed('its table is none of functions');
  const flags = reader.byte();
  if (flags > 1) throw malformed('its table has limits of another form');
  const least = reader.unsigned();
  const most = flags === 1 ? reader.unsigned() : least;
  if (Math.max(least, most) > MOST_TABLE_ENTRIES) throw malformed('its table is too large');
}

const IMPORTS: ReadonlySet<string> = new Set([
  'memory',
  'opa_abort',
  'opa_println',
  'opa_builtin0',
  'opa_builtin1',
  'opa_builtin2',
  'opa_builtin3',
  'opa_builtin4',
]);

/** Functions of OPA's ABI 1.3 (docs/wasm.md) that we call; addresses are numbers. */
export interface PolicyExports {
  opa_malloc(bytes: number): number;
  opa_heap_ptr_get(): number;
  opa_heap_ptr_set(address: number): void;
  opa_json_parse(text: number, bytes: number): number;
  opa_value_parse(text: number, bytes: number): number;
  opa_json_dump(value: number): number;
  opa_value_dump(value: number): number;
  /** Answers 0 when it is done. */
  opa_value_add_path(value: number, path: number, addition: number): number;
  opa_eval_ctx_new(): number;
  opa_eval_ctx_set_input(context: number, value: number): void;
  opa_eval_ctx_set_data(context: number, value: number): void;
  opa_eval_ctx_set_entrypoint(context: number, entrypoint: number): void;
  opa_eval_ctx_get_result(context: number): number;
  eval(context: number): number;
  builtins(): number;
  entrypoints(): number;
  readonly gateway_fuel: WebAssembly.Global;
  readonly gateway_slack: WebAssembly.Global;
  readonly gateway_failed: WebAssembly.Global;
}

const EXPORTS: readonly string[] = [
  'opa_malloc',
  'opa_heap_ptr_get',
  'opa_heap_ptr_set',
  'opa_json_parse',
  'opa_value_parse',
  'opa_json_dump',
  'opa_value_dump',
  'opa_value_add_path',
  'opa_eval_ctx_new',
  'opa_eval_ctx_set_input',
  'opa_eval_ctx_set_data',
  'opa_eval_ctx_set_entrypoint',
  'opa_eval_ctx_get_result',
  'eval',
  'builtins',
  'entrypoints',
  ...Object.values(GLOBALS),
];

/** `loadModule` has seen that every one of these is there. */
export function exportsOf(instance: WebAssembly.Instance): PolicyExports {
  return instance.exports as unknown as PolicyExports;
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(new Uint8Array(bytes));
  } catch (thrown) {
    throw new GatewayError('POLICY_FAILED', `The compiled policy is not valid WebAssembly: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
}
