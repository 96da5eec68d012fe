import { beforeAll, describe, expect, test } from 'vitest';
import { HOST_BUILTINS } from '../../src/policy/builtins.ts';
import { PolicyInstance } from '../../src/policy/instance.ts';
import { loadModule } from '../../src/policy/module.ts';
import { rewriteModule } from '../../src/policy/rewrite.ts';
import { ByteWriter, readSections, type Section, SECTION, writeModule } from '../../src/policy/wasm-binary.ts';
import { toolchain } from '../shared-toolchain.ts';

let genuine: Uint8Array;
beforeAll(async () => {
  const rego = 'package policy\n\ndeny contains {"id": "D-1", "reason": "r"} if upper(input.text) == "X"\n';
  const bundle = { id: 'policy', root: 'policy', files: { 'policy.rego': rego }, data: { policy: {} } };
  const result = await toolchain.build({ bundles: [bundle], library: {} });
  if (result.kind === 'refused') throw new Error('the bundle does not compile');
  genuine = result.module.wasm;
});

/** What the gateway does with a module before it asks it anything: all that it may throw is a refusal. */
function load(wasm: Uint8Array): PolicyInstance {
  return new PolicyInstance(loadModule(rewriteModule(wasm)), {
    data: '{}',
    builtins: HOST_BUILTINS,
    monotonic: () => performance.now(),
    print: () => undefined,
  });
}

const bytes = (write: (writer: ByteWriter) => void): Uint8Array => {
  const writer = new ByteWriter();
  write(writer);
  return writer.take();
};

/** The genuine module with one section changed, or with one more before the section that has to follow it. */
const changed = (id: number, change: (section: Section) => Section): Uint8Array =>
  writeModule(readSections(genuine).map((section) => (section.id === id ? change(section) : section)));

function withSection(id: number, content: Uint8Array): Uint8Array {
  const sections = readSections(genuine);
  const at = sections.findIndex((section) => section.id > id);
  return writeModule(sections.toSpliced(at, 0, { id, bytes: content }));
}

/** One import more, of a function without parameters. */
const importing = (module: string, name: string): Uint8Array =>
  changed(SECTION.import, ({ id, bytes: content }) => ({
    id,
    bytes: bytes((writer) => {
      const [count = 0] = content;
      writer.unsigned(count + 1);
      writer.bytes(content.subarray(1));
      writer.text(module);
      writer.text(name);
      writer.bytes([0x00, 0x00]);
    }),
  }));

const tableOf = (entries: number, count = 1): Uint8Array =>
  bytes((writer) => {
    writer.unsigned(count);
    for (let table = 0; table < count; table += 1) {
      writer.bytes([0x70, 0x00]);
      writer.unsigned(entries);
    }
  });

describe('G-64 a module that OPA’s compiler did not make is refused before anything of it runs', () => {
  test('the genuine one is loaded, so that what is refused is what was changed', () => {
    expect([...load(genuine).entrypoints.keys()]).toHaveLength(1);
  });

  const MODULES: readonly (readonly [what: string, make: () => Uint8Array, why: string])[] = [
    [
      'with a table of ten million entries',
      () => changed(SECTION.table, ({ id }) => ({ id, bytes: tableOf(10_000_000) })),
      'its table is too large',
    ],
    [
      'with a table of the most entries that there can be',
      () => changed(SECTION.table, ({ id }) => ({ id, bytes: tableOf(0xff_ff_ff_ff) })),
      'its table is too large',
    ],
    [
      'with a table of ten million entries that begins with what fills it',
      () =>
        changed(SECTION.table, ({ id }) => ({
          id,
          bytes: bytes((writer) => {
            writer.bytes([1, 0x40, 0x00, 0x70, 0x00]);
            writer.unsigned(10_000_000);
            writer.bytes([0xd0, 0x70, 0x0b]);
          }),
        })),
      'its table is none of functions',
    ],
    [
      'with a table that counts in 64 bits',
      () => changed(SECTION.table, ({ id }) => ({ id, bytes: Uint8Array.of(1, 0x70, 0x04, 1) })),
      'its table has limits of another form',
    ],
    [
      'with a thousand tables',
      () => changed(SECTION.table, ({ id }) => ({ id, bytes: tableOf(10, 1_000) })),
      'it has 1000 tables',
    ],
    [
      'with a memory of four gigabytes of its own',
      () => withSection(SECTION.memory, Uint8Array.of(1, 0, 0x80, 0x80, 4)),
      'it brings a memory of its own',
    ],
    ['that asks for the network', () => importing('env', 'http_send'), 'it imports|asks for|not valid|not a module'],
    [
      'that asks for the system',
      () => importing('wasi_snapshot_preview1', 'fd_write'),
      'asks for|not valid|not a module',
    ],
    ['that asks for what every object has', () => importing('env', 'constructor'), 'asks for|not valid|not a module'],
    [
      'that runs something as it is loaded',
      () => changed(SECTION.start, ({ id }) => ({ id, bytes: Uint8Array.of(40) })),
      'something else than `_initialize` would run',
    ],
    [
      'of which the names are not there',
      () => writeModule(readSections(genuine).filter(({ id }) => id !== SECTION.custom)),
      'it names no `eval`',
    ],
    ['without its exports', () => changed(SECTION.export, ({ id }) => ({ id, bytes: Uint8Array.of(0) })), 'lacks'],
    ['of another kind', () => Buffer.from('\u0000asm\u000d\u0000\u0001\u0000'), 'no WebAssembly header'],
    [
      'that is a section without end',
      () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f),
      'it ends too early',
    ],
  ];

  test.for(MODULES)('one %s', ([, make, why]) => {
    expect(() => load(make())).toThrow(new RegExp(why));
  });

  test('with any byte changed it is refused, or does no more than it may', () => {
    const outcomes = new Set<string>();
    for (let at = 8; at < genuine.length; at += Math.floor(genuine.length / 150)) {
      const damaged = Uint8Array.from(genuine);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      outcomes.add(outcomeOf(() => loadModule(rewriteModule(damaged))));
    }
    expect([...outcomes].toSorted()).toEqual(['POLICY_FAILED', 'loaded']);
  });
});

function outcomeOf(run: () => unknown): string {
  try {
    run();
    return 'loaded';
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : `thrown ${String(thrown)}`;
  }
}
