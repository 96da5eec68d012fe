import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import * as z from 'zod';
import { GatewayError, messageOf } from '../core/errors.ts';
import { hashOf } from './file-text.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** What is known of a file of a client as it was before we changed it. Hashes are SHA-256 in hex. */
const BackupFacts = z.strictObject({
  version: z.literal(1),
  client: z.string(),
  scope: z.enum(['user', 'local', 'project']),
  /** The file that it is a copy of; absolute. */
  path: z.string(),
  /** RFC 3339. */
  time: z.string(),
  /** Of the copy; null where there was no file. */
  before: Hash.nullable(),
  /** Of the file as we left it. */
  after: Hash,
  /** How many objects around our entry were made for it. */
  made: z.int().min(0),
  /** Other servers that were taken out with it. */
  moved: z.array(z.string()),
});

type BackupFacts = z.output<typeof BackupFacts>;

export interface Backup extends BackupFacts {
  /** Such as `cursor/20261121T093001.123Z`; given to `client restore`. */
  readonly id: string;
  /** The copy; absent where there was no file. */
  readonly copy: string;
}

/** Keeps a copy of a file with its checksum, readable by its user alone. Throws CLIENT_FILE where that cannot be done. */
export function saveBackup(home: string, facts: Omit<BackupFacts, 'version'>, copy: Uint8Array | undefined): Backup {
  return kept(home, () => save(home, facts, copy));
}

function save(home: string, facts: Omit<BackupFacts, 'version'>, copy: Uint8Array | undefined): Backup {
  const folder = join(folderOf(home), facts.client);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const taken = new Set(readdirSync(folder));
  const time = facts.time.replaceAll(/[-:]/g, '');
  const names = [time, ...Array.from({ length: 100 }, (_, index) => `${time}-${String(index + 2)}`)];
  const name = names.find((one) => !taken.has(`${one}${FACTS}`)) ?? time;
  const backup = {
    ...facts,
    version: 1 as const,
    id: `${facts.client}/${name}`,
    copy: copyOf(folder, name, facts.path),
  };
  if (copy !== undefined) writeFileSync(backup.copy, copy, { mode: 0o600, flag: 'wx', flush: true });
  writeFacts(home, backup);
  return backup;
}

/** The file was written once more, with our entry in it still. Throws CLIENT_FILE. */
export function updateBackup(home: string, backup: Backup, changed: Pick<BackupFacts, 'after' | 'moved'>): Backup {
  const updated = { ...backup, ...changed };
  kept(home, () => writeFacts(home, updated));
  return updated;
}

/** Forgets one that came to nothing. */
export function dropBackup(home: string, { id, copy }: Backup): void {
  rmSync(copy, { force: true });
  rmSync(join(folderOf(home), `${id}${FACTS}`), { force: true });
}

/** The newest first; of one client where it is named. What cannot be read is left out. */
export function listBackups(home: string, client?: string): readonly Backup[] {
  const clients = client === undefined ? namesIn(folderOf(home)) : [client];
  const found = clients.flatMap((one) => {
    const folder = join(folderOf(home), one);
    return namesIn(folder)
      .filter((name) => name.endsWith(FACTS))
      .flatMap((name) => readBackup(folder, one, name.slice(0, -FACTS.length)));
  });
  return found.toSorted((left, right) => (left.time === right.time ? 0 : left.time < right.time ? 1 : -1));
}

/** The bytes of the copy; undefined where there was no file. Throws CLIENT_FILE where it is not what was kept. */
export function bytesOf({ id, before, copy }: Backup): Buffer | undefined {
  if (before === null) return undefined;
  const bytes = readIfThere(copy);
  if (isHashed(bytes, before)) return bytes;
  throw new GatewayError('CLIENT_FILE', `the backup ${id} is not what was kept: ${copy} has been changed or removed`, {
    mend: 'Take another one of `mcp-gateway client backups`.',
  });
}

/** Whether the copy is what was kept. */
export function isWhole({ before, copy }: Backup): boolean {
  return before === null || isHashed(readIfThere(copy), before);
}

function isHashed(bytes: Buffer | undefined, hash: string): bytes is Buffer {
  return bytes !== undefined && hashOf(bytes) === hash;
}

const FACTS = '.backup';

function kept<T>(home: string, keep: () => T): T {
  try {
    return keep();
  } catch (thrown) {
    throw new GatewayError('CLIENT_FILE', `no backup can be kept in ${folderOf(home)}: ${messageOf(thrown)}`, {
      mend: 'See that you may write that folder and that there is room on its disk, and run the command again.',
      cause: thrown,
    });
  }
}

function folderOf(home: string): string {
  return join(home, 'backups');
}

function copyOf(folder: string, name: string, path: string): string {
  return join(folder, `${name}${extname(path) || '.json'}`);
}

function writeFacts(home: string, backup: Backup): void {
  const { id, copy: _, ...facts } = backup;
  const path = join(folderOf(home), `${id}${FACTS}`);
  const scratch = `${path}.new`;
  writeFileSync(scratch, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(scratch, path);
}

function readBackup(folder: string, client: string, name: string): readonly Backup[] {
  try {
    const facts = BackupFacts.parse(JSON.parse(readFileSync(join(folder, `${name}${FACTS}`), 'utf8')));
    return [{ ...facts, id: `${client}/${name}`, copy: copyOf(folder, name, facts.path) }];
  } catch {
    return [];
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
