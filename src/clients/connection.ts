import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../core/errors.ts';
import { type Backup, bytesOf, dropBackup, isWhole, saveBackup, updateBackup } from './backups.ts';
import { entryIn, withEntry, withoutEntry } from './edit.ts';
import type { ReadState } from './entry.ts';
import { type FileText, hashOf, readFileText } from './file-text.ts';
import { type ClientPlace, stateOfText } from './find.ts';
import type { Machine } from './machine.ts';
import { type Launch, OWN_NAME, ownEntry } from './own-entry.ts';
import { replaceClientFile } from './replace-file.ts';
import { backupsOf, bare, settleTakenOut, takenOut, withTakenOut } from './taken-out.ts';

/** What is about to become of a file of a client. Nothing has been written yet. */
export interface Change {
  readonly place: ClientPlace;
  readonly before: Readable;
  /** Undefined removes the file. */
  readonly after: Uint8Array | undefined;
  readonly made: number;
  /** Other servers that are taken out, or put back. */
  readonly moved: readonly string[];
  /** What is read of it now. */
  readonly state: ReadState;
}

type Readable = Exclude<FileText, { readonly kind: 'unreadable' }>;

/**
 * The file of a client with our entry in it, as it has to be; undefined where it is so already. `moved` are other servers
 * that are taken out. Throws CLIENT_FILE where the file cannot be read, and USAGE where something else has our name.
 */
export function planConnect(
  place: ClientPlace,
  machine: Machine,
  { launch, moved = [] }: { readonly launch: Launch; readonly moved?: readonly string[] },
): Change | undefined {
  const { before, state } = readAt(place, machine);
  const entry = ownEntry(place.client.dialect, launch);
  const text = before.kind === 'text' ? before.text : '';
  const isThere = state.ownNames.length === 1 && isDeepStrictEqual(bare(entryIn(text, place, OWN_NAME)), entry);
  if (isThere && moved.length === 0) return undefined;
  refuseOther(place, state);
  const without = [...state.ownNames, ...moved].reduce(
    (rest, name) => withoutEntry(rest, place, { name, made: 0 }),
    text,
  );
  const { text: after, made } = withEntry(without, place, { name: OWN_NAME, entry });
  return { place, before, after: Buffer.from(after), made, moved, state };
}

/**
 * The file without our entry, and with the servers that were taken out of it: exactly as it was where nothing else has
 * changed it since; undefined where it is so already. Throws CLIENT_FILE where the file cannot be read, or a server that was
 * taken out cannot be put back.
 */
export function planDisconnect(place: ClientPlace, machine: Machine, home: string): Change | undefined {
  const { before, state } = readAt(place, machine);
  if (before.kind === 'missing') return undefined;
  const owed = takenOut(home, place, before.text);
  if (!state.isConnected && owed.length === 0) return undefined;
  const base = { place, before, state, made: 0, moved: owed.map(({ name }) => name) };
  const backup = backupFor(home, place);
  // A copy that is gone keeps nobody connected.
  if (backup !== undefined && isWhole(backup) && backup.after === before.hash) {
    const bytes = bytesOf(backup);
    const text = bytes?.toString('utf8') ?? '';
    // What it was may have had an entry of ours, that another version wrote, and may lack what was taken out before.
    const was = stateOfText(text, place, machine);
    const isAll = owed.every(({ name }) => entryIn(text, place, name) !== undefined);
    if (was.kind === 'read' && !was.isConnected && isAll) return { ...base, after: bytes };
  }
  const without = state.ownNames.reduce(
    (text, name) => withoutEntry(text, place, { name, made: name === OWN_NAME ? (backup?.made ?? 0) : 0 }),
    before.text,
  );
  return { ...base, after: Buffer.from(withTakenOut(without, place, owed)) };
}

/** The file as a backup has it. Throws CLIENT_FILE. */
export function planRestore(backup: Backup, place: ClientPlace, machine: Machine): Change {
  const file = readFileText(place.path);
  if (file.kind === 'unreadable') {
    throw new GatewayError('CLIENT_FILE', `${place.path} ${file.why}. Nothing was written.`, {
      mend: 'Move it away and run the command again.',
    });
  }
  const state = stateOfText(file.kind === 'text' ? file.text : '', place, machine);
  const read: ReadState = state.kind === 'read' ? state : NOTHING;
  return { place, before: file, after: bytesOf(backup), made: 0, moved: [], state: read };
}

const NOTHING: ReadState = { kind: 'read', servers: [], refused: [], isConnected: false, ownNames: [] };

export interface Keeping {
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  /** RFC 3339. */
  readonly time: string;
}

/** Keeps a backup and writes the file; where that fails the backup is forgotten. Throws CLIENT_FILE. */
export function carryOut(change: Change, { home, time }: Keeping): Backup {
  const { place, before, after, made, moved } = change;
  const last = backupFor(home, place);
  const expected = before.kind === 'text' ? before.hash : undefined;
  const isOursStill = change.state.isConnected && last !== undefined && last.after === expected && after !== undefined;
  const hash = hashOf(after ?? '');
  if (isOursStill) {
    // What we wrote ourselves is no state to come back to.
    replaceClientFile(place.path, { bytes: after, expected });
    return updateBackup(home, last, { after: hash, moved: [...last.moved, ...moved] });
  }
  const facts = {
    client: place.client.id,
    scope: place.scope,
    path: place.path,
    time,
    before: expected ?? null,
    after: hash,
    made,
    moved: [...moved],
  };
  const backup = saveBackup(home, facts, before.kind === 'text' ? before.bytes : undefined);
  try {
    replaceClientFile(place.path, { bytes: after, expected });
  } catch (thrown) {
    dropBackup(home, backup);
    throw thrown;
  }
  return backup;
}

/** Writes what leaves nothing to come back to. Throws CLIENT_FILE. */
export function putBack({ place, before, after }: Change, home: string): void {
  replaceClientFile(place.path, { bytes: after, expected: before.kind === 'text' ? before.hash : undefined });
  settleTakenOut(home, place, Buffer.from(after ?? '').toString('utf8'));
}

/** The last change of this place that was ours. */
function backupFor(home: string, place: ClientPlace): Backup | undefined {
  return backupsOf(home, place)[0];
}

function readAt(place: ClientPlace, machine: Machine): { readonly before: Readable; readonly state: ReadState } {
  const before = readFileText(place.path);
  if (before.kind === 'unreadable') throw unreadable(`${place.path} ${before.why}`);
  const state = stateOfText(before.kind === 'text' ? before.text : '', place, machine);
  if (state.kind === 'read') return { before, state };
  throw unreadable(state.kind === 'broken' ? state.problem : place.path);
}

function unreadable(problem: string): GatewayError {
  return new GatewayError('CLIENT_FILE', `${problem}. Nothing was written.`, {
    mend: 'Mend the file, or take an earlier one with `mcp-gateway client restore`, and run the command again.',
  });
}

function refuseOther({ client, path }: ClientPlace, { servers, refused, ownNames }: ReadState): void {
  const others = [...servers, ...refused].map(({ name }) => name);
  if (!others.includes(OWN_NAME) || ownNames.includes(OWN_NAME)) return;
  throw new GatewayError(
    'USAGE',
    `${path} has another server called "${OWN_NAME}", which is what our entry is called`,
    {
      mend: `Rename that server in ${client.name} and run the command again.`,
    },
  );
}
