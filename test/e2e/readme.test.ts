import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { aPlace, runProgram } from './program.ts';
import { commandsUnder, WALKS } from './readme-walks.ts';

const README = readFileSync('README.md', 'utf8');
const run = promisify(execFile);

/** The commands of the README's console blocks, in order, without what stands behind a `#`. */
const COMMANDS = [...README.matchAll(/```console\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.split('\n'))
  .flatMap((line) => /^\$ ([^#]+)/.exec(line)?.[1]?.trim() ?? []);

test('the README has the two commands that set everything up', () => {
  expect(COMMANDS.slice(0, 2)).toEqual(['npm install && npm run demo', 'npm install && npm test']);
});

test('the demo and every other command of the README work', async () => {
  const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;
  expect(scripts['demo']).toBe('npm run --silent build && tsx demo/day-at-work.ts');
  const { stdout } = await run(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'demo/day-at-work.ts']);
  expect(stdout).toContain('Protected branches are never written directly.');
  expect(stdout).toContain('ok: ');

  // Each of the three walks has a test of its own, from an empty folder.
  const walked = new Set(
    Object.values(WALKS)
      .flatMap(commandsUnder)
      .map((line) => line.replace(/ +#.*/, '')),
  );
  const others = COMMANDS.slice(2).filter((command) => !walked.has(command));
  expect(others.length).toBeGreaterThan(5);
  for (const command of others) {
    const [program, ...args] = command.split(' ');
    expect(program).toBe('node');
    const { stdout: said } = await run(process.execPath, args, { env: demoEnvironment() });
    expect({ command, said }).not.toEqual({ command, said: '' });
  }
});

test('the configuration of the README is a good one', async () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(README)?.[1] ?? '';
  const place = aPlace(() => yaml);
  expect(await runProgram(place, ['config', 'validate'])).toMatchObject({ code: 0 });
});

test('what the README links to is there', () => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(4);
  expect(links.filter((path) => !existsSync(path))).toEqual([]);
});

/** Where the demo left its decisions. */
function demoEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: tmpdir(),
    MCP_GATEWAY_HOME: resolve('.mcp-gateway/demo/home'),
    MCP_GATEWAY_CACHE: join(tmpdir(), 'mcp-gateway-test-cache'),
  };
}
