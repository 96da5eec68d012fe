import type { AttachedLabel } from '../core/change.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { StoredKey } from '../core/key.ts';
import type { Pause } from '../core/pause.ts';
import { type ApprovalBook, createApprovalBook } from './approval-book.ts';
import type { Count } from '../core/charge.ts';
import { listBudgets, type ListedBudget } from './budget-list.ts';
import { type CountPlace, MOST_IN_A_SWEEP, readCounts, sweepBudgets } from './budgets.ts';
import { createCatalogStore, type CatalogStore } from './catalog-store.ts';
import { keyedHash, keyedId } from './chain-key.ts';
import { checkpointPath } from './checkpoint-file.ts';
import { createConversationStore, sweepConversations, type ConversationStore } from './conversation-store.ts';
import { createExportCursors, type ExportCursors } from './export-cursors.ts';
import { createGenerationStore, type GenerationStore } from './generation-store.ts';
import type { DecisionLog } from './decision-log.ts';
import {
  beat,
  HEARTBEAT_MS,
  type InForce,
  type KnownInstance,
  listLiving,
  NOTHING_IN_FORCE,
  removeInstance,
} from './instances.ts';
import type { StorePlace } from './open-connection.ts';
import { openParts, type StoreOptions, type StoreParts } from './store-parts.ts';
import { findAgentKey, listKeys } from './keys.ts';
import { sweepLabels, readLabels } from './labels.ts';
import { giveLeases, takeLease } from './leases.ts';
import { decisionIds } from './decision-id.ts';
import { readPause } from './pauses.ts';
import { removeOld } from './retention.ts';
import { findLink, type KnownLink } from './sign-in-links.ts';
import { sweep, sweepHolds } from './sweep.ts';
import { leasesOn, type WithLease } from './under-lease.ts';

const OLD_SWEEP_MS = 5 * 60 * 1000;

