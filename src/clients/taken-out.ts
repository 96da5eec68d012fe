import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { type Backup, bytesOf, isWhole, listBackups, updateBackup } from './backups.ts';
import { entryIn, withEntry } from './edit.ts';
import type { ClientPlace } from './find.ts';

/** A server that stood in a file of a client until we took it out. */
export interface TakenOut {
  readonly name: string;
  /** As it was read, without the name that an entry of a list has. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** Whose copy has it. */
  readonly backup: Backup;
}

/**
 * The servers that were taken out of a file and are in its text by no other way again. Throws CLIENT_FILE where one stands
 * only in a copy that is not what was kept.
 */
export function takenOut(home: string, place: ClientPlace, text: string): readonly TakenOut[] {
  const found = new Map<string, TakenOut>();
  for (const backup of backupsOf(home, place)) {
    const missing = backup.moved.filter((name) => !found.has(name) && entryIn(text, place, name) === undefined);
    if (missing.length === 0) continue;
    if (!isWhole(backup)) throw onlyThere(place, missing, backup);
    const copy = bytesOf(backup)?.toString('utf8') ?? '';
    for (const name of missing) {
      const entry = bare(entryIn(copy, place, name));
      // One file may have the servers of several folders; those of another one have not stood here.
      if (isJsonObject(entry)) found.set(name, { name, entry, backup });
    }
  }
  return [...found.values()];
}

/** The text with the servers in it again, in their order. Throws CLIENT_FILE where one cannot be written as it was. */
export function withTakenOut(text: string, place: ClientPlace, servers: readonly TakenOut[]): string {
  // A table of TOML is added behind the others, everything else before them.
  const inTurn = place.client.syntax === 'toml' ? servers : servers.toReversed();
  return inTurn.reduce((rest, { name, entry, backup }) => {
    const edited = edit(() => withEntry(rest, place, { name, entry }).text, { name, place, backup });
    if (isDeepStrictEqual(bare(entryIn(edited, place, name)), entry)) return edited;
    throw notWritten({ name, place, backup });
  }, text);
}

/** What stands in the file again is no longer owed to it. */
export function settleTakenOut(home: string, place: ClientPlace, text: string): void {
  for (const backup of backupsOf(home, place)) {
    const { after, moved } = backup;
    const owed = moved.filter((name) => entryIn(text, place, name) === undefined);
    if (owed.length < moved.length) updateBackup(home, backup, { after, moved: owed });
  }
}

/** The copies of one file, the newest first. */
export function backupsOf(home: string, { client, path, scope }: ClientPlace): readonly Backup[] {
  return listBackups(home, client.id).filter((backup) => backup.path === path && backup.scope === scope);
}

/** An entry of a list without the name that says which one it is. */
export function bare(entry: unknown): unknown {
  if (!isJsonObject(entry) || typeof entry['name'] !== 'string') return entry;
  const { name: _, ...rest } = entry;
  return rest;
}

interface Unwritten {
  readonly name: string;
  readonly place: ClientPlace;
  readonly backup: Backup;
}

function edit(work: () => string, unwritten: Unwritten): string {
  try {
    return work();
  } catch (thrown) {
    throw thrown instanceof GatewayError ? notWritten(unwritten, thrown) : thrown;
  }
}

function notWritten({ name, place, backup }: Unwritten, cause?: GatewayError): GatewayError {
  return new GatewayError(
    'CLIENT_FILE',
    `${name} was taken out of ${place.path} and cannot be put back as it was. Nothing was written.`,
    {
      mend: `Copy "${name}" from ${backup.copy} into the file by hand, and run the command again.`,
      cause,
    },
  );
}

function onlyThere({ client, path }: ClientPlace, names: readonly string[], { id, copy }: Backup): GatewayError {
  return new GatewayError(
    'CLIENT_FILE',
    `${names.join(', ')} of ${path} cannot be put back: the backup ${id} is not what was kept (${copy} has been changed or removed). Nothing was written.`,
    {
      mend: `Add them in ${client.name} by hand, as \`mcp-gateway config show\` has them, and run the command again; or remove ${copy.replace(/\.[^.]*$/, '.backup')} to do without them.`,
    },
  );
}
