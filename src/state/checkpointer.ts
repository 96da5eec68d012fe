import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { hexOf, type Sealers, type StoredHead } from './chain.ts';
import { type Checkpoint, signCheckpoint } from './checkpoint.ts';
import { appendCheckpoint, lastCheckpoint } from './checkpoint-file.ts';
import type { CheckpointKey } from './checkpoint-key.ts';
import type { StoreConnection } from './connection.ts';
import { giveLeases, takeLease } from './leases.ts';
import { isSealed, type KnownPlace, readHeads } from './log-tail.ts';
import { fileIdentity } from './private-file.ts';
import { run } from './work.ts';

/** After so many records a checkpoint is due. */
export const CHECKPOINT_EVERY = 1_000;
/** After so long a checkpoint is due where there is anything new. */
const CHECKPOINT_EVERY_MS = 60_000;

const LEASE_MS = 10_000;

export interface CheckpointerOptions {
  readonly connection: StoreConnection;
  readonly key: CheckpointKey;
  /** By the keys of the chain. */
  readonly sealers: Sealers;
  /** The file that checkpoints are added to. */
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of each checkpoint of any chain, whoever of the processes of this home has written it. */
  readonly onCheckpoint: (place: KnownPlace) => void;
}

/** What makes a checkpoint due: so many records, so much time, or that a process begins or ends. */
type Due = 'records' | 'time' | 'edge';

/**
 * Says outside the database, signed, how far each chain of the store has come: off the calls' way, one process of a home
 * at a time. So hosts that share a store witness one another's chains.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #said = new Said();
  #dueSeq = 0;
  #committed = 0;
  #dueMs: number;
  #writing: Promise<void> | undefined;

  constructor(options: CheckpointerOptions, lastSeq: number) {
    this.#options = options;
    this.#dueSeq = lastSeq + CHECKPOINT_EVERY;
    this.#dueMs = options.clock.monotonic() + CHECKPOINT_EVERY_MS;
  }

  /** After each commit: the seq of the last record, and how many there were. */
  noteCommit(seq: number, records: number): void {
    this.#committed += records;
    if (!this.#hasEnough(seq)) return;
    this.#dueSeq = seq + CHECKPOINT_EVERY;
    this.#committed = 0;
    void this.#write('records');
  }

  /** Without gaps in the numbers they count what other processes have written as well. */
  #hasEnough(seq: number): boolean {
    return this.#isDense ? seq >= this.#dueSeq : this.#committed >= CHECKPOINT_EVERY;
  }

  get #isDense(): boolean {
    return this.#options.connection.numbering === 'dense';
  }

  /** Every few seconds. */
  async beat(): Promise<void> {
    const now = this.#options.clock.monotonic();
    if (now < this.#dueMs) return;
    this.#dueMs = now + CHECKPOINT_EVERY_MS;
    await this.#write('time');
  }

  /** Where a process begins or ends. */
  async write(): Promise<void> {
    await this.#writing;
    await this.#write('edge');
  }

  #write(due: Due): Promise<void> {
    this.#writing ??= this.#tryWrite(due).finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  /** That none can be written stops no call; whoever reads the log of the process is told each time. */
  async #tryWrite(due: Due): Promise<void> {
    const { connection, clock, key } = this.#options;
    const holder = randomUUID();
    const lease = { name: `checkpoint:${key.id}`, holder, now: clock.now(), lastsMs: LEASE_MS };
    try {
      if (!(await takeLease(connection, lease))) return;
      try {
        for (const head of await connection.ask(readHeads)) await this.#tryWriteOf(head, due);
      } finally {
        await giveLeases(connection, holder);
      }
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  /** A chain of which none can be written keeps the others from nothing. */
  async #tryWriteOf(head: StoredHead, due: Due): Promise<void> {
    try {
      await this.#writeDue(head, due);
    } catch (thrown) {
      this.#tell(thrown);
    }
  }

  #tell(thrown: unknown): void {
    const problem = messageOf(thrown);
    this.#options.logger.error('no checkpoint of the decision log can be written', { problem });
  }

  async #writeDue(head: StoredHead, due: Due): Promise<void> {
    const { connection, file, clock, onCheckpoint } = this.#options;
    if (head.seq === 0 || this.#said.has(file, head)) return;
    const last = await lastCheckpoint(file, head.chain);
    const before = last?.checkpoint;
    if (before?.hash === hexOf(head.hash)) {
      this.#waitBehind(before);
      this.#said.note(head);
      return onCheckpoint(head);
    }
    if (before !== undefined && !this.#isDue(due, { before, head, now: clock.now() })) return this.#waitBehind(before);
    this.#refuseBadEnd(head);
    // Else a power cut could take back what was said to be there.
    await connection.reachDisk();
    await this.#append(head, last?.lineHash ?? '');
    this.#said.note(head);
    onCheckpoint(head);
  }

  /** Written by another process meanwhile. */
  #waitBehind({ seq }: Checkpoint): void {
    this.#dueSeq = Math.min(this.#dueSeq, seq + 2 * CHECKPOINT_EVERY);
  }

  #isDue(due: Due, { before, head, now }: Since): boolean {
    if (due === 'edge') return true;
    if (due === 'records') return !this.#isDense || head.seq - before.seq >= CHECKPOINT_EVERY;
    return now - Date.parse(before.time) >= CHECKPOINT_EVERY_MS || now < Date.parse(before.time);
  }

  /** What somebody without the key has put at the end of the log is not signed. */
  #refuseBadEnd(head: StoredHead): void {
    const { connection, sealers } = this.#options;
    if (isSealed(head, sealers.of(head.key, connection.name))) return;
    throw new GatewayError('STORE_UNAVAILABLE', `the end of the log in ${connection.name} is not what was written`);
  }

  async #append({ chain, seq, hash }: StoredHead, previous: string): Promise<void> {
    const { connection, key, file, clock } = this.#options;
    const now = clock.now();
    const checkpoint: Checkpoint = {
      version: 1,
      kind: 'checkpoint',
      key: key.id,
      store: connection.name,
      chain,
      seq,
      hash: hexOf(hash),
      time: new Date(now).toISOString(),
      previous,
    };
    await appendCheckpoint(file, signCheckpoint(checkpoint, key));
    await connection.ask(() => run(NOTE, seq, now, hash));
  }
}

const NOTE = `insert into log_checkpoints (seq, at, hash) values (?, ?, ?)
  on conflict (seq) do update set at = excluded.at, hash = excluded.hash`;

interface Since {
  readonly before: Checkpoint;
  readonly head: StoredHead;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Ends of chains that the file has a checkpoint of, so that it is not searched for one that rests. */
class Said {
  readonly #hashes = new Map<string, string>();
  #file: string | undefined;

  has(path: string, { chain, hash }: StoredHead): boolean {
    const file = fileIdentity(path);
    // Somebody has put it aside, and the next checkpoint begins another.
    if (file !== this.#file) this.#hashes.clear();
    this.#file = file;
    return this.#hashes.get(chain) === hexOf(hash);
  }

  note({ chain, hash }: StoredHead): void {
    this.#hashes.set(chain, hexOf(hash));
  }
}
