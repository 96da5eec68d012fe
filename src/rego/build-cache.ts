import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_ENTRIES = 512;
const DIGEST_LENGTH = 64;

/**
 * Answers of the toolchain by what was asked. An entry is a file: the SHA-256
 * of the text, a line break, the text. Whatever is not exactly that is no
 * entry and is written anew. Nothing here is worth failing for: when the
 * folder cannot be read or written, things are only slower.
 */
export class BuildCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(key: string): Promise<string | undefined> {
    try {
      const file = this.#file(key);
      const content = await readFile(file, 'utf8');
      const text = content.slice(DIGEST_LENGTH + 1);
      if (content.slice(0, DIGEST_LENGTH) !== digest(text)) return undefined;
      const now = new Date();
      await utimes(file, now, now);
      return text;
    } catch {
      return undefined;
    }
  }

  /** Written beside its place and moved there, so that a reader sees all of it or nothing. */
  async write(key: string, text: string): Promise<void> {
    const draft = join(this.#folder, `${randomUUID()}.tmp`);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(`${digest(text)}\n${text}`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#file(key));
      await this.#prune();
    } catch {
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  #file(key: string): string {
    return join(this.#folder, `${key}.json`);
  }

  /** Reading an entry makes it young again, so the oldest are those nobody uses. */
  async #prune(): Promise<void> {
    const names = await readdir(this.#folder);
    if (names.length <= MAX_ENTRIES) return;
    const files = await Promise.all(
      names.map(async (name) => ({ name, usedAt: (await stat(join(this.#folder, name))).mtimeMs })),
    );
    const oldest = files.toSorted((a, b) => a.usedAt - b.usedAt).slice(0, files.length - MAX_ENTRIES);
    await Promise.all(oldest.map(async ({ name }) => rm(join(this.#folder, name), { force: true })));
  }
}

/** The name of an answer: everything that it depends on. */
export function cacheKey(toolchain: string, request: string): string {
  return createHash('sha256').update(toolchain).update('\0').update(request).digest('hex');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
