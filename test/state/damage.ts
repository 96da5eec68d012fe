import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../src/core/errors.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { Store } from '../../src/state/store.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord, realClock, silent } from './records.ts';

/** What became of one damaged copy. */
export type Fate = 'same' | 'shorter, and told' | 'refused or told';

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Original {
  readonly home: string;
  readonly path: string;
  /** Ids and hashes of all rows, in order. */
  readonly rows: readonly string[];
}

/** A log with rows in the database file and rows that only its write-ahead log has, as a killed gateway leaves it. */
export async function anOriginal(home: string, calls: number): Promise<Original> {
  const live = { home, path: join(home, 'live', 'decisions.db') };
  const store = await Store.open({ ...live, durability: 'normal', clock: realClock, logger: silent });
  const call = async (): Promise<void> => {
    const record = aRecord({ remediation: 'x'.repeat(600) });
    await store.log.append(record);
    store.log.settle(anOutcome(record.id));
    await store.log.flush();
  };
  for (let turn = 0; turn < calls / 2; turn += 1) await call();
  const database = chooseDriver().open(live.path, 'write');
  database.pragma('wal_checkpoint(truncate)');
  for (let turn = 0; turn < calls / 2; turn += 1) await call();
  const path = join(home, 'original.db');
  for (const suffix of ['', '-wal']) copyFileSync(live.path + suffix, path + suffix);
  const rows = rowsOf(live.path);
  database.close();
  await store.close();
  return { home, path, rows };
}

function rowsOf(path: string): readonly string[] {
  const database = chooseDriver().open(path, 'write');
  try {
    return database
      .prepare('select seq, id, hex(hash) as hash, body from log order by seq')
      .all()
      .map((row) => JSON.stringify(row));
  } finally {
    database.close();
  }
}

/**
 * Damages a copy of one file and looks what a gateway and `verify` make of it. Throws where the rows that are read are
 * neither what was written nor a beginning of it and nobody says so.
 */
export async function fateOf(
  original: Original,
  suffix: '' | '-wal',
  damage: (bytes: Buffer) => Buffer,
): Promise<Fate> {
  const path = join(original.home, 'copy.db');
  for (const old of ['', '-wal', '-shm']) rmSync(path + old, { force: true });
  for (const file of ['', '-wal'])
    if (existsSync(original.path + file)) copyFileSync(original.path + file, path + file);
  writeFileSync(path + suffix, damage(readFileSync(path + suffix)), { mode: 0o600 });
  try {
    const rows = rowsOf(path);
    const told = await verifyLog({ path, home: original.home });
    const isBeginning = rows.every((row, index) => row === original.rows[index]);
    const isWhole = isBeginning && rows.length === original.rows.length;
    if (isWhole) return 'same';
    if (told.kind === 'ok') throw new Error(`silent damage: ${rows.length} of ${original.rows.length} rows, verified`);
    return isBeginning ? 'shorter, and told' : 'refused or told';
  } catch (thrown) {
    if (thrown instanceof GatewayError || isOfSqlite(thrown)) return 'refused or told';
    throw thrown;
  }
}

function isOfSqlite(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && /^(SQLITE|ERR_SQLITE)/.test(String(thrown.code));
}

/** One of: a flipped bit, a torn sector of zeros, a torn sector of noise, a cut end. */
export function anyDamage(random: () => number): (bytes: Buffer) => Buffer {
  const kind = Math.floor(random() * 4);
  return (bytes) => {
    const at = Math.floor(random() * bytes.length);
    if (kind === 3) return bytes.subarray(0, at);
    const damaged = Buffer.from(bytes);
    if (kind === 0) damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    else {
      const end = Math.min(bytes.length, at + 512);
      for (let place = at; place < end; place += 1) damaged[place] = kind === 1 ? 0 : Math.floor(random() * 256);
    }
    return damaged;
  };
}

export function aFlip(random: () => number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const at = Math.floor(random() * bytes.length);
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    return damaged;
  };
}
