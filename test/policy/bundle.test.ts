import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import { type Bundle, makeBundle, toSource } from '../../src/policy/bundle.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { archiveOf, bundleFiles, entriesOf, MANIFEST } from './archives.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function aFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

function make(files: Readonly<Record<string, string | Uint8Array>>): Bundle {
  const bytes = Object.entries(files).map(([path, content]) => [path, Buffer.from(content)] as const);
  return makeBundle('github', { source: 'here', files: new Map(bytes) });
}

function refusal(files: Readonly<Record<string, string | Uint8Array>>): string {
  try {
    make(files);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'BUNDLE_INVALID') return error.message;
    throw error;
  }
  return 'it is good';
}

describe('a bundle', () => {
  it('is its manifest, modules, tests and data', () => {
    const bundle = make(
      bundleFiles({
        'policy_test.rego': 'package github_test\n',
        'data.json': '{"github":{"config":{"branches":["main"]}}}',
        'github/teams/data.yaml': 'core: [ana]\n',
        '.signatures.json': '{}',
      }),
    );
    expect(bundle).toMatchObject({
      id: 'github',
      layer: 'server',
      root: 'github',
      modules: { 'policy.rego': 'package github\n' },
      tests: { 'policy_test.rego': 'package github_test\n' },
      data: { github: { config: { branches: ['main'] }, teams: { core: ['ana'] } } },
      source: 'here',
    });
    expect(toSource(bundle)).toEqual({
      id: 'github',
      root: 'github',
      files: { 'policy.rego': 'package github\n', 'policy_test.rego': 'package github_test\n' },
      data: bundle.data,
    });
  });

  it('without data has an empty document under its root', () => {
    expect(make(bundleFiles()).data).toEqual({ github: {} });
  });

  it('is the same from a folder and from an archive', async () => {
    const files = bundleFiles({ 'data.yaml': 'github: {a: 1}\n', 'sub/more.rego': 'package github.sub\n' });
    const folder = await aFolder({
      ...files,
      'README.md': '# Read me',
      'docs/notes.txt': 'x',
      'vendor/gateway/v1.rego': 'package gateway.v1',
      '.git/x.rego': 'package x',
    });
    const archive = join(await aFolder({}), 'bundle.tar.gz');
    await writeFile(archive, archiveOf(entriesOf(files)));
    const [one, two] = [await readBundle(folder), await readBundle(archive)].map((read) => makeBundle('github', read));
    expect({ ...one, source: '' }).toEqual({ ...two, source: '' });
    expect(Object.keys(one?.modules ?? {})).toEqual(['policy.rego', 'sub/more.rego']);
  });

  it('that is not there, or no archive, cannot be read', async () => {
    const folder = await aFolder({ 'bundle.tar.gz': 'not an archive at all' });
    for (const path of [join(folder, 'nothing'), join(folder, 'bundle.tar.gz'), folder, '/dev/null']) {
      await expect(readBundle(path)).rejects.toMatchObject({ code: 'BUNDLE_UNREADABLE' });
    }
  });

  it('with a link among its files cannot be read', async () => {
    const folder = await aFolder(bundleFiles());
    await symlink('/etc/hostname', join(folder, 'linked.rego'));
    await expect(readBundle(folder)).rejects.toThrow('linked.rego is no regular file');
  });
});

describe('a digest', () => {
  const digest = (change: Readonly<Record<string, string>>) => make({ ...bundleFiles(), ...change }).digest;
  const before = digest({});

  it('is the SHA-256 of what is deployed', () => {
    expect(before).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['a module', { 'policy.rego': 'package github\n\n' }],
    ['the name of a module', { 'other.rego': 'package github\n' }],
    ['the data', { 'data.json': '{"github":{"a":1}}' }],
    ['the manifest', { '.manifest': MANIFEST.replace('"roots"', '"revision":"2","roots"') }],
  ])('changes with %s', (_what, change) => {
    expect(digest(change)).not.toBe(before);
  });

  it.each([
    ['tests', { 'policy_test.rego': 'package github_test\n' }],
    ['the layout of the manifest', { '.manifest': JSON.stringify(JSON.parse(MANIFEST), null, 4) }],
    ['empty data', { 'data.json': '{"github": {}}' }],
    ['signatures', { '.signatures.json': '{"signatures":[]}' }],
  ])('does not change with %s', (_what, change) => {
    expect(digest(change)).toBe(before);
  });

  it('tells files apart that have the same bytes in sum', () => {
    expect(digest({ 'a.rego': 'bc', 'd.rego': '' })).not.toBe(digest({ 'a.rego': 'b', 'd.rego': 'c' }));
  });

  it('does not depend on where data lies', () => {
    expect(digest({ 'data.json': '{"github":{"a":1}}' })).toBe(digest({ 'github/data.yaml': 'a: 1' }));
  });
});

