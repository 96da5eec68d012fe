import { PassThrough } from 'node:stream';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runIn } from '../../src/cli/program.ts';
import { aFolder } from '../state/support.ts';

interface Given {
  readonly variables?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
}

async function run(args: readonly string[], home: string, { variables = {}, isTerminal = false }: Given = {}) {
  const said = { out: '', err: '' };
  const stream = (name: 'out' | 'err'): NodeJS.WriteStream => {
    const written = new PassThrough().on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
    const shape = isTerminal ? { isTTY: true, columns: 80, hasColors: () => true, getColorDepth: () => 8 } : {};
    return Object.assign(written, shape) as unknown as NodeJS.WriteStream;
  };
  const input = Object.assign(new PassThrough(), { isTTY: isTerminal }) as unknown as NodeJS.ReadStream;
  const environment = { variables, workingFolder: home, userHome: home, home, cache: home, user: 'maya' };
  const terminal = { in: input, out: stream('out'), err: stream('err') };
  const exit = await runIn({ terminal, environment }, args);
  await new Promise(setImmediate);
  return { exit, ...said };
}

function aPlace(servers: object = {}) {
  const home = aFolder();
  const config = join(home, 'other.yaml');
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: servers }));
  return { home, config };
}

test('flags that hold for all stand before a command or behind it, or in the environment', async () => {
  const { home, config } = aPlace();
  const path = expect.stringContaining('other.yaml');
  const asked = [
    await run(['config', 'validate', '-c', config, '--json'], home),
    await run(['-c', config, '--json', 'config', 'validate'], home),
    await run(['config', 'validate'], home, { variables: { MCP_GATEWAY_CONFIG: config, MCP_GATEWAY_JSON: '1' } }),
  ];
  for (const { exit, out } of asked) expect([exit, JSON.parse(out)]).toMatchObject([0, { ok: true, path }]);
  const off = await run(['-c', config, 'config', 'validate'], home, { variables: { MCP_GATEWAY_JSON: '0' } });
  expect(off.out).toContain('is good');
});

test('what was typed counts before the environment, and nearer counts before farther', async () => {
  const { home, config } = aPlace();
  const variables = { MCP_GATEWAY_CONFIG: '/nowhere.yaml' };
  expect((await run(['config', 'validate', '-c', config], home, { variables })).exit).toBe(0);
  expect((await run(['-c', '/nowhere.yaml', 'config', 'validate', '-c', config], home)).exit).toBe(0);
});

test('colours stand on a terminal only, and not with --no-color', async () => {
  const { home, config } = aPlace();
  const isTerminal = true;
  vi.stubEnv('FORCE_COLOR', undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const plain = await run(['server', 'ls', '-c', config], home);
  expect(plain.out).not.toContain('\u001b');
  for (const args of [
    ['--no-color', 'server', 'ls'],
    ['server', 'ls', '--no-color'],
  ])
    expect((await run([...args, '-c', config], home, { isTerminal })).out).not.toContain('\u001b');
});

test('with --no-input nobody is asked, even at a terminal', async () => {
  const { home, config } = aPlace({ shop: { type: 'http', url: 'http://127.0.0.1:9/mcp' } });
  const { exit, err } = await run(['server', 'rm', 'shop', '-c', config, '--no-input'], home, { isTerminal: true });
  expect([exit, err]).toEqual([2, expect.stringContaining('nobody is at a terminal to be asked')]);
  const set = await run(['secret', 'set', 'shop.token', '--no-input'], home, { isTerminal: true });
  expect([set.exit, set.err]).toEqual([2, expect.stringContaining('Pipe the value in')]);
});

test('with --quiet nothing is said beside the answer, and errors are said all the same', async () => {
  const { home, config } = aPlace();
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: {}, agents: { a: { servers: ['nobody'] } } }));
  const loud = await run(['config', 'show', '-c', config], home);
  const quiet = await run(['-q', 'config', 'show', '-c', config], home);
  expect([quiet.exit, quiet.out, quiet.err]).toEqual([0, loud.out, '']);
  const wrong = await run(['config', 'validate', '-q', '-c', '/nowhere.yaml'], home);
  expect([wrong.exit, wrong.err]).toEqual([1, expect.stringContaining('error CONFIG_NOT_FOUND')]);
});
