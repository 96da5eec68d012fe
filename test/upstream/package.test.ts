import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { create } from 'tar';
import { beforeAll, expect, test } from 'vitest';
import { resolveServer, type ResolveOptions } from '../../src/upstream/package.ts';
import { callTool, aFolder, aHost, anUpstream, call, rejection, textOf } from './parts.ts';

/** Packed as authors pack theirs. */
let archive = '';

beforeAll(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'upstream-'));
  writePackage(folder, '1.2.3');
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: folder, stdio: 'ignore' });
  archive = path.join(folder, 'acme-orderly-1.2.3.tgz');
  return () => rmSync(folder, { recursive: true, force: true });
});

/** A package with a server and its policy. */
function writePackage(folder: string, version: string, extra: object = {}): void {
  mkdirSync(path.join(folder, 'mcp-policy'), { recursive: true });
  for (const file of ['orderly.mjs', 'serve.mjs']) cpSync(`fixtures/upstreams/${file}`, path.join(folder, file));
  writeFileSync(path.join(folder, 'mcp-policy', '.manifest'), '{"roots":["orderly"]}');
  const json = {
    name: '@acme/orderly',
    version,
    bin: { 'mcp-orderly': 'orderly.mjs' },
    mcpPolicy: 'mcp-policy',
    ...extra,
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(json));
}

/** Faster than npm, for variants. */
function pack(version: string, extra: object = {}): string {
  const folder = path.join(aFolder(), 'package');
  writePackage(folder, version, extra);
  const file = path.join(path.dirname(folder), 'packed.tgz');
  create({ gzip: true, sync: true, file, cwd: path.dirname(folder) }, ['package']);
  return file;
}

function options(more: Partial<ResolveOptions> = {}): ResolveOptions {
  return { home: aFolder(), host: aHost, cwd: process.cwd(), ...more };
}

test('npx PKG is installed once, and what runs is the package whose policy is read', async () => {
  const given = options();
  const server = await resolveServer({ command: 'npx', args: ['-y', archive, 'one', 'a b'] }, given);

  const folder = path.dirname(server.args[0] ?? '');
  expect(server).toEqual({
    command: process.execPath,
    args: [path.join(folder, 'orderly.mjs'), 'one', 'a b'],
    package: '@acme/orderly',
    version: '1.2.3',
    packageKind: 'npm',
    integrity: expect.stringMatching(/^sha512-/u),
    bundle: { path: path.join(folder, 'mcp-policy'), digest: '', toolsHash: '' },
    note: '',
  });
  expect(path.relative(given.home, folder)).toMatch(
    /^servers\/@acme\+orderly@1\.2\.3\+[0-9a-f]{8}\/node_modules\/@acme\/orderly$/u,
  );
  const upstream = anUpstream({ kind: 'stdio', command: server.command, args: server.args, env: {} });
  expect(JSON.parse(textOf(await callTool(upstream, call('process')))).argv).toEqual(['one', 'a b']);

  // Without an npm in reach the second time finds what the first installed.
  const again = await resolveServer(
    { command: 'npx', args: ['-y', archive, 'one', 'a b'] },
    { ...given, host: { ...aHost, environment: { PATH: '/no/such' } } },
  );
  expect(again).toEqual(server);
});

test('two that install at once agree, and leave nothing lying about', async () => {
  const given = options();
  const servers = await Promise.all([1, 2].map(() => resolveServer({ command: 'npx', args: [archive] }, given)));
  expect(servers[0]).toEqual(servers[1]);
  const left = readdirSync(path.join(given.home, 'servers')).filter((name) => !name.endsWith('.json'));
  expect(left).toHaveLength(1);
});