describe('a bundle is refused', () => {
  const gateway = (part: object) =>
    JSON.stringify({ roots: ['github'], metadata: { gateway: { contract: 1, layer: 'server', ...part } } });

  it('with everything that is wrong with it, each with its place', () => {
    const message = refusal({
      '.manifest': '{"roots": ["gateway"], "wasm": [], "metadata": {"gateway": {"contract": 2, "layer": "servers"}}}',
      'data.json': '{\n  "github": {"a": 1, "a": 2}\n}',
      'more/data.yaml': 'a: [1\n',
    });
    expect(message).toContain('bundle github (here) cannot be used:');
    expect(message).toContain('.manifest:1:12: /roots/0: the roots gateway and system are reserved');
    expect(message).toContain('.manifest:1:73: /metadata/gateway/contract: this gateway knows contract 1');
    expect(message).toContain('.manifest:1:85: /metadata/gateway/layer: ');
    expect(message).toContain('wasm');
    expect(message).toMatch(/\n {2}data\.json:2:\d+: /);
    expect(message).toMatch(/\n {2}more\/data\.yaml:\d+:\d+: /);
    expect(message).toContain('there is no Rego file in it');
  });

  it.each<[string, Readonly<Record<string, string | Uint8Array>>, string]>([
    ['without a manifest', { 'policy.rego': '' }, '.manifest: the file is missing'],
    [
      'with no root',
      bundleFiles({ '.manifest': '{"metadata":{"gateway":{"contract":1,"layer":"server"}}}' }),
      'one root',
    ],
    ['with two roots', bundleFiles({ '.manifest': MANIFEST.replace('["github"]', '["a","b"]') }), '/roots'],
    ['without our metadata', bundleFiles({ '.manifest': '{"roots":["github"],"metadata":{}}' }), '/metadata/gateway'],
    ['with a member we do not know', bundleFiles({ '.manifest': gateway({ layers: [] }) }), 'layers'],
    ['for Rego v0', bundleFiles({ '.manifest': MANIFEST.replace('{', '{"rego_version":0,') }), 'only Rego v1'],
    ['that governs a list', bundleFiles({ '.manifest': gateway({ governs: ['tool_list'] }) }), '/governs/0: one of'],
    ['with a manifest that is no JSON', bundleFiles({ '.manifest': '{' }), '.manifest:1:'],
    ['with data outside its root', bundleFiles({ 'data.json': '{"payments":{}}' }), 'data.payments lies outside'],
    ['with data that is no object', bundleFiles({ 'data.json': '[]' }), 'data.json:1:1'],
    [
      'with one member from two files',
      bundleFiles({ 'data.json': '{"github":{"a":1}}', 'github/data.json': '{"a":2}' }),
      'data.github.a is set by another file',
    ],
    [
      'with a number that cannot be held',
      bundleFiles({ 'data.json': '{"github":{"a":9007199254740993}}' }),
      'data.json:1:',
    ],
    [
      'with such a number in YAML',
      bundleFiles({ 'data.yaml': 'github: {a: 9007199254740993}' }),
      'data.github.a is a number',
    ],
    ['with not a number', bundleFiles({ 'data.yaml': 'github: {a: .nan}' }), 'data.github.a is a number'],
    ['with a forbidden name', bundleFiles({ 'data.yaml': 'github: {__proto__: 1}' }), '__proto__'],
    ['with a key twice in YAML', bundleFiles({ 'data.yaml': 'github: 1\ngithub: 2' }), 'data.yaml:2:1: '],
    ['with aliases that multiply', bundleFiles({ 'data.yaml': bomb() }), 'data.yaml: '],
    [
      'with text that is not UTF-8',
      { ...bundleFiles(), 'policy.rego': Buffer.from([0xff]) },
      'policy.rego: the file is not UTF-8',
    ],
    [
      'with a counter keyed by an argument',
      bundleFiles({ '.manifest': gateway({ counters: [aCounter(['action.args.user'])] }) }),
      '/counters/0/key/0',
    ],
  ])('%s', (_what, files, words) => {
    expect(refusal(files)).toContain(words);
  });

  it('but not for what the contract knows', () => {
    const manifest = gateway({
      server: { package: '@acme/github-mcp', versions: '^2.0.0' },
      governs: ['tool_call', 'tool_result'],
      counters: [aCounter(['agent.id'])],
      tools: { merge: { effect: 'write', data_classes: ['code'], args: { '/branch': { data_classes: ['code'] } } } },
      config: { type: 'object' },
      floor: '2.0.0',
    });
    expect(make(bundleFiles({ '.manifest': manifest })).manifest.metadata.gateway.tools['merge']?.effect).toBe('write');
  });
});

function aCounter(key: readonly string[]) {
  return {
    name: 'weekly',
    unit: 'usd',
    key,
    window: { kind: 'calendar', unit: 'week', tz: 'UTC', start: 'mon' },
    limit: 100,
  };
}

function bomb(): string {
  const lines = ['a0: &a0 [x]'];
  for (let level = 1; level < 12; level += 1) {
    lines.push(`a${level}: &a${level} [${`*a${level - 1},`.repeat(9)}]`);
  }
  return lines.join('\n');
}
