import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packExtension } from '@anthropic-ai/mcpb/cli';
import * as z from 'zod';

// `npm run build:mcpb`: the program as one file that Claude Desktop installs. Nothing native is in it, because the same file
// is for every machine: SQLite is the one in Node, and secrets are kept in the encrypted file.

/** Where it is written. */
const FILE = 'mcp-gateway.mcpb';
/** Each is compiled for one system, and the program does without. */
const NATIVE = new Set(['better-sqlite3', '@napi-rs/keyring']);

const Package = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string().default(''),
  license: z.string().default(''),
  keywords: z.array(z.string()).default([]),
  dependencies: z.record(z.string(), z.string()).default({}),
});
type Package = z.output<typeof Package>;

const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-mcpb-'));
try {
  const us = readPackage('.');
  for (const path of [...packedFiles(), ...installedPackages(us)]) copy(path);
  const { keywords: _, dependencies, ...kept } = us;
  write('package.json', { ...kept, type: 'module', dependencies: withoutNative(dependencies) });
  write('manifest.json', manifestOf(us));
  if (!(await packExtension({ extensionPath: folder, outputPath: FILE, silent: true }))) {
    throw new Error('the manifest is not valid');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** As https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md describes it, version 0.3. */
function manifestOf({ name, version, description, license, keywords }: Package): object {
  return {
    manifest_version: '0.3',
    name,
    display_name: 'MCP Gateway',
    version,
    description,
    author: { name: 'The mcp-gateway authors' },
    license,
    keywords,
    server: {
      type: 'node',
      entry_point: 'dist/main.js',
      mcp_config: {
        command: 'node',
        args: ['${__dirname}/dist/main.js', 'serve', '--stdio'],
        env: { MCP_GATEWAY_HOME: '${user_config.home}' },
      },
    },
    tools_generated: true,
    prompts_generated: true,
    user_config: {
      home: {
        type: 'directory',
        title: 'Configuration folder',
        description: 'The folder of mcp-gateway.yaml, in which decisions are recorded too.',
        default: '${HOME}/.mcp-gateway',
        required: false,
      },
    },
    // The first in which SQLite needs no flag.
    compatibility: { platforms: ['darwin', 'win32', 'linux'], runtimes: { node: '>=22.13.0' } },
  };
}

/** What npm would publish. */
function packedFiles(): readonly string[] {
  const Packed = z.object({ files: z.array(z.object({ path: z.string() })) });
  const answer: unknown = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  // Up to npm 11 it is a list, from npm 12 on an object by name.
  const [packed] = Object.values(z.union([z.array(Packed), z.record(z.string(), Packed)]).parse(answer));
  if (packed === undefined) throw new Error('npm packs nothing');
  return packed.files.map(({ path }) => path);
}

/** Folders of the packages that npm would install with it, native ones and theirs aside. */
function installedPackages({ dependencies }: Package): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (names: readonly string[], from: string): void => {
    for (const name of names) {
      const place = [`${from}/node_modules/${name}`, `node_modules/${name}`].find((path) => existsSync(path));
      if (place === undefined) throw new Error(`${name} is not installed`);
      if (found.has(place)) continue;
      found.add(place);
      visit(Object.keys(readPackage(place).dependencies), place);
    }
  };
  visit(Object.keys(withoutNative(dependencies)), '.');
  return found;
}

function withoutNative(dependencies: Package['dependencies']): Package['dependencies'] {
  return Object.fromEntries(Object.entries(dependencies).filter(([name]) => !NATIVE.has(name)));
}

function readPackage(place: string): Package {
  return Package.parse(JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')));
}

function copy(path: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  cpSync(path, join(folder, path), { recursive: true });
}

function write(name: string, value: object): void {
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}