/** What a gateway process remembers and records: opened once, closed once. */
export class Store {
  readonly log: DecisionLog;
  readonly catalog: CatalogStore;
  readonly conversations: ConversationStore;
  readonly approvals: ApprovalBook;
  readonly generations: GenerationStore;
  readonly exports: ExportCursors;
  /** For what only one of the processes that share the store may do at a time. */
  readonly withLease: WithLease;
  /** Id of this process in every record it writes. */
  readonly instance: string;
  readonly place: StorePlace;
  readonly home: string;
  /** The time by which what is in the store expires. */
  readonly clock: Clock;
  readonly #parts: StoreParts;
  #timer: NodeJS.Timeout | undefined;
  #inForce = NOTHING_IN_FORCE;
  #address = '';
  #nextSweep = 0;
  #hasBeaten = true;
  #beating: Promise<void> | undefined;
  #removing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(parts: StoreParts) {
    this.#parts = parts;
    this.log = parts.log;
    this.catalog = createCatalogStore(parts.connection);
    this.conversations = createConversationStore(parts.connection);
    this.approvals = createApprovalBook(parts.connection);
    this.generations = createGenerationStore(parts.connection);
    this.exports = createExportCursors(parts.connection, parts.me.id);
    this.withLease = leasesOn(parts.connection, parts.clock);
    this.instance = parts.me.id;
    this.place = placeOf(parts.options);
    this.home = parts.options.home;
    this.clock = parts.clock;
  }

  /** Everything that is wrong with the store is thrown here, before the first call. */
  static async open(options: StoreOptions): Promise<Store> {
    const store = new Store(await openParts(options));
    await store.beat();
    await store.#parts.checkpointer.write();
    store.#timer = setInterval(() => void store.beat(), HEARTBEAT_MS).unref();
    return store;
  }

  /** How counts stand, each in its place; undefined where nothing was ever charged. */
  readCounts(places: readonly CountPlace[]): Promise<readonly (Count | undefined)[]> {
    return readCounts(this.#parts.connection, places);
  }

  /** All counts whose window is not over. */
  budgets(): Promise<readonly ListedBudget[]> {
    return listBudgets(this.#parts.connection, this.#parts.clock.now());
  }

  /** What stands in a record for a value that is kept out of it. */
  keyedHash(value: string): string {
    return keyedHash(this.#parts.key, value);
  }

  /** The same id for the same text in every process that shares the chain's key; 32 hex digits that nobody else can tell. */
  keyedId(text: string): string {
    return keyedId(this.#parts.firstKey, text);
  }

  /** The labels that hold at a time, in milliseconds since the epoch, of a conversation and of the agent that has it. */
  labelsOf(
    whose: { readonly conversation: string; readonly agent: string },
    now: number,
  ): Promise<readonly AttachedLabel[]> {
    return readLabels(this.#parts.connection, whose, now);
  }

  /** Keys that stand for people, whether they still hold or not. */
  keys(): Promise<readonly StoredKey[]> {
    return listKeys(this.#parts.connection);
  }

  /** The key of an agent with a hash, while it holds. */
  agentKey(hash: string): Promise<StoredKey | undefined> {
    return findAgentKey(this.#parts.connection, hash);
  }

  /** A link to the dashboard, whether it still holds or not; undefined where there is none, or it is long gone. */
  signInLink(hash: string): Promise<KnownLink | undefined> {
    return findLink(this.#parts.connection, hash);
  }

  /** Tells all who share the store what this process decides by from now on. */
  async decidesBy(inForce: InForce): Promise<void> {
    this.#inForce = inForce;
    await this.#beating;
    await this.beat();
  }

  /** Tells all who share the store where they reach the HTTP door of this process from now on. */
  async servesAt(address: string): Promise<void> {
    this.#address = address;
    await this.#beating;
    await this.beat();
  }

  /** All processes that use the store now, this one among them. */
  living(): Promise<readonly KnownInstance[]> {
    return listLiving(this.#parts.connection, this.#parts.clock.now());
  }

  /** Whether the last heartbeat reached the store. */
  get isWritable(): boolean {
    return this.#hasBeaten;
  }

  /** The last pause, whether it still holds or not. Cheap enough to be asked every second. */
  pause(): Promise<Pause | undefined> {
    return this.#parts.connection.peek(readPause);
  }

  /** Says that this process lives and looks after those that no longer do. Runs every five seconds by itself. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #beat(): Promise<void> {
    const { connection, log, me, options, clock, follow } = this.#parts;
    try {
      await follow();
      const now = clock.now();
      await beat(connection, me, { now, openFrom: log.openFrom(), inForce: this.#inForce, address: this.#address });
      this.#hasBeaten = true;
      log.resume();
      await this.#sweepOld(now);
      const settled = await sweep({ connection, log, me, now });
      if (settled > 0) options.logger.warn('calls of gateways that ended have an unknown outcome', { calls: settled });
      await this.#parts.checkpointer.beat();
    } catch (thrown) {
      this.#hasBeaten = false;
      options.logger.error('the heartbeat did not reach the store', { problem: messageOf(thrown) });
    }
  }

  /** Once in a while one of the processes removes what no call can be charged to, and nothing remembers, any more. */
  async #sweepOld(now: number): Promise<void> {
    const { connection, log, me } = this.#parts;
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + OLD_SWEEP_MS;
    if (await takeLease(connection, { name: 'budgets', holder: me.id, now, lastsMs: OLD_SWEEP_MS })) {
      await sweepHolds({ connection, log, now });
      for (const sweepOne of [sweepBudgets, sweepLabels, sweepConversations]) {
        if ((await sweepOne(connection, now)) === MOST_IN_A_SWEEP) this.#nextSweep = now;
      }
      this.#removing ??= this.#removeOld(now).finally(() => (this.#removing = undefined));
    }
  }

  /** Beside all else: no call and no heartbeat waits for it. */
  async #removeOld(now: number): Promise<void> {
    const { options, connection, log, me, checkpointKey, sealers, clock } = this.#parts;
    const { retainMs, logger } = options;
    if (retainMs === undefined) return;
    const file = checkpointPath(options.home);
    try {
      const before = now - retainMs;
      const goesOn = (): boolean => this.#closing === undefined;
      const newId = decisionIds(clock);
      const common = { connection, log, key: checkpointKey, sealers, file, instance: me.id, newId };
      const gone = await removeOld({ ...common, now, before, goesOn });
      if (gone > 0)
        logger.info('old decisions were removed', { records: gone, before: new Date(before).toISOString() });
    } catch (thrown) {
      logger.error('old decisions cannot be removed', { problem: messageOf(thrown) });
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer);
    const { connection, log, me, checkpointer } = this.#parts;
    try {
      await this.#beating;
      await this.#removing;
      await log.close();
      await checkpointer.write();
      // Only when every outcome is committed: otherwise the entry is what makes another process look after them.
      await removeInstance(connection, me.id);
      await giveLeases(connection, me.id);
    } finally {
      await connection.close();
    }
  }
}

function placeOf(options: StorePlace): StorePlace {
  return 'url' in options ? { url: options.url, poolSize: options.poolSize } : { path: options.path };
}
