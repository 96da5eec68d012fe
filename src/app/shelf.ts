import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { packageUrl } from '../core/package-url.ts';
import { isInRange } from '../core/version-range.ts';
import { ServerOfBundle } from '../policy/manifest.ts';
import type { NamedPackage } from '../upstream/named-package.ts';

/** Bundles of this package for popular servers that ship none: one folder a server. */
export const SHELF = fileURLToPath(packageUrl('policy-bundles/servers/', import.meta.url));

/** Under which name it is remembered of each server what the shelf had for it when it was last started. */
export const SHELF_FACT = 'shelf';

/** What is remembered. `name` is that of the bundle's folder, `versions` those that it was written for. */
export const RememberedFinding = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.enum(['bundle', 'other_versions']), name: z.string(), versions: z.string() }),
]);
export type RememberedFinding = z.output<typeof RememberedFinding>;

/** What the shelf has for a server; `path` is absent where a bundle is for other versions. */
export type ShelfFinding = RememberedFinding & { readonly path?: string };

/** Of a manifest only what says for which server it is: the rest is read when the bundle is. */
const Shelved = z.object({ metadata: z.object({ gateway: z.object({ server: ServerOfBundle }) }) });

/**
 * The bundle for a package. Where nobody knows its version, the bundle is taken: whatever a bundle of the shelf does not
 * know, a tool or an argument of one, it lets its user confirm. Reads every manifest of the shelf, and nothing else of it.
 */
export async function findOnShelf(wanted: NamedPackage, shelf = SHELF): Promise<ShelfFinding> {
  const found = await Promise.all((await foldersIn(shelf)).map((name) => readServer(shelf, name)));
  const [first, ...others] = found.filter(({ server }) => isFor(server, wanted));
  if (first === undefined) return { kind: 'none' };
  const fitting = [first, ...others].find(
    ({ versions }) => wanted.version === '' || isInRange(wanted.version, versions),
  );
  if (fitting === undefined) return { kind: 'other_versions', name: first.name, versions: first.versions };
  const { name, versions } = fitting;
  return { kind: 'bundle', name, versions, path: join(shelf, name) };
}

interface ShelvedServer {
  readonly name: string;
  readonly server: ServerOfBundle;
  readonly versions: string;
}

/** In a fixed order. Beside them lie what a person's file manager leaves behind. */
async function foldersIn(shelf: string): Promise<readonly string[]> {
  const entries = await readdir(shelf, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

async function readServer(shelf: string, name: string): Promise<ShelvedServer> {
  const manifest = Shelved.parse(JSON.parse(await readFile(join(shelf, name, '.manifest'), 'utf8')));
  const { server } = manifest.metadata.gateway;
  return { name, server, versions: server.versions ?? '*' };
}

function isFor({ package: name, registry, images }: ServerOfBundle, wanted: NamedPackage): boolean {
  return wanted.kind === 'image' ? images.includes(wanted.name) : wanted.kind === registry && wanted.name === name;
}
