import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';

const REGO = fileURLToPath(new URL('../../rego/', import.meta.url));

const facts = JSON.parse(readFileSync(join(REGO, 'toolchain.json'), 'utf8')) as Record<string, unknown>;
const text = (name: string) => readFileSync(join(REGO, name), 'utf8');
const byText = (a: string, b: string) => (a < b ? -1 : 1);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
// What is linked in differs from one target to another.
const env = { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm' };
const go = (...args: string[]) => execFileSync('go', args, { cwd: REGO, encoding: 'utf8', env });

test('the program in the repository is what its source builds, byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'toolchain-'));
  try {
    const built = execFileSync('sh', [join(REGO, 'build.sh'), '--hash', join(folder, 'toolchain.wasm')], {
      encoding: 'utf8',
    });
    expect(built.trim()).toBe(facts['sha256']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('its description is that of the file beside it', () => {
  const compressed = readFileSync(join(REGO, 'toolchain.wasm.br'));
  const program = brotliDecompressSync(compressed);
  expect(facts).toMatchObject({
    compressedSha256: sha256(compressed),
    compressedBytes: compressed.length,
    sha256: sha256(program),
    bytes: program.length,
  });
});

test('it is built with the Go and the OPA that go.mod names', () => {
  expect(text('go.mod')).toContain(`toolchain ${String(facts['go'])}\n`);
  expect(text('go.mod')).toContain(`github.com/open-policy-agent/opa ${String(facts['opa'])}\n`);
  expect(JSON.parse(text('builtins.json'))).toMatchObject({ opa: facts['opa'] });
});

test('every module that is linked in has its licence beside the program', () => {
  const modules = go(
    'list',
    '-deps',
    '-f',
    '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}',
    '.',
  );
  const named = [...text('LICENSES.txt').matchAll(/^={80}\n(.*)\n/gm)].map(([, module]) => module);
  const others = [`Go standard library ${String(facts['go'])}`, "Compiled into OPA's WebAssembly runtime"];
  expect(named).toEqual([...new Set(modules.trim().split('\n').toSorted(byText)), ...others]);
});

test('its source is formatted and vetted', () => {
  expect(execFileSync('gofmt', ['-l', '.'], { cwd: REGO, encoding: 'utf8' })).toBe('');
  expect(execFileSync('go', ['vet', './...'], { cwd: REGO, encoding: 'utf8' })).toBe('');
});

test('the built-ins called native are those that OPA compiles to WebAssembly', () => {
  const opa = go('list', '-m', '-f', '{{.Dir}}', 'github.com/open-policy-agent/opa').trim();
  const compiler = readFileSync(join(opa, 'internal/compiler/wasm/wasm.go'), 'utf8');
  const variables = [...compiler.matchAll(/^\tast\.(\w+)\.Name: /gm)].map(([, name = '']) => name);
  const declared = readFileSync(join(opa, 'v1/ast/builtins.go'), 'utf8');
  const names = new Map(
    [...declared.matchAll(/^var (\w+) = &Builtin\{\n\tName: +"([^"]+)"/gm)].map(([, variable = '', name = '']) => [
      variable,
      name,
    ]),
  );
  const native = variables.map((variable) => names.get(variable) ?? variable).toSorted(byText);
  expect(native.length).toBeGreaterThan(90);
  expect(JSON.parse(text('builtins.json'))).toMatchObject({ native });
});

test('every built-in that is named anywhere exists, and in one list only', () => {
  const opa = go('list', '-m', '-f', '{{.Dir}}', 'github.com/open-policy-agent/opa').trim();
  const declared = readFileSync(join(opa, 'v1/ast/builtins.go'), 'utf8');
  const known = new Set([...declared.matchAll(/^\tName: +"([^"]+)"/gm)].map(([, name]) => name));
  const lists = JSON.parse(text('builtins.json')) as {
    native: string[];
    host: string[];
    compiled: string[];
    refused: object;
  };
  const all = [...lists.native, ...lists.host, ...lists.compiled, ...Object.keys(lists.refused)];
  expect(all.filter((name) => !known.has(name))).toEqual([]);
  expect(new Set(all).size).toBe(all.length);
});

test('nothing of the module cache or of this machine is in the program', () => {
  const program = brotliDecompressSync(readFileSync(join(REGO, 'toolchain.wasm.br')));
  const cache = go('env', 'GOMODCACHE').trim();
  expect(program.includes(cache)).toBe(false);
  expect(program.includes(REGO)).toBe(false);
  expect(readdirSync(REGO)).toContain('go.sum');
});