test('an archive that was packed anew is installed anew', async () => {
  const given = options();
  const folder = aFolder();
  const file = path.join(folder, 'server.tgz');
  cpSync(archive, file);
  expect((await resolveServer({ command: 'npx', args: ['./server.tgz'] }, { ...given, cwd: folder })).version).toBe(
    '1.2.3',
  );
  cpSync(pack('1.2.4'), file);
  expect((await resolveServer({ command: 'npx', args: ['./server.tgz'] }, { ...given, cwd: folder })).version).toBe(
    '1.2.4',
  );
});

test('where npm fails the server runs as given, and it says why', async () => {
  const given = { command: 'npx', args: ['-y', './no-such.tgz'] };
  const server = await resolveServer(given, options());
  expect(server).toMatchObject({
    ...given,
    package: '',
    version: '',
    integrity: '',
    note: expect.stringContaining('npm cannot install'),
  });
  expect(server.bundle).toBeUndefined();
});

test('where there is no npm the server runs as given', async () => {
  const given = { command: 'npx', args: ['-y', archive] };
  const server = await resolveServer(given, options({ host: { ...aHost, environment: { PATH: '/no/such' } } }));
  expect(server).toMatchObject({ ...given, note: expect.stringContaining('npm cannot install') });
});

test('a package without a program that fits runs as given', async () => {
  const odd = pack('2.0.0', { bin: { a: 'orderly.mjs', b: 'serve.mjs' } });
  const server = await resolveServer({ command: 'npx', args: [odd] }, options());
  expect(server).toMatchObject({
    command: 'npx',
    args: [odd],
    note: '@acme/orderly@2.0.0 has no program that can be run without npx.',
  });
});

test('a package that names a bundle it does not ship is an error, never a server without its policy', async () => {
  const broken = pack('3.0.0', { mcpPolicy: 'absent' });
  expect((await rejection(resolveServer({ command: 'npx', args: [broken] }, options()))).code).toBe(
    'BUNDLE_UNREADABLE',
  );
});

test('a cancelled installation is cancelled', async () => {
  const error = await rejection(
    resolveServer({ command: 'npx', args: [archive] }, options({ signal: AbortSignal.abort() })),
  );
  expect(error.code).toBe('CANCELLED');
});

/** An npm that installs what the test says, for what only a registry could answer. */
function aFakeNpm(version: string, integrity: string): ResolveOptions['host'] {
  const folder = aFolder();
  const script = `#!${process.execPath}
const fs = require('node:fs');
fs.appendFileSync(${JSON.stringify(path.join(folder, 'calls'))}, process.argv.slice(2).join(' ') + '\\n');
fs.mkdirSync('node_modules/pkg', { recursive: true });
fs.writeFileSync('package.json', JSON.stringify({ dependencies: { pkg: '*' } }));
fs.writeFileSync('node_modules/pkg/package.json', JSON.stringify({ name: 'pkg', version: '${version}', bin: 'x.js' }));
fs.writeFileSync('node_modules/pkg/x.js', '');
fs.writeFileSync('package-lock.json', JSON.stringify({ packages: { 'node_modules/pkg': { version: '${version}', integrity: '${integrity}' } } }));
`;
  writeFileSync(path.join(folder, 'npm'), script, { mode: 0o755 });
  return { ...aHost, environment: { PATH: folder, npm_config_global: 'true', calls: path.join(folder, 'calls') } };
}

function callsOf(host: ResolveOptions['host']): string {
  return readFileSync(host.environment['calls'] ?? '', 'utf8');
}

test('what was installed before is installed again, not something newer', async () => {
  const host = aFakeNpm('1.0.0', 'sha512-one');
  const known = { version: '1.0.0', integrity: 'sha512-one' };
  const server = await resolveServer({ command: 'npx', args: ['pkg@latest'] }, options({ host, known }));
  expect(server).toMatchObject({ package: 'pkg', version: '1.0.0', integrity: 'sha512-one', note: '' });
  expect(callsOf(host)).toMatch(/ -- pkg@1\.0\.0\n$/u);
});

