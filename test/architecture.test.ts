import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';

/** The parts in the middle: they never import one another; `gateway/` hands values between them. */
const parts = ['catalog', 'policy', 'rego', 'source', 'state', 'upstream'];

/** What is put together in app/. */
const composed = [
  'core',
  'config',
  ...parts,
  'files',
  'clients',
  'secrets',
  'telemetry',
  'gateway',
  'review',
  'downstream',
  'dashboard',
];

/** Each folder of src/ and the folders it may import. docs/architecture.md says why. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  config: ['core'],
  catalog: ['core'],
  policy: ['core'],
  rego: ['core'],
  source: ['core'],
  state: ['core'],
  upstream: ['core'],
  files: ['core'],
  clients: ['core', 'files'],
  secrets: ['core', 'files'],
  telemetry: ['core'],
  gateway: ['core', ...parts],
  review: ['core', ...parts],
  downstream: ['core', 'gateway'],
  dashboard: ['core', 'gateway', 'review'],
  app: composed,
  '.': [...composed, 'app', 'cli'],
  cli: [...composed, 'app', '.'],
};

/** Each heavy package and the folders that may know it. */
const HOMES: Record<string, readonly string[]> = {
  'better-sqlite3': ['state'],
  'node:sqlite': ['state'],
  '@open-policy-agent/opa-wasm': ['policy'],
  tar: ['policy'],
  yaml: ['clients', 'config', 'policy'],
  ajv: ['catalog'],
  jose: ['downstream', 'policy'],
  commander: ['cli'],
  '@clack/prompts': ['cli'],
  'jsonc-parser': ['clients'],
  'smol-toml': ['clients'],
  '@napi-rs/keyring': ['secrets'],
  '@opentelemetry': ['telemetry'],
  hono: ['dashboard'],
  '@hono/node-server': ['dashboard'],
  'openid-client': ['dashboard'],
  pino: ['cli'],
  pg: ['state'],
  '@modelcontextprotocol/sdk': [],
  '@modelcontextprotocol/server': [],
  '@modelcontextprotocol/client': ['upstream'],
};

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

test('the source was found', () => {
  expect(files.length).toBeGreaterThan(20);
});

test.for(files)('%s imports only what its folder may', (file) => {
  expect(importsOf(file).flatMap((target) => complaint(file, target))).toEqual([]);
});

test.for(files)('%s lies flat in a known folder', (file) => {
  expect(file.split('/').length).toBeLessThanOrEqual(2);
  expect(Object.keys(MAY_IMPORT)).toContain(folderOf(file));
});

// `{ z }` holds all of zod and its forty languages, so that the build could leave none of it out: half a megabyte.
test.for(files)('%s takes zod by its parts', (file) => {
  expect(readFileSync(`src/${file}`, 'utf8')).not.toMatch(/import (type )?\{[^}]*\} from 'zod'/);
});

function importsOf(file: string): string[] {
  const source = readFileSync(`src/${file}`, 'utf8');
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) => target);
}

function complaint(file: string, target: string): string[] {
  const folder = folderOf(file);
  const home = Object.keys(HOMES).find((name) => target === name || target.startsWith(`${name}/`));
  if (home !== undefined && !HOMES[home]?.includes(folder)) {
    return [`${target} belongs in ${HOMES[home]?.join(', ') || 'tests'}`];
  }
  if (!target.startsWith('.')) return [];
  const goal = folderOf(posix.join(posix.dirname(file), target));
  return goal === folder || MAY_IMPORT[folder]?.includes(goal) ? [] : [`${folder}/ may not import ${goal}/`];
}

function folderOf(file: string): string {
  const folder = posix.dirname(file).split('/')[0];
  return folder === undefined || folder === '' ? '.' : folder;
}
