import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import { carriedBundle, carrierFolder } from '../../src/upstream/carrier.ts';
import { aFolder, aHost } from './parts.ts';

type Tree = Readonly<Record<string, string | object>>;

/** Writes files; an object is JSON, a path that ends in a slash a folder. */
function aTree(tree: Tree): string {
  const root = aFolder();
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(root, name);
    mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return root;
}

const tree: Tree = {
  'package.json': { name: 'outer' },
  'server/package.json': { name: 'inner' },
  'server/x.js': '',
  'server/dist/package.json': { type: 'module' },
  'server/dist/x.mjs': '',
  'server/dist/index.js': '',
  'plain/server.py': '',
  'other/x.js': '',
  'node_modules/loose/x.js': '',
};

test.for([
  ['node', ['server/x.js'], 'server'],
  ['node', ['server/x'], 'server'],
  ['node', ['server/dist'], 'server'],
  ['node', ['server/dist/x.mjs', '--flag', 'other/x.js'], 'server'],
  ['node', ['--enable-source-maps', 'server/x.js'], 'server'],
  ['node', ['--import', 'other/x.js', 'server/x.js'], 'server'],
  ['node', ['--import=other/x.js', '-r', 'other/x.js', '--env-file', 'other/.env', 'server/x.js'], 'server'],
  ['node', ['--', 'server/x.js'], 'server'],
  ['/usr/local/bin/node', ['server/x.js'], 'server'],
  ['C:\\Program Files\\nodejs\\node.exe', ['server/x.js'], 'server'],
  [process.execPath, ['other/x.js'], ''],
  ['node', ['-e', 'server/x.js'], undefined],
  ['node', ['absent.js'], undefined],
  ['node', [], undefined],
  ['node', ['node_modules/loose/x.js'], undefined],
  ['python3', ['plain/server.py'], ''],
  ['python3.12', ['-u', 'plain/server.py'], ''],
  ['uv', ['run', 'plain/server.py'], ''],
  ['./server/x.js', [], 'server'],
  ['docker', ['run', 'server/x.js'], undefined],
  ['some-server', ['server/package.json'], undefined],
] as const)('what belongs to `%s %j` lies in %j', ([command, args, folder]) => {
  const root = aTree(tree);
  const found = carrierFolder({ command, args }, root, aHost);
  expect(found).toBe(folder === undefined ? undefined : path.join(root, folder));
});

test('a program on the path counts where it leads into a package', () => {
  const root = aTree({
    'lib/node_modules/memory/package.json': { name: 'memory' },
    'lib/node_modules/memory/index.js': '',
    'bin/': '',
    'bin/ls': '',
  });
  symlinkSync('../lib/node_modules/memory/index.js', path.join(root, 'bin/mcp-memory'));
  const host = { ...aHost, environment: { PATH: `/no/such:${path.join(root, 'bin')}` } };
  expect(carrierFolder({ command: 'mcp-memory', args: [] }, root, host)).toBe(
    path.join(root, 'lib/node_modules/memory'),
  );
  expect(carrierFolder({ command: 'ls', args: [] }, root, host)).toBeUndefined();
});

test('a script without any package has the policy folder beside it', () => {
  const root = aTree({ 'node_modules/a.py': '', 'node_modules/mcp-policy/.manifest': '' });
  expect(carrierFolder({ command: 'python', args: ['node_modules/a.py'] }, root, aHost)).toBe(
    path.join(root, 'node_modules'),
  );
});

const digest = 'a'.repeat(64);

test.for<[string, Tree, object | undefined]>([
  ['nothing', { 'package.json': { name: 'x' } }, undefined],
  ['no package.json', { 'x.js': '' }, undefined],
  ['the folder mcp-policy', { 'package.json': {}, 'mcp-policy/.manifest': '' }, { path: 'mcp-policy' }],
  ['a packed bundle in it', { 'mcp-policy/bundle.tar.gz': '' }, { path: 'mcp-policy/bundle.tar.gz' }],
  [
    'a folder beside a packed one',
    { 'mcp-policy/.manifest': '', 'mcp-policy/bundle.tar.gz': '' },
    { path: 'mcp-policy' },
  ],
  [
    'a named folder',
    { 'package.json': { mcpPolicy: './policy' }, 'policy/.manifest': '', 'mcp-policy/.manifest': '' },
    { path: 'policy' },
  ],
  ['a named file', { 'package.json': { mcpPolicy: 'p.tar.gz' }, 'p.tar.gz': '' }, { path: 'p.tar.gz' }],
  ['a descriptor', { 'package.json': { mcpPolicy: { contract: 1, bundle: 'p' } }, 'p/.manifest': '' }, { path: 'p' }],
  [
    'a descriptor with all it can say',
    {
      'package.json': {
        mcpPolicy: { contract: 1, bundle: 'p', digest: `sha256:${digest}`, tools: { hash: 'h' }, docs: 'd' },
      },
      'p/.manifest': '',
    },
    { path: 'p', digest, toolsHash: 'h' },
  ],
])('%s is found', ([, tree, expected]) => {
  const root = aTree(tree);
  const found = carriedBundle(root);
  const relative = found === undefined ? undefined : { ...found, path: path.relative(root, found.path) };
  expect(relative).toEqual(expected === undefined ? undefined : { digest: '', toolsHash: '', ...expected });
});

test.for<[string, unknown, string, RegExp]>([
  ['what is not there', './absent', 'BUNDLE_UNREADABLE', /names "\.\/absent", which is not there\.$/u],
  ['what lies outside', '../', 'BUNDLE_UNREADABLE', /lies outside the package/u],
  ['an absolute path', '/etc', 'BUNDLE_UNREADABLE', /lies outside the package/u],
  ['a way out through a link', 'link', 'BUNDLE_UNREADABLE', /lies outside the package/u],
  ['an address', 'https://example.com/b.tar.gz', 'NOT_BUILT', /names a remote bundle/u],
  ['another contract', { contract: 2, bundle: 'p' }, 'BUNDLE_UNREADABLE', /contract must be 1/u],
  ['a descriptor with an unknown key', { contract: 1, bundle: 'p', extra: 1 }, 'BUNDLE_UNREADABLE', /extra/u],
  ['a number', 1, 'BUNDLE_UNREADABLE', /neither a path nor a descriptor/u],
])('a package that names %s is an error, never a server without its policy', ([, mcpPolicy, code, words]) => {
  const root = aTree({ 'package.json': { name: 'x', mcpPolicy }, 'mcp-policy/.manifest': '' });
  symlinkSync('/etc', path.join(root, 'link'));
  let thrown: unknown;
  try {
    carriedBundle(root);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GatewayError);
  expect(thrown).toMatchObject({ code, message: expect.stringMatching(words) });
});

test('a package.json that cannot be read is an error', () => {
  expect(() => carriedBundle(aTree({ 'package.json': '{' }))).toThrow(/package\.json cannot be read/u);
});
