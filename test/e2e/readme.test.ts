import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const README = readFileSync('README.md', 'utf8');
const run = promisify(execFile);

/** The commands of the README's console blocks, in order, without what stands behind a `#`. */
const COMMANDS = [...README.matchAll(/```console\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.split('\n'))
  .flatMap((line) => /^\$ ([^#]+)/.exec(line)?.[1]?.trim() ?? []);

test('the README has the two commands that set everything up', () => {
  expect(COMMANDS.slice(0, 2)).toEqual(['npm install && npm run demo', 'npm install && npm test']);
});

test('the demo says what the README shows of it, and every other command of the README works', async () => {
  const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;
  expect(scripts['demo']).toBe('npm run --silent build && tsx demo/day-at-work.ts');
  const { stdout } = await run(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'demo/day-at-work.ts']);
  expect(shownLines().filter((line) => !constant(stdout).includes(line))).toEqual([]);
  expect(stdout).toContain('ok: ');

  const others = COMMANDS.slice(2);
  expect(others.length).toBeGreaterThan(2);
  for (const command of others) {
    const [program, ...args] = command.split(' ');
    expect(program).toBe('node');
    const { stdout: said } = await run(process.execPath, args, { env: demoEnvironment() });
    expect({ command, said }).not.toEqual({ command, said: '' });
  }
});

/** What the README shows of the demo, each line up to where it is cut. */
function shownLines(): readonly string[] {
  const [, block = ''] = /```text\n([\s\S]*?)```/.exec(README) ?? [];
  const lines = block.split('\n').map((line) =>
    constant(line)
      .replace(/(?<=.{8})…$/, '')
      .trim(),
  );
  expect(lines.length).toBeGreaterThan(10);
  return lines;
}

/** Ids and times are others each time. */
function constant(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}

/** Where the demo left its decisions. */
function demoEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: tmpdir(),
    MCP_GATEWAY_HOME: resolve('.mcp-gateway/demo/home'),
    MCP_GATEWAY_CACHE: join(tmpdir(), 'mcp-gateway-test-cache'),
  };
}
