import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { PolicyInput } from '../../src/core/policy-input.ts';
import type { LibraryFiles } from '../../src/core/rego.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Folder of the library `data.gateway.v1`. */
const LIBRARY = join(ROOT, 'policy-bundles/library');

/** Every bundle in the repository, as [id, folder]: an id is what the configuration would call it. */
export const SHIPPED: readonly (readonly [id: string, folder: string])[] = [
  ...foldersIn('servers').map((name) => [name, join(ROOT, 'servers', name, 'mcp-policy')] as const),
  ...foldersIn('policy-bundles/northwind').map((name) => [name, join(ROOT, 'policy-bundles/northwind', name)] as const),
  ...foldersIn('policy-bundles/starter').map(
    (name) => [`starter-${name}`, join(ROOT, 'policy-bundles/starter', name)] as const,
  ),
];

/** Bundles of the shelf, which are many: `npm run test:toolchain` holds them to what the others are held to. */
export const SHELVED: readonly (readonly [id: string, folder: string])[] = foldersIn('policy-bundles/servers').map(
  (name) => [name, join(ROOT, 'policy-bundles/servers', name)] as const,
);

/** The library as it is linked into bundles: without its tests. */
export function readLibrary(): LibraryFiles {
  return readRego((name) => !name.endsWith('_test.rego'));
}

export function readLibraryTests(): LibraryFiles {
  return readRego((name) => name.endsWith('_test.rego'));
}

/** JSON Schema of the policy input, for the compiler's own check of what rules read. */
export function inputSchema(): unknown {
  return z.toJSONSchema(PolicyInput);
}

function readRego(isWanted: (name: string) => boolean): LibraryFiles {
  const names = readdirSync(LIBRARY).filter((name) => name.endsWith('.rego') && isWanted(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(LIBRARY, name), 'utf8')]));
}

/** Less the folder of decision cases, which are about all bundles together. */
function foldersIn(path: string): readonly string[] {
  return readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'cases')
    .map((entry) => entry.name);
}
