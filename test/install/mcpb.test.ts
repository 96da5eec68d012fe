import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { aHome, environment, type Home, meet, NODES } from './places.ts';

const Manifest = z.object({
  manifest_version: z.literal('0.3'),
  version: z.string(),
  server: z.object({
    entry_point: z.string(),
    mcp_config: z.object({
      command: z.literal('node'),
      args: z.array(z.string()),
      env: z.record(z.string(), z.string()),
    }),
  }),
  user_config: z.record(z.string(), z.object({ type: z.string(), default: z.string() })),
  compatibility: z.object({ runtimes: z.object({ node: z.string() }) }),
});

const FILE = resolve('mcp-gateway.mcpb');
const home: Home = aHome();
const unpacked = join(home.folder, 'unpacked');
const mcpb = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [resolve('node_modules/@anthropic-ai/mcpb/dist/cli/cli.js'), ...args], {
    encoding: 'utf8',
  });

let manifest: z.output<typeof Manifest>;

beforeAll(() => {
  execFileSync(process.execPath, ['--import', 'tsx', 'build-mcpb.ts'], { stdio: 'inherit' });
  mkdirSync(unpacked);
  mcpb('unpack', FILE, unpacked);
  manifest = Manifest.parse(JSON.parse(readFileSync(join(unpacked, 'manifest.json'), 'utf8')));
});

afterAll(() => {
  rmSync(home.folder, { recursive: true, force: true, maxRetries: 5 });
  rmSync(FILE, { force: true });
});

test('its manifest is valid, and of the version of the package', () => {
  expect(mcpb('validate', join(unpacked, 'manifest.json'))).toContain('Manifest schema validation passes!');
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
  expect(manifest.version).toBe(version);
});

test('nothing in it is compiled for one machine, and nothing of it is a source or a test of ours', () => {
  const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => /\.(node|dll|dylib|so|exe)$/.test(file))).toEqual([]);
  expect(files.filter((file) => /^(src|test|servers|fixtures)\//.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining([
      manifest.server.entry_point,
      'node_modules/tar/package.json',
      'dist/LICENSES.txt',
      'dist/sbom.cdx.json',
    ]),
  );
});

test.each(['22', '24'] as const)(
  'started on Node %s as the manifest says, it serves what the folder configures',
  async (version) => {
    const { args, env } = manifest.server.mcp_config;
    const values: Readonly<Record<string, string>> = { __dirname: unpacked, 'user_config.home': home.folder };
    const filled = (text: string): string =>
      text.replaceAll(/\$\{([\w.]+)\}/g, (_, name: string) => values[name] ?? '');
    const node = NODES[version];
    const given = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, filled(value)]));
    const met = await meet(home, {
      command: node,
      args: args.map(filled),
      env: { ...environment(home, { node }), ...given },
    });
    expect(met).toMatchObject({ name: 'mcp-gateway', answer: [{ type: 'text' }] });
    expect(met.tools).toContain('write');
    expect(readdirSync(home.folder)).toContain('decisions.db');
  },
);

test('what it is started with without a choice is the folder that every other way uses', () => {
  expect(manifest.user_config['home']).toMatchObject({ type: 'directory', default: '${HOME}/.mcp-gateway' });
  expect(manifest.compatibility.runtimes.node).toBe('>=22.13.0');
});
