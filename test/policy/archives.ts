import { gzipSync } from 'node:zlib';
import { Header, type types } from 'tar';

export interface Entry {
  readonly path: string;
  readonly content?: string | Buffer;
  readonly type?: types.EntryTypeName;
  readonly linkpath?: string;
}

/** A `.tar.gz` with exactly these entries, hostile ones included. */
export function archiveOf(entries: readonly Entry[]): Buffer {
  return gzipSync(tarOf(entries));
}

export function tarOf(entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(1024)]);
}

function blocksOf({ path, content = '', type = 'File', linkpath }: Entry): readonly Buffer[] {
  const body = Buffer.from(content);
  const header = Buffer.alloc(512);
  new Header({ path, type, size: body.length, mode: 0o644, ...(linkpath === undefined ? {} : { linkpath }) }).encode(
    header,
  );
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}

export const MANIFEST = JSON.stringify({
  roots: ['github'],
  metadata: { gateway: { contract: 1, layer: 'server' } },
});

/** The smallest bundle: its files by path. */
export function bundleFiles(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { '.manifest': MANIFEST, 'policy.rego': 'package github\n', ...more };
}

export function entriesOf(files: Readonly<Record<string, string>>): readonly Entry[] {
  return Object.entries(files).map(([path, content]) => ({ path, content }));
}
