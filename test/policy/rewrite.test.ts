import { beforeAll, describe, expect, it } from 'vitest';
import { NATIVE_BUILTINS } from '../../src/policy/native-builtins.ts';
import { loadModule } from '../../src/policy/module.ts';
import { GLOBALS, rewriteModule } from '../../src/policy/rewrite.ts';
import { readSections, SECTION, writeModule } from '../../src/policy/wasm-binary.ts';
import { toolchain } from '../shared-toolchain.ts';

let wasm: Uint8Array;
beforeAll(async () => {
  const rego =
    'package policy\n\ndeny contains {"id": "D-1", "reason": "r"} if regex.match(input.pattern, upper(input.text))\n';
  const bundle = { id: 'policy', root: 'policy', files: { 'policy.rego': rego }, data: { policy: {} } };
  const result = await toolchain.build({ bundles: [bundle], library: {} });
  if (result.kind === 'refused') throw new Error('the bundle does not compile');
  wasm = result.module.wasm;
});

const exportsOf = (bytes: Uint8Array): readonly string[] =>
  WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(bytes))).map(({ name }) => name);

describe('a rewritten module', () => {
  it('is the same every time', () => {
    expect(Buffer.from(rewriteModule(wasm)).equals(Buffer.from(rewriteModule(wasm)))).toBe(true);
  });

  it('keeps every export and adds what counts the work', () => {
    expect(exportsOf(rewriteModule(wasm))).toEqual([...exportsOf(wasm), ...Object.values(GLOBALS)]);
  });

  it('is valid WebAssembly that asks for nothing new', () => {
    const imports = (bytes: Uint8Array) => WebAssembly.Module.imports(new WebAssembly.Module(new Uint8Array(bytes)));
    expect(imports(rewriteModule(wasm))).toEqual(imports(wasm));
  });
});

describe('a file that is not what OPA’s compiler makes', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['text', Buffer.from('package policy')],
    ['an empty module', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
  ])('is refused: %s', (_name, bytes) => {
    expect(() => rewriteModule(bytes)).toThrow("not a module of OPA's compiler");
  });

  it('is refused when it was cut off anywhere', () => {
    for (const length of [9, 100, 5_000, wasm.length - 1]) {
      expect(() => rewriteModule(wasm.subarray(0, length))).toThrow("not a module of OPA's compiler");
    }
  });

  it('is refused when something else would run as it is loaded', () => {
    const sections = readSections(wasm).map((section) =>
      section.id === SECTION.start ? { ...section, bytes: Uint8Array.of(7) } : section,
    );
    expect(() => rewriteModule(writeModule(sections))).toThrow('something else than `_initialize` would run');
  });

  it('is not loaded when it was not rewritten', () => {
    expect(() => loadModule(wasm)).toThrow('lacks gateway_fuel');
  });

  it('is not loaded when it asks for more than a policy gets', () => {
    // (module (import "env" "fetch" (func)))
    const bytes = [
      0,
      0x61,
      0x73,
      0x6d,
      1,
      0,
      0,
      0,
      1,
      4,
      1,
      0x60,
      0,
      0,
      2,
      13,
      1,
      3,
      ...Buffer.from('env'),
      5,
      ...Buffer.from('fetch'),
      0,
      0,
    ];
    expect(() => loadModule(Uint8Array.from(bytes))).toThrow('asks for env.fetch');
  });
});

describe('the list of native built-ins', () => {
  it('has each function once', () => {
    expect(NATIVE_BUILTINS.size).toBe(94);
    expect(new Set(NATIVE_BUILTINS.values()).size).toBe(94);
  });
});
