import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aHome, environment, type Home, meet, NODES, NPMS, run, runNpm, type Runtime } from './places.ts';
import { makeTarball, type Tarball } from './tarball.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-tarball-'));
const home: Home = aHome();
let tarball: Tarball;

beforeAll(() => {
  tarball = makeTarball(folder);
});

afterAll(() => {
  for (const each of [folder, home.folder]) rmSync(each, { recursive: true, force: true, maxRetries: 5 });
});

interface Way extends Runtime {
  readonly name: string;
  readonly args: readonly string[];
  /** What the packages' own scripts leave is copied from here: npm install of this repository ran the same ones. */
  readonly hasScripts?: boolean;
  /** Whether the package for the system's keychain, an optional one, could be installed; it could by default. */
  readonly hasKeychain?: boolean;
}

const ways: readonly Way[] = [
  { name: 'Node 20 with npm 11', node: NODES.own, npm: NPMS[11], args: ['--ignore-scripts'], hasScripts: true },
  { name: 'Node 22 with npm 12, which runs no scripts', node: NODES[22], npm: NPMS[12], args: [] },
  {
    name: 'Node 24 without scripts and without a keychain',
    node: NODES[24],
    npm: NPMS[11],
    args: ['--ignore-scripts'],
    hasKeychain: false,
  },
];

describe.each(ways)(
  'from the tarball alone on $name',
  ({ node, npm, args, hasScripts = false, hasKeychain = true }) => {
    const prefix = mkdtempSync(join(tmpdir(), 'mcp-gateway-prefix-'));
    const program = join(prefix, 'bin/mcp-gateway');
    const modules = join(prefix, 'lib/node_modules/mcp-gateway/node_modules');
    const env = environment(home, { node });

    beforeAll(async () => {
      await runNpm({ node, npm }, ['install', '--global', '--prefix', prefix, tarball.file, ...args], folder);
      if (!hasKeychain) rmSync(join(modules, '@napi-rs'), { recursive: true });
      if (hasScripts)
        cpSync(resolve('node_modules/better-sqlite3/build'), join(modules, 'better-sqlite3/build'), {
          recursive: true,
        });
    });

    afterAll(() => rmSync(prefix, { recursive: true, force: true, maxRetries: 5 }));

    test('the command is there, and says its version', async () => {
      const { stdout } = await run(program, ['version', '--json'], { cwd: home.folder, env });
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, version: '0.1.0' });
    });

    test('no driver of SQLite was compiled but the one that Node 20 needs', () => {
      expect(existsSync(join(modules, 'better-sqlite3/build'))).toBe(hasScripts);
      expect(existsSync(join(modules, '@napi-rs/keyring'))).toBe(hasKeychain);
    });

    test('a client is served, and the decision is on record', async () => {
      const met = await meet(home, { command: program, args: ['serve', '--stdio', '--config', home.config], env });
      expect(met).toMatchObject({ name: 'mcp-gateway', answer: [{ type: 'text' }] });
      expect(met.tools).toContain('write');
      const { stdout, stderr } = await run(program, ['decision', 'ls', '--json', '--config', home.config], {
        cwd: home.folder,
        env,
      });
      const { decisions } = JSON.parse(stdout) as { decisions: readonly unknown[] };
      // Nobody who runs a command wants to hear that Node calls its SQLite experimental.
      expect(stderr).toBe('');
      expect(decisions[0]).toMatchObject({
        server: 'journal',
        tool: 'write',
        effect: 'allow',
        outcome: { status: 'ok' },
      });
    });
  },
);

test('npx runs it from the path of the tarball, with npm 12', async () => {
  const runtime = { node: NODES[22], npm: NPMS[12] };
  const { stdout } = await runNpm(
    runtime,
    ['exec', '--yes', '--package', tarball.file, '--', 'mcp-gateway', 'version'],
    home.folder,
  );
  expect(stdout).toContain('0.1.0');
});
