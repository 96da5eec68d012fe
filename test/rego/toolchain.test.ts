import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Toolchain, type ToolchainOptions } from '../../src/rego/toolchain.ts';
import { aBundle } from './a-bundle.ts';

const SHIPPED = new URL('../../rego/', import.meta.url);
const NOT_ENDING = 'test_x if { some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a + b < 0 }';
const HUGE = 'test_x if count(numbers.range(1, 100000000)) == 1';

let folder: string;
let cacheFolder: string;
let shared: Toolchain;
const open: Toolchain[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolchain-'));
  cacheFolder = join(folder, 'cache');
  shared = aToolchain({ cacheFolder });
  // Only the description of the program: who gets an answer has not started a process.
  await mkdir(join(folder, 'program'));
  await copyFile(new URL('toolchain.json', SHIPPED), join(folder, 'program', 'toolchain.json'));
  await writeFile(join(folder, 'program', 'toolchain.wasm.br'), 'not a program');
});

afterAll(async () => {
  await Promise.all(open.map(async (toolchain) => toolchain.close()));
  await rm(folder, { recursive: true });
});

function aToolchain(options: ToolchainOptions = {}): Toolchain {
  const toolchain = new Toolchain(options);
  open.push(toolchain);
  return toolchain;
}

/** One that starts later, on the same cache, and cannot compile anything. */
function aSecondStart(): Toolchain {
  return aToolchain({ cacheFolder, folder: pathToFileURL(`${join(folder, 'program')}/`) });
}

const tests = (text: string) => aBundle({ files: { 'a_test.rego': `package app_test\n\n${text}\n` } });

test('a second start compiles nothing and starts no process', async () => {
  const request = { bundle: aBundle(), library: {} };
  const build = { bundles: [request.bundle], library: {} };
  const first = [await shared.build(build), await shared.inspect(request), await shared.activate(request)];
  const second = aSecondStart();
  expect([await second.build(build), await second.inspect(request), await second.activate(request)]).toEqual(first);
});

test('what is made of a module is made once for each way of making it', async () => {
  let made = 0;
  const reversing = (name: string) => ({
    name,
    make: (wasm: Uint8Array) => {
      made += 1;
      return wasm.toReversed();
    },
  });
  const module = Uint8Array.of(1, 2, 3);
  for (const name of ['reverse 1', 'reverse 1', 'reverse 2']) {
    expect([...(await aSecondStart().derive(module, reversing(name)))]).toEqual([3, 2, 1]);
  }
  expect(made).toBe(2);
  await shared.derive(Uint8Array.of(1, 2), reversing('reverse 1'));
  expect(made).toBe(3);
});

test('the order in which files were read makes no other build', async () => {
  const one = { 'a.rego': 'package app\nx := 1', 'b.rego': 'package app\ny := 1' };
  const other = { 'b.rego': one['b.rego'], 'a.rego': one['a.rego'] };
  const first = await shared.build({ bundles: [aBundle({ files: one })], library: {} });
  expect(await aSecondStart().build({ bundles: [aBundle({ files: other })], library: {} })).toEqual(first);
});

test('another source, data, library, schema or list of built-ins is another answer', async () => {
  const request = { bundle: aBundle({ policy: 'y := 1' }), library: {} };
  const requests = [
    request,
    { ...request, bundle: aBundle({ policy: 'y := 2' }) },
    { ...request, bundle: aBundle({ policy: 'y := 1', data: { app: {} } }) },
    { ...request, library: { 'a.rego': 'package gateway.v1' } },
    { ...request, inputSchema: {} },
    { ...request, builtins: [] },
  ];
  const before = await readdir(cacheFolder);
  for (const each of requests) {
    expect(await shared.check(each)).toEqual([]);
  }
  expect(await readdir(cacheFolder)).toHaveLength(before.length + requests.length);
});

test('requests at the same time are all answered', async () => {
  const answers = await Promise.all(
    ['x := 1', 'x := data', 'x := 2'].map(async (policy) => shared.check({ bundle: aBundle({ policy }), library: {} })),
  );
  expect(answers.map((problems) => problems.length)).toEqual([0, 1, 0]);
});

test('with two processes a request need not wait for one that is slow', async () => {
  const toolchain = aToolchain({ limitMs: 20_000, maxProcesses: 2 });
  const slow = toolchain.test({ bundle: tests(NOT_ENDING), library: {} }).catch(() => 'ended');
  expect(await Promise.race([slow, toolchain.format({})])).toMatchObject({ problems: [] });
  await toolchain.close();
  expect(await slow).toBe('ended');
});

test('a request that takes too much work is ended, and the next one is answered', async () => {
  const toolchain = aToolchain({ limitMs: 3000 });
  await expect(toolchain.test({ bundle: tests(NOT_ENDING), library: {} })).rejects.toMatchObject({
    code: 'TOOLCHAIN_FAILED',
    message: expect.stringContaining('ended after 3000 ms of work'),
  });
  expect((await toolchain.format({})).problems).toEqual([]);
});

test('a request that takes too much memory is ended, and the next one is answered', async () => {
  const toolchain = aToolchain({ maxMemoryBytes: 128 * 1024 * 1024, limitMs: 60_000 });
  await expect(toolchain.test({ bundle: tests(HUGE), library: {} })).rejects.toMatchObject({
    code: 'TOOLCHAIN_FAILED',
    message: expect.stringMatching(/out of memory|cannot allocate memory/),
  });
  expect((await toolchain.format({})).problems).toEqual([]);
});

test('the process ends when idle and comes back when needed', async () => {
  const toolchain = aToolchain({ idleMs: 1 });
  expect((await toolchain.format({})).problems).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await toolchain.format({})).problems).toEqual([]);
});

test('what is closed answers nothing', async () => {
  const toolchain = aToolchain();
  await toolchain.close();
  await toolchain.close();
  await expect(toolchain.format({})).rejects.toMatchObject({ code: 'TOOLCHAIN_FAILED' });
});

test('closing does not wait for a request in flight, which fails', async () => {
  const toolchain = aToolchain();
  const [outcome] = await Promise.allSettled([
    toolchain.test({ bundle: tests(NOT_ENDING), library: {} }),
    new Promise((resolve) => setTimeout(resolve, 20)).then(async () => toolchain.close()),
  ]);
  expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TOOLCHAIN_FAILED' } });
});

test('a program that is not the one described does not run', async () => {
  await expect(aSecondStart().format({})).rejects.toThrow('toolchain.wasm.br is damaged');
});

test('a missing program is said with the mend', () => {
  expect(() => new Toolchain({ folder: pathToFileURL(`${folder}/`) })).toThrow(
    expect.objectContaining({ code: 'TOOLCHAIN_FAILED', mend: expect.stringContaining('rego/build.sh') }),
  );
});
