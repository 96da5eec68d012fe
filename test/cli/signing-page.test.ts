import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Command } from 'commander';
import { addBundleCommands } from '../../src/cli/bundle-commands.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { aFolder } from '../upstream/parts.ts';
import { runCommand } from './command.ts';

const PAGE = readFileSync('docs/signing.md', 'utf8');

/** The files of the page, by their names. */
const FILES = [...PAGE.matchAll(/^`([\w./-]+)`\n\n```\w+\n([\s\S]*?)^```$/gm)].map(
  ([, name = '', text = '']) => [name, text] as const,
);

/** The commands of the page in their order, each with what it prints there. */
const COMMANDS = [...PAGE.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .filter((text) => text !== '')
    .map((text) => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n') + 1)] as const),
);

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-04T12:00:00Z') }));
afterEach(() => void vi.useRealTimers());

test('the page prints what the commands do', async () => {
  const folder = aFolder();
  for (const [name, text] of FILES) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  expect(COMMANDS.length).toBeGreaterThan(8);
  for (const [command, printed] of COMMANDS) {
    const out = await run(command, folder);
    expect([command, plain(out, folder)]).toEqual([command, plain(printed, folder)]);
  }
});

async function run(command: string, folder: string): Promise<string> {
  const [program = '', ...args] = command.split(' ');
  if (program !== 'mcp-gateway') {
    const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
    if (status === 0) return '';
    throw new Error(stderr);
  }
  const config = args[0] === 'policy' ? ['--config', join(folder, 'mcp-gateway.yaml')] : [];
  const add = (into: Command, context: CommandContext): void => {
    addBundleCommands(into, context);
    addPolicyCommands(into, context);
  };
  const place = { home: folder, cache: join(tmpdir(), 'mcp-gateway-test-cache') };
  const { exit, out, err } = await runCommand(add, [...args, ...config], place);
  if (exit === 0) return out;
  throw new Error(err);
}

/** Without what is another each time. */
function plain(text: string, folder: string): string {
  return text
    .replaceAll(folder, 'FOLDER')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'DIGEST')
    .replaceAll(/(signed by|and) [\w-]{43}/g, '$1 THUMBPRINT')
    .replaceAll('0123456789ab', 'DIGEST')
    .trimEnd();
}
