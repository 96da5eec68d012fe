import { spawnSync } from 'node:child_process';
import { saveBackup, type Backup, dropBackup, updateBackup } from './backups.ts';
import type { Change, Keeping } from './connection.ts';
import { entryIn } from './edit.ts';
import { readFileText } from './file-text.ts';
import { type Machine, programOn } from './machine.ts';
import { type Launch, OWN_NAME } from './own-entry.ts';

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** Whether the command ended well. */
export type RunCommand = (command: CommandLine) => boolean;

/** Runs a command whose own words nobody has to read. Throws nothing. */
export const runCommand: RunCommand = ([program, ...args]) => {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 60_000, windowsHide: true }).status === 0;
};

/**
 * The client's own command that adds our entry, where the client has one on this machine: it outlives changes of the format.
 * Undefined where it cannot say all that has to be said.
 */
export function nativeCommandFor(
  { place, state, moved }: Change,
  machine: Machine,
  launch: Launch,
): CommandLine | undefined {
  const { native, program } = place.client;
  if (native === undefined || program === undefined || place.scope !== 'user') return undefined;
  if (state.isConnected || moved.length > 0 || Object.keys(launch.env).length > 0) return undefined;
  const path = programOn(machine, program);
  // What is no program of its own on Windows would need a shell, which reads arguments in its own way.
  if (path === undefined || (machine.platform === 'win32' && !path.toLowerCase().endsWith('.exe'))) return undefined;
  const { command, args } = launch;
  const words: Readonly<Record<string, readonly string[]>> = {
    $NAME: [OWN_NAME],
    $COMMAND: [command, ...args],
    $JSON: [JSON.stringify({ name: OWN_NAME, ...place.client.dialect.own, command, args })],
  };
  return [path, ...native.add.flatMap((word) => words[word] ?? [word])];
}

/** Keeps a backup and has the client do it; undefined where our entry is not in the file afterwards. */
export function carryOutNatively(
  { place, before, made }: Change,
  { home, time }: Keeping,
  { command, run }: { readonly command: CommandLine; readonly run: RunCommand },
): Backup | undefined {
  const bytes = before.kind === 'text' ? before.bytes : undefined;
  const hash = before.kind === 'text' ? before.hash : null;
  const { client, scope, path } = place;
  const facts = { client: client.id, scope, path, time, before: hash, after: hash ?? EMPTY, made, moved: [] };
  const backup = saveBackup(home, facts, bytes);
  const isDone = run(command);
  const now = readFileText(path);
  if (isDone && now.kind === 'text' && entryIn(now.text, place, OWN_NAME) !== undefined) {
    return updateBackup(home, backup, { after: now.hash, moved: [] });
  }
  // A command that fails may have changed the file all the same; then the copy is the only one.
  const isUntouched = (now.kind === 'text' ? now.hash : null) === hash && now.kind !== 'unreadable';
  if (isUntouched) dropBackup(home, backup);
  else if (now.kind === 'text') updateBackup(home, backup, { after: now.hash, moved: [] });
  return undefined;
}

const EMPTY = '0'.repeat(64);
