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
import { isSealed, type KnownPlace, readHead } from './log-tail.ts';
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
  /** Hears of each checkpoint, whoever of the processes has written it. */
  readonly onCheckpoint: (place: KnownPlace) => void;
}

/** What makes a checkpoint due: so many records, so much time, or that a process begins or ends. */
type Due = 'records' | 'time' | 'edge';

/** Says outside the database, signed, how far the chain has come: off the calls' way, one process at a time. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #dueSeq = 0;
  #dueMs: number;
  #writing: Promise<void> | undefined;

  constructor(options: CheckpointerOptions, lastSeq: number) {
    this.#options = options;
    this.#dueSeq = lastSeq + CHECKPOINT_EVERY;
    this.#dueMs = options.clock.monotonic() + CHECKPOINT_EVERY_MS;
  }

  /** After each commit: the seq of the last record. */
  noteSeq(seq: number): void {
    if (seq < this.#dueSeq) return;
    this.#dueSeq = seq + CHECKPOINT_EVERY;
    void this.#write('records');
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
    const { connection, clock, logger } = this.#options;
    const holder = randomUUID();
    try {
      if (!(await takeLease(connection, { name: 'checkpoint', holder, now: clock.now(), lastsMs: LEASE_MS }))) return;
      try {
        await this.#writeDue(due);
      } finally {
        await giveLeases(connection, holder);
      }
    } catch (thrown) {
      logger.error('no checkpoint of the decision log can be written', { problem: messageOf(thrown) });
    }
  }

  async #writeDue(due: Due): Promise<void> {
    const { connection, file, clock, onCheckpoint } = this.#options;
    const head = await connection.ask(readHead);
    if (head === undefined || head.seq === 0) return;
    const last = await lastCheckpoint(file, head.chain);
    const before = last?.checkpoint;
    if (before !== undefined && (before.hash === hexOf(head.hash) || !isDue(due, { before, head, now: clock.now() }))) {
      // Written by another process meanwhile.
      this.#dueSeq = Math.min(this.#dueSeq, before.seq + 2 * CHECKPOINT_EVERY);
      if (before.hash === hexOf(head.hash)) onCheckpoint(head);
      return;
    }
    this.#refuseBadEnd(head);
    // Else a power cut could take back what was said to be there.
    await connection.reachDisk();
    await this.#append(head, last?.lineHash ?? '');
    onCheckpoint(head);
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

function isDue(due: Due, { before, head, now }: Since): boolean {
  if (due === 'edge') return true;
  if (due === 'records') return head.seq - before.seq >= CHECKPOINT_EVERY;
  return now - Date.parse(before.time) >= CHECKPOINT_EVERY_MS || now < Date.parse(before.time);
}
