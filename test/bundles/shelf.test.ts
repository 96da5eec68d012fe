import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { validateAgainst } from '../../src/catalog/validate-against.ts';
import { findServers, bundleOfServer } from '../../src/app/servers.ts';
import { findOnShelf, SHELF, SHELF_FACT } from '../../src/app/shelf.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Json } from '../../src/core/json.ts';
import { isInRange } from '../../src/core/version-range.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { configure } from '../../src/policy/config-data.ts';
import { Manifest } from '../../src/policy/manifest.ts';
import { namedPackage, type NamedPackage } from '../../src/upstream/named-package.ts';
import { shelfPage } from './shelf-page.ts';
import { SHELVED } from './shipped.ts';
import { aFolder, aHost, aLogger, type Logged } from '../upstream/parts.ts';

/** A shelf with a manifest for each of these servers, by the name of its folder. */
function aShelf(servers: Readonly<Record<string, object>>): string {
  const shelf = aFolder();
  for (const [name, server] of Object.entries(servers)) {
    mkdirSync(join(shelf, name));
    const manifest = { roots: [name], metadata: { gateway: { contract: 1, layer: 'server', server } } };
    writeFileSync(join(shelf, name, '.manifest'), JSON.stringify(manifest));
  }
  return shelf;
}

const exampleShelf = (): string =>
  aShelf({
    git: { package: 'mcp-server-git', registry: 'pypi', versions: '2026.x', images: ['mcp/git'] },
    notes: { package: '@acme/notes', versions: '^1.2.0' },
    'notes-2': { package: '@acme/notes', versions: '^2.0.0' },
    open: { package: 'open' },
  });

const npm = (name: string, version = ''): NamedPackage => ({ kind: 'npm', name, version });

test.for<[string, NamedPackage, string]>([
  ['the bundle for a version', npm('@acme/notes', '1.4.0'), 'notes'],
  ['another bundle for another version', npm('@acme/notes', '2.1.0'), 'notes-2'],
  ['the first bundle where nobody knows the version', npm('@acme/notes'), 'notes'],
  ['a bundle for every version', npm('open', '0.0.1'), 'open'],
  ['a bundle by the name of an image', { kind: 'image', name: 'mcp/git', version: '' }, 'git'],
  ['a bundle for a package of Python', { kind: 'pypi', name: 'mcp-server-git', version: '2026.10.19' }, 'git'],
])('the shelf has %s', async ([, wanted, name]) => {
  const shelf = exampleShelf();
  const found = await findOnShelf(wanted, shelf);
  expect(found).toMatchObject({ kind: 'bundle', name, path: join(shelf, name) });
});

test('a file that lies about on the shelf is no bundle', async () => {
  const shelf = exampleShelf();
  writeFileSync(join(shelf, '.DS_Store'), 'view');
  expect(await findOnShelf(npm('open'), shelf)).toMatchObject({ kind: 'bundle', name: 'open' });
});

test('a bundle for other versions is named, and not taken', async () => {
  expect(await findOnShelf(npm('@acme/notes', '3.0.0'), exampleShelf())).toEqual({
    kind: 'other_versions',
    name: 'notes',
    versions: '^1.2.0',
  });
});

test.for<NamedPackage>([npm('mcp-server-git'), npm('acme-notes'), { kind: 'image', name: 'open', version: '' }])(
  'a name of another place is another name: %j',
  async (wanted) => {
    expect(await findOnShelf(wanted, exampleShelf())).toEqual({ kind: 'none' });
  },
);

/** How a server of this version of the memory package is found, with this under `policy`. */
async function found(version: string, policy: object = {}, carried = false) {
  const folder = aFolder();
  writeFileSync(join(folder, 'index.js'), '');
  const json = { name: '@modelcontextprotocol/server-memory', version };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(json));
  if (carried) mkdirSync(join(folder, 'mcp-policy'));
  const path = join(folder, 'mcp-gateway.yaml');
  const notes = { command: 'node', args: [join(folder, 'index.js')], policy };
  writeFileSync(path, JSON.stringify({ version: 1, mcpServers: { notes } }));
  const { config } = loadConfig({ path, environment: {}, workingFolder: folder, userHome: folder, home: folder });
  const facts = new Map<string, Json>();
  const memory = {
    readFact: async (_server: string, name: string) => facts.get(name),
    writeFact: async (_server: string, name: string, value: Json) => void facts.set(name, value),
  };
  const logger = aLogger();
  const { signal } = new AbortController();
  const servers = await findServers(config, { home: folder, host: aHost, logger, memory, signal });
  const [wanted] = servers.flatMap((server) => [bundleOfServer(server, false)]);
  return {
    folder,
    path: wanted?.origin?.kind === 'path' ? wanted.origin.path : undefined,
    fact: facts.get(SHELF_FACT),
    lines: logger.lines.map(worded),
  };
}

const worded = ({ level, message }: Logged): string => `${level} ${message}`;

test('a server without a policy of its own gets that of the shelf, and the log says so', async () => {
  const { path, fact, lines } = await found('2026.8.31');
  expect(path).toBe(join(SHELF, 'memory'));
  expect(lines).toEqual(['info a bundle of the shelf governs a server']);
  expect(fact).toEqual({ kind: 'bundle', name: 'memory', versions: expect.any(String) });
});