test('a package whose contents are others than those that were accepted does not run', async () => {
  const known = { version: '1.0.0', integrity: 'sha512-one' };
  const given = options({ host: aFakeNpm('1.0.0', 'sha512-two'), known });
  const error = await rejection(resolveServer({ command: 'npx', args: ['pkg'] }, given));
  expect(error).toMatchObject({
    code: 'UPSTREAM_PROTOCOL',
    message: expect.stringContaining('pkg@1.0.0 is not the one that was accepted'),
  });
  expect(existsSync(path.join(given.home, 'servers', 'pkg@1.0.0'))).toBe(false);
});

test('a version that the command line fixes is installed, whatever was known', async () => {
  const host = aFakeNpm('2.0.0', 'sha512-two');
  const known = { version: '1.0.0', integrity: 'sha512-one' };
  await resolveServer({ command: 'npx', args: ['pkg@2.0.0'] }, options({ host, known }));
  expect(callsOf(host)).toMatch(/ -- pkg@2\.0\.0\n$/u);
});

test('a registry that the command line names is asked', async () => {
  const host = aFakeNpm('1.0.0', 'sha512-one');
  await resolveServer({ command: 'npx', args: ['--registry=https://r.example/', 'pkg'] }, options({ host }));
  expect(callsOf(host)).toContain('--registry=https://r.example/ -- pkg');
});

test('a script that npx has run by another program has its own policy', async () => {
  const folder = aFolder();
  mkdirSync(path.join(folder, 'mcp-policy'));
  writeFileSync(path.join(folder, 'package.json'), '{"name":"mine","version":"0.1.0"}');
  writeFileSync(path.join(folder, 'server.ts'), '');
  const given = { command: 'npx', args: ['-y', 'tsx@4', 'server.ts'] };
  const server = await resolveServer(given, options({ cwd: folder }));
  expect(server).toMatchObject({
    ...given,
    package: 'mine',
    version: '0.1.0',
    bundle: { path: path.join(folder, 'mcp-policy') },
  });
});

test('a server that is fetched by its name has that name, whether or not the gateway could install it', async () => {
  const nowhere = options({ host: { ...aHost, environment: { PATH: '/no/such' } } });
  const given = { command: 'npx', args: ['-y', '@acme/orderly@1.2.3'] };
  expect(await resolveServer(given, nowhere)).toMatchObject({
    ...given,
    package: '@acme/orderly',
    version: '1.2.3',
    packageKind: 'npm',
  });
  const image = { command: 'docker', args: ['run', '-i', '--rm', 'mcp/fetch'] };
  expect(await resolveServer(image, options())).toMatchObject({
    package: 'mcp/fetch',
    version: '',
    packageKind: 'image',
  });
  const script = { command: 'npx', args: ['tsx', 'no-such.ts'] };
  expect(await resolveServer(script, options())).toMatchObject({ package: '', version: '', packageKind: '' });
});

test('a file that a module of Python is given is not its script', async () => {
  const folder = aFolder();
  writeFileSync(path.join(folder, 'package.json'), '{"name":"mine","version":"0.1.0"}');
  writeFileSync(path.join(folder, 'notes.db'), '');
  const given = { command: 'python3', args: ['-m', 'mcp_server_sqlite', '--db-path', 'notes.db'] };
  expect(await resolveServer(given, options({ cwd: folder }))).toMatchObject({
    package: 'mcp-server-sqlite',
    version: '',
    packageKind: 'pypi',
  });
});

test('the demo servers are found with what they carry', async () => {
  const folder = aFolder();
  symlinkSync(path.resolve('servers'), path.join(folder, 'servers'));
  const server = await resolveServer(
    { command: 'node', args: ['servers/warehouse/server.mjs', 'data'] },
    options({ cwd: folder }),
  );
  expect(server).toMatchObject({
    command: 'node',
    package: '@northwind/warehouse-mcp',
    version: '1.0.0',
    integrity: '',
  });
});
