import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_ENTRIES = 512;
const DIGEST_LENGTH = 64;

export interface BuildCacheFolders {
  /** Where new entries go; without it nothing is kept. */
  readonly folder?: string | undefined;
  /** Entries that came with the package. Only read, and only where `folder` has none. */
  readonly shippedFolder?: string | undefined;
}

/**
 * Answers of the toolchain by what was asked. An entry is a file: the SHA-256
 * of the text, a line break, the text. Whatever is not exactly that is no
 * entry and is written anew. Nothing here is worth failing for: when the
 * folder cannot be read or written, things are only slower.
 */
export class BuildCache {
  readonly #folder: string | undefined;
  readonly #shippedFolder: string | undefined;

  constructor({ folder, shippedFolder }: BuildCacheFolders) {
    this.#folder = folder;
    this.#shippedFolder = shippedFolder;
  }

  async read(key: string): Promise<string | undefined> {
    if (this.#folder !== undefined) {
      const file = entryFile(this.#folder, key);
      const text = await readEntry(file);
      if (text !== undefined) {
        await makeYoung(file);
        return text;
      }
    }
    return this.#shippedFolder === undefined ? undefined : readEntry(entryFile(this.#shippedFolder, key));
  }

  /**
   * Written beside its place and moved there, so that a reader sees all of it or nothing. Not forced to the disk: what a
   * power cut tears is no entry.
   */
  async write(key: string, text: string): Promise<void> {
    if (this.#folder === undefined) return;
    const draft = join(this.#folder, `${randomUUID()}.tmp`);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(draft, `${digest(text)}\n${text}`, { flag: 'wx', mode: 0o600 });
      await rename(draft, entryFile(this.#folder, key));
      await prune(this.#folder);
    } catch {
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }
}

/** The name of an answer: everything that it depends on. */
export function cacheKey(toolchain: string, request: string | Uint8Array): string {
  return createHash('sha256').update(toolchain).update('\0').update(request).digest('hex');
}

function entryFile(folder: string, key: string): string {
  return join(folder, `${key}.json`);
}

async function readEntry(file: string): Promise<string | undefined> {
  try {
    const content = await readFile(file, 'utf8');
    const text = content.slice(DIGEST_LENGTH + 1);
    return content.slice(0, DIGEST_LENGTH) === digest(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

async function makeYoung(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
}

/** Reading an entry makes it young again, so the oldest are those nobody uses. */
async function prune(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= MAX_ENTRIES) return;
  const files = await Promise.all(
    names.map(async (name) => ({ name, usedAt: (await stat(join(folder, name))).mtimeMs })),
  );
  const oldest = files.toSorted((a, b) => a.usedAt - b.usedAt).slice(0, files.length - MAX_ENTRIES);
  await Promise.all(oldest.map(async ({ name }) => rm(join(folder, name), { force: true })));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
