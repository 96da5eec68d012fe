import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GatewayError, messageOf } from '../core/errors.ts';
import { lineHash, parseCheckpoint, type ReadLine } from './checkpoint.ts';
import { fileIdentity, isOpenToOthers, makePrivateFolder, ownFile } from './private-file.ts';

/** Where a gateway writes the checkpoints of all its stores, one JSON text a line. Lines are only ever added. */
export function checkpointPath(home: string): string {
  return join(home, 'checkpoints.jsonl');
}

/** A line with what the next one of its chain says of it. */
export interface LastCheckpoint extends ReadLine {
  readonly lineHash: string;
}

const BLOCK_BYTES = 64 * 1024;

/**
 * The last checkpoint of a chain, or the last that names the record with a hash, whether or not its signature is good.
 * Reads the file from its end.
 */
export async function lastCheckpoint(path: string, chain: string, hash = ''): Promise<LastCheckpoint | undefined> {
  if (fileIdentity(path) === undefined) return undefined;
  refuseStrange(path);
  const file = await open(path, constants.O_RDONLY | NO_FOLLOW);
  try {
    for await (const line of linesBackwards(file)) {
      // There may be many, and only one is looked for.
      const read = line.includes(hash) ? parseCheckpoint(line) : undefined;
      if (read === undefined || (hash !== '' && read.checkpoint.hash !== hash)) continue;
      if (read.checkpoint.chain === chain) return { ...read, lineHash: lineHash(line) };
    }
    return undefined;
  } finally {
    await file.close();
  }
}

async function* linesBackwards(file: FileHandle): AsyncGenerator<string> {
  let { size: end } = await file.stat();
  let rest = Buffer.alloc(0);
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = Buffer.alloc(end - start);
    await file.read(block, 0, block.length, start);
    rest = Buffer.concat([block, rest]);
    const first = start === 0 ? 0 : rest.indexOf(0x0a) + 1;
    if (start === 0 || first > 0) {
      const lines = rest.toString('utf8', first).split('\n');
      yield* lines.toReversed().filter((line) => line !== '');
      rest = rest.subarray(0, first);
    }
    end = start;
  }
}

/**
 * Adds a line and waits for the disk. A line before it that was only half written stays, ended, so that this one is
 * whole. Throws CHAIN_KEY where the file is a link, another user's or open to others.
 */
export async function appendCheckpoint(path: string, line: string): Promise<void> {
  makePrivateFolder(join(path, '..'));
  if (fileIdentity(path) !== undefined) refuseStrange(path);
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW;
  const file = await open(path, flags, 0o600);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    await file.appendFile(`${size > 0 && last[0] !== 0x0a ? '\n' : ''}${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What was committed to a store is on the disk after this, whatever its commits themselves wait for. */
export async function waitForDisk(store: string): Promise<void> {
  const log = `${store}-wal`;
  // What is not in it any more was moved to the database, which waits for the disk.
  if (fileIdentity(log) === undefined) return;
  const file = await open(log, constants.O_RDWR | NO_FOLLOW);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Windows has no such flag. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

function refuseStrange(path: string): void {
  const stats = ownFile(path, 'CHAIN_KEY');
  if (!isOpenToOthers(stats)) return;
  throw new GatewayError('CHAIN_KEY', `the checkpoints ${path} are open to other users`, {
    mend: `Run \`chmod 600 ${path}\`, and ask who could write to it.`,
  });
}

/** All lines of a file with their numbers, first to last. Throws STORE_UNAVAILABLE. */
export async function* numberedLines(path: string): AsyncGenerator<readonly [number: number, line: string]> {
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line !== '') yield [number, line];
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw new GatewayError('STORE_UNAVAILABLE', `${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}
