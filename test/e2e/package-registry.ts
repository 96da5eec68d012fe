import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import type { AtEnd } from './program.ts';

const PACKAGE = '@acme/changing';

/** A version of the package: a server whose tools stand in a file, and the bundle that it ships. */
export interface Release {
  readonly version: string;
  /** Title of the rule that allows everything. */
  readonly title: string;
  /** Id of that rule; empty where the package ships no bundle. */
  readonly rule: string;
}

export interface Registry {
  readonly url: string;
  readonly publish: (release: Release) => void;
}

/** A registry of npm on this machine that has one package. */
export async function aRegistry(atEnd: AtEnd): Promise<Registry> {
  const versions = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const archive = versions.get(/\/archive-(.+)\.tgz$/.exec(path)?.[1] ?? '');
    if (archive !== undefined) return response.end(archive);
    if (path !== `/${PACKAGE}`) return response.writeHead(404).end('{}');
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify(packument(versions, urlOf())));
  });
  const urlOf = (): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
  atEnd(async () => void server.close());
  return { url: urlOf(), publish: (release) => void versions.set(release.version, packed(release)) };
}

function packument(versions: ReadonlyMap<string, Buffer>, url: string): object {
  const entries = [...versions].map(([version, archive]) => {
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const dist = { tarball: `${url}archive-${version}.tgz`, integrity };
    return [version, { name: PACKAGE, version, bin: { changing: 'changing.mjs' }, dist }] as const;
  });
  return { name: PACKAGE, 'dist-tags': { latest: [...versions.keys()].at(-1) }, versions: Object.fromEntries(entries) };
}

function packed(release: Release): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-package-'));
  try {
    writeServer(join(folder, 'package'), release);
    const file = join(folder, 'packed.tgz');
    create({ gzip: true, sync: true, file, cwd: folder }, ['package']);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The files of the package, in a folder. */
export function writeServer(folder: string, { version, title, rule }: Release): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ['changing.mjs', 'serve.mjs']) cpSync(join('fixtures/upstreams', name), join(folder, name));
  const json = { name: PACKAGE, version, type: 'module', bin: { changing: 'changing.mjs' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(json));
  if (rule === '') return;
  mkdirSync(join(folder, 'mcp-policy'), { recursive: true });
  const manifest = { roots: ['changing'], metadata: { gateway: { contract: 1, layer: 'server' } } };
  writeFileSync(join(folder, 'mcp-policy', '.manifest'), JSON.stringify(manifest));
  const head = `package changing\n\n# METADATA\n# title: ${title}\n# custom: {id: ${rule}}\n`;
  const body = `allow contains {"id": "${rule}", "reason": "everything"} if input.action.tool != "never"\n`;
  writeFileSync(join(folder, 'mcp-policy', 'policy.rego'), head + body);
}