test('where the shelf has a bundle for other versions the starter stands in, and the log says so', async () => {
  const { path, fact, lines } = await found('1.0.0');
  expect(path).toBeUndefined();
  expect(lines).toEqual(['warn the bundle of the shelf is for other versions of a server; the starter stands in']);
  expect(fact).toMatchObject({ kind: 'other_versions', name: 'memory' });
});

test('what a server carries comes before the shelf, and so does what the configuration says', async () => {
  const carried = await found('2026.8.31', {}, true);
  expect([carried.path, carried.lines]).toEqual([join(carried.folder, 'mcp-policy'), []]);
  const named = await found('2026.8.31', { source: './mine' });
  expect([named.path, named.lines]).toEqual([join(named.folder, 'mine'), []]);
  const none = await found('2026.8.31', { source: 'none' });
  expect([none.path, none.lines, none.fact]).toEqual([undefined, [], { kind: 'none' }]);
});

/** Beside its configuration: the arguments of each tool. */
const BundleData = z.looseObject({ tools: z.record(z.string(), z.array(z.string())) });

/** Searches that a server marks as destructive, and what only moves the eye of a browser. */
const HARMLESS_DESPITE_THE_HINT: Readonly<Record<string, readonly string[]>> = {
  notion: ['API-post-search', 'API-query-data-source'],
  playwright: [
    'browser_resize',
    'browser_emulate_media',
    'browser_navigate_back',
    'browser_hover',
    'browser_mouse_move_xy',
    'browser_mouse_wheel',
  ],
};

/** What real servers list: facts alone, for bundles to be held to. Their words are theirs. */
const ServerFacts = z.strictObject({
  package: z.string(),
  registry: z.enum(['npm', 'pypi']),
  version: z.string(),
  tools: z.array(
    z.strictObject({
      name: z.string(),
      arguments: z.record(z.string(), z.string()),
      required: z.array(z.string()),
      annotations: z.record(z.string(), z.boolean()),
    }),
  ),
});

const FACTS = 'fixtures/servers';

test('every bundle of the shelf is written on the tools of a real server', () => {
  const bundles = SHELVED.map(([name]) => `${name}.json`);
  expect(readdirSync(FACTS).toSorted()).toEqual(bundles.toSorted());
});

describe.each(SHELVED)('the bundle %s', (name, folder) => {
  const facts = ServerFacts.parse(JSON.parse(readFileSync(`${FACTS}/${name}.json`, 'utf8')));
  const { roots, metadata } = Manifest.parse(JSON.parse(readFileSync(`${folder}/.manifest`, 'utf8')));
  const { tools, server, layer } = metadata.gateway;
  const data = z.record(z.string(), BundleData).parse(JSON.parse(readFileSync(`${folder}/data.json`, 'utf8')));

  test('is for the server that it was written on', () => {
    expect([layer, server?.package, server?.registry]).toEqual(['server', facts.package, facts.registry]);
    expect(isInRange(facts.version, server?.versions ?? '')).toBe(true);
  });

  test('knows the effect of every tool of it, and of no other', () => {
    expect(Object.keys(tools)).toEqual(facts.tools.map((tool) => tool.name));
    expect(Object.values(tools).filter(({ effect }) => effect === undefined)).toEqual([]);
  });

  test('knows every argument of every tool, and no other', () => {
    const listed = facts.tools.map((tool) => [tool.name, Object.keys(tool.arguments)]);
    expect(data[roots[0]]?.tools).toEqual(Object.fromEntries(listed));
  });

  test('takes nothing that the server says is destructive for reading', () => {
    const destructive = facts.tools.filter(({ annotations }) => annotations['destructiveHint'] === true);
    const taken = destructive.filter((tool) => tools[tool.name]?.effect === 'read').map((tool) => tool.name);
    expect(taken).toEqual(HARMLESS_DESPITE_THE_HINT[name] ?? []);
  });
});

test('the page in docs/reference/shelf.md is what the bundles say', async () => {
  await expect(shelfPage(SHELVED)).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/reference/shelf.md'));
});

test('what docs/shelf.md configures is for bundles of the shelf, and they accept it', async () => {
  const page = readFileSync('docs/shelf.md', 'utf8');
  const blocks = [...page.matchAll(/^```yaml mcp-gateway.yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  expect(blocks).toHaveLength(2);
  for (const text of blocks) {
    const folder = aFolder();
    const path = join(folder, 'mcp-gateway.yaml');
    writeFileSync(path, text);
    const { config } = loadConfig({ path, environment: {}, workingFolder: folder, userHome: folder, home: folder });
    for (const { transport, policy } of Object.values(config.mcpServers)) {
      if (transport.kind !== 'stdio' || policy.source.kind !== 'auto') continue;
      const wanted = namedPackage(transport) ?? npm('');
      const { path: shelved = '', ...finding } = await findOnShelf(wanted);
      expect(finding.kind).toBe('bundle');
      const bundle = makeBundle('example', await readBundle(shelved));
      await expect(configure(bundle, policy.data, validateAgainst)).resolves.toMatchObject({ id: 'example' });
      for (const rule of Object.keys(policy.rules)) expect(bundle.modules['policy.rego']).toContain(`id: ${rule}\n`);
    }
  }
});
