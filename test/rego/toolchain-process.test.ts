import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Toolchain } from '../../src/rego/toolchain.ts';

const TSX = createRequire(import.meta.url).resolve('tsx');
const NOT_ENDING = 'test_x if { some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a + b < 0 }';

/** A program that starts a toolchain, says what it answers to something small, and then has it work without end. */
const PROGRAM = `
  import { Toolchain } from ${JSON.stringify(new URL('../../src/rego/toolchain.ts', import.meta.url).href)};
  const toolchain = new Toolchain();
  const { files } = await toolchain.format({ 'a.rego': 'package a' });
  process.stdout.write(JSON.stringify(files) + '\\n');
  const source = ${JSON.stringify(`package app_test\n\n${NOT_ENDING}\n`)};
  const bundle = { id: 'app', root: 'app', files: { 'a_test.rego': source }, data: {} };
  const [outcome] = await Promise.allSettled([toolchain.test({ bundle, library: {} })]);
  process.stdout.write(String(outcome.reason));
`;

function startProgram() {
  const args = ['--import', TSX, '--input-type=module', '--eval', PROGRAM];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

const isLinux = process.platform === 'linux';

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(id: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function toolchainOf(parent: number): number | undefined {
  return childrenOf(parent).find((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('process-worker'));
}

function endIfAlive(id: number | undefined): void {
  if (id !== undefined && parentOf(String(id)) !== undefined) process.kill(id, 'SIGKILL');
}

test.runIf(isLinux)(
  'the process is told nothing but its channel and dies with a parent that is killed, even at work',
  async () => {
    const program = startProgram();
    const [said] = (await once(program.stdout, 'data')) as [Buffer];
    expect(String(said)).toBe('{"a.rego":"package a\\n"}\n');
    const toolchain = toolchainOf(program.pid ?? 0);
    onTestFinished(() => endIfAlive(toolchain));
    const environment = readFileSync(`/proc/${toolchain}/environ`, 'utf8').split('\0').filter(Boolean);
    expect(environment.map((entry) => entry.split('=')[0])).toEqual([
      'NODE_CHANNEL_FD',
      'NODE_CHANNEL_SERIALIZATION_MODE',
    ]);
    // By now it tests, without end.
    await delay(500);
    program.kill('SIGKILL');
    await once(program, 'exit');
    while (parentOf(String(toolchain)) !== undefined) await delay(20);
    expect(parentOf(String(toolchain))).toBeUndefined();
  },
);

test.runIf(isLinux)('a process that is killed is said, and nothing of it was on our standard output', async () => {
  const program = startProgram();
  const chunks: Buffer[] = [];
  program.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
  });
  await once(program.stdout, 'data');
  process.kill(toolchainOf(program.pid ?? 0) ?? 0, 'SIGKILL');
  await once(program, 'close');
  expect(Buffer.concat(chunks).toString()).toMatch(
    /^\{"a\.rego":"package a\\n"\}\nGatewayError: the Rego toolchain failed: its process ended with SIGKILL$/,
  );
});

const LIMIT_MS = 4000;

test.runIf(isLinux)('a process that gets nothing of the machine for a while is waited for', async () => {
  const toolchain = new Toolchain({ limitMs: LIMIT_MS });
  onTestFinished(() => toolchain.close());
  await toolchain.format({});
  const id = toolchainOf(process.pid) ?? 0;
  process.kill(id, 'SIGSTOP');
  const answer = toolchain.format({ 'a.rego': 'package a' });
  await delay(LIMIT_MS * 1.5);
  process.kill(id, 'SIGCONT');
  expect((await answer).files).toEqual({ 'a.rego': 'package a\n' });
});

test.runIf(isLinux)('a process that gets nothing of the machine for too long is given up', async () => {
  const toolchain = new Toolchain({ limitMs: LIMIT_MS / 4 });
  onTestFinished(() => toolchain.close());
  await toolchain.format({});
  const id = toolchainOf(process.pid) ?? 0;
  process.kill(id, 'SIGSTOP');
  await expect(toolchain.format({ 'a.rego': 'package a' })).rejects.toMatchObject({ code: 'TOOLCHAIN_FAILED' });
  expect(parentOf(String(id))).toBeUndefined();
});
