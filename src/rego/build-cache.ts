import { createHash, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_ENTRIES = 512;
const DIGEST_LENGTH = 64;
/** Far more than the module of all bundles together. */
const MAX_BYTES = 256 * 1024 * 1024;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;

export interface BuildCacheFolders {
  /** Where new entries go; without it nothing is kept. */
  readonly folder?: string | undefined;
  /** Entries that came with the package. Only read, and only where `folder` has none. */
  readonly shippedFolder?: string | undefined;
}

/**
 * Answers of the toolchain by what was asked. An entry is a file: the SHA-256
 * of its key and its text, a line break, the text. Whatever is not exactly that,
 * the entry of another question in its place too, is no entry and is written anew.
 *
 * What is compiled decides about calls, so nobody else may have written it: a link,
 * a file that others may write, or one that belongs to another user is no entry
 * either, and a folder of another user is not used. Nothing here is worth failing
 * for: when the folder cannot be read or written, things are only slower.
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
      const text = await readEntry(file, { key, isTrusted: isOurs });
      if (text !== undefined) {
        await makeYoung(file);
        return text;
      }
    }
    if (this.#shippedFolder === undefined) return undefined;
    return readEntry(entryFile(this.#shippedFolder, key), { key, isTrusted: isClosedToAll });
  }

  /**
   * Written beside its place and moved there, so that a reader sees all of it or nothing. Not forced to the disk: what a
   * power cut tears is no entry.
   */
  async write(key: string, text: string): Promise<void> {
    if (this.#folder === undefined) return;
    const draft = join(this.#folder, `${randomUUID()}.tmp`);
    try {
      await makeOwnFolder(this.#folder);
      await writeFile(draft, `${digest(key, text)}\n${text}`, { flag: 'wx', mode: 0o600 });
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

interface Expected {
  readonly key: string;
  readonly isTrusted: (stats: Stats) => boolean;
}

/** What is no plain file is not even waited for: opening a pipe would be for ever. */
async function readEntry(file: string, { key, isTrusted }: Expected): Promise<string | undefined> {
  const content = await readTrusted(file, isTrusted).catch(() => undefined);
  if (content === undefined) return undefined;
  const text = content.slice(DIGEST_LENGTH + 1);
  return content.slice(0, DIGEST_LENGTH) === digest(key, text) ? text : undefined;
}

async function readTrusted(file: string, isTrusted: Expected['isTrusted']): Promise<string | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await handle.stat();
    const isEntry = stats.isFile() && stats.size <= MAX_BYTES && isTrusted(stats);
    return isEntry ? await handle.readFile('utf8') : undefined;
  } finally {
    await handle.close();
  }
}

/** Root may do everything anyhow. Windows knows neither owners nor modes. */
function isOurs({ uid, mode }: Stats): boolean {
  const own = process.getuid?.();
  return own === undefined || ((uid === own || uid === 0) && (mode & (WRITABLE_BY_GROUP | WRITABLE_BY_ALL)) === 0);
}

/** What came with the package belongs to whoever installed it, as the program itself does. */
function isClosedToAll({ mode }: Stats): boolean {
  return process.getuid === undefined || (mode & WRITABLE_BY_ALL) === 0;
}

/** Throws where the folder is a link or another user's. */
async function makeOwnFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await lstat(folder);
  const own = process.getuid?.();
  if (!stats.isDirectory() || (own !== undefined && stats.uid !== own)) throw new Error(`${folder} is not our folder`);
  if (own !== undefined && (stats.mode & 0o077) !== 0) await chmod(folder, 0o700);
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

function digest(key: string, text: string): string {
  return createHash('sha256').update(key).update('\n').update(text).digest('hex');
}
