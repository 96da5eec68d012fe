import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { SealedAct } from '../core/act.ts';
import type { Approval } from '../core/approval.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Activation } from '../core/generation.ts';
import type { Json } from '../core/json.ts';
import type { PolicyPin } from '../core/policy-pin.ts';
import type { SealedRecord } from '../core/record.ts';
import type { ActFilter } from './act-query.ts';
import { type Answering, type ApprovalBook, type ApprovalFilter, createApprovalBook } from './approval-book.ts';
import { ChainKeys } from './chain-key.ts';
import type { StoreConnection } from './connection.ts';
import { matches } from './decision-match.ts';
import { decisionsAt, type DecisionFilter, listDecisions } from './decision-query.ts';
import { DecisionReader } from './decision-reader.ts';
import type { Database, Driver } from './driver.ts';
import { exportPages, type ExportPage } from './export-pages.ts';
import { type CountRequest, countSpan, type SpanCounts } from './index-counts.ts';
import { fillIndex, shrinkIndex } from './index-fill.ts';
import { findSeqs } from './index-find.ts';
import { type NameKind, type SeenName, seenNames } from './index-query.ts';
import { cameTo, countedIn } from './index-state.ts';
import { indexedUpTo, indexPath, openIndex } from './index-schema.ts';
import type { KnownInstance } from './instances.ts';
import { partBefore, rowsBehind } from './log-parts.ts';
import { openConnection, type StorePlace } from './open-connection.ts';

/** A page of decisions, newest first. */
export interface DecisionPage {
  readonly records: readonly SealedRecord[];
  /** Further ones are before this seq; absent where there are none. */
  readonly next?: number;
}

/** How far the index has come. */
export interface IndexState {
  /** Of the last row that can be followed. */
  readonly lastSeq: number;
  /** Decisions that are counted in it. */
  readonly decisions: number;
  /** Where it is so far behind that newer decisions are missing: the time that it has come to, and how much of all time. */
  readonly behind: { readonly upToMs: number; readonly percent: number } | undefined;
}

/** What pages ask of a store, while gateways write to it. Nothing is written but the index beside it. */
export interface StoreReads {
  list(filter: DecisionFilter): Promise<DecisionPage>;
  /** As `DecisionReader.find`. */
  find(idOrPrefix: string): Promise<SealedRecord>;
  at(seqs: readonly number[]): Promise<readonly SealedRecord[]>;
  /** Decisions behind a seq that a filter lets through, oldest first, and the seq to go on from. */
  tail(
    filter: DecisionFilter,
    afterSeq: number,
  ): Promise<{ readonly records: readonly SealedRecord[]; readonly lastSeq: number }>;
  fact(owner: string, name: string): Promise<Json | undefined>;
  catalog(server: string): Promise<Json | undefined>;
  acts(filter: ActFilter): Promise<readonly SealedAct[]>;
  approvals(filter: ApprovalFilter): Promise<readonly Approval[]>;
  approvalsBy(prefix: string, nowMs: number): Promise<readonly Approval[]>;
  answering(nowMs: number): Promise<readonly Answering[]>;
  activations(limit: number): Promise<readonly Activation[]>;
  /** The newest of a generation; undefined where nothing is kept of it. */
  activationOf(generation: string): Promise<Activation | undefined>;
  kept(key: string): Promise<string | undefined>;
  pins(): Promise<readonly PolicyPin[]>;
  /** The processes that use the store at a time, in milliseconds since the epoch. */
  instances(nowMs: number): Promise<readonly KnownInstance[]>;
  count(request: CountRequest, nowMs: number): Promise<SpanCounts>;
  names(kinds: readonly NameKind[], since: number, most: number): Promise<readonly SeenName[]>;
  indexState(): Promise<IndexState>;
  /** Begins to read what an export has; `nextOfExport` gives its pages, and nothing behind the last. */
  beginExport(kind: 'evidence' | 'records', filter: DecisionFilter): Promise<number>;
  nextOfExport(id: number): Promise<ExportPage | undefined>;
}

export interface StoreReadsOptions {
  readonly place: StorePlace;
  /** Where the keys of the chain lie, and the index of a store that is no file. */
  readonly home: string;
  readonly driver: Driver;
  readonly clock: Clock;
}

/** So far behind, the index does not keep whoever asks waiting: some tenth of a second of work. */
const MOST_BEHIND = 4_000;
const FILLING = { atOnce: 250, most: 4_000 };
/** Rows that are looked through for one page where the index cannot help. */
const MOST_LOOKED_AT = 10_000;
/** Then a page has what was found until then, and where to go on. */
const MOST_LOOKING_MS = 100;
/** Exports at one time; one that nobody has read to its end makes room. */
const MOST_EXPORTS = 8;

/** Reads on the thread that calls it; the index is made on the side by `fill`. */
export class LocalReads implements StoreReads {
  readonly #options: StoreReadsOptions;
  readonly #reader: DecisionReader;
  readonly #connection: StoreConnection;
  readonly #book: ApprovalBook;
  readonly #exports = new Map<number, AsyncGenerator<ExportPage>>();
  #lastExport = 0;
  #filling: Promise<boolean> | undefined;
  #index: { readonly database: Database; readonly store: string } | undefined;

  constructor(options: StoreReadsOptions) {
    this.#options = options;
    const { place, driver } = options;
    this.#reader = new DecisionReader({ ...place, driver });
    this.#connection = openConnection(place, { access: 'read', driver });
    this.#book = createApprovalBook(this.#connection);
  }

  async list(filter: DecisionFilter): Promise<DecisionPage> {
    const wanted = { ...filter, limit: filter.limit + 1 };
    const index = await this.#caughtUp();
    if (index === undefined) return this.#listWithout(filter);
    const until = this.#options.clock.monotonic() + MOST_LOOKING_MS;
    const { seqs, lookedTo } = findSeqs(index, wanted, () => this.#options.clock.monotonic() < until);
    const records = await this.at(seqs.slice(0, filter.limit));
    const last = seqs.length > filter.limit ? seqs[filter.limit - 1] : lookedTo;
    return { records, ...(last !== undefined && { next: last }) };
  }

  /** From the log itself, of so many rows that nobody waits long; the next page goes on behind them. */
  async #listWithout(filter: DecisionFilter): Promise<DecisionPage> {
    const { tool: _, reason: _reason, ...plain } = filter;
    const part = await this.#connection.ask(() => partBefore(this.#connection, filter.before, MOST_LOOKED_AT));
    // A name with `*` is no value of a column.
    const isPlain = filter.tool === undefined && filter.reason === undefined;
    const limit = isPlain ? filter.limit + 1 : MOST_LOOKED_AT;
    const found = await this.#connection.ask(() => listDecisions({ ...plain, from: part?.seq, limit }));
    const fitting = found.filter((record) => matches(record, filter));
    const records = fitting.slice(0, filter.limit);
    const next = fitting.length > filter.limit ? records.at(-1)?.seq : part?.seq;
    return { records, ...(next !== undefined && { next }) };
  }

  find(idOrPrefix: string): Promise<SealedRecord> {
    return this.#reader.find(idOrPrefix);
  }

  async at(seqs: readonly number[]): Promise<readonly SealedRecord[]> {
    return this.#connection.ask(() => decisionsAt(seqs));
  }

  async tail(
    filter: DecisionFilter,
    afterSeq: number,
  ): Promise<{ readonly records: readonly SealedRecord[]; readonly lastSeq: number }> {
    const { records, lastSeq } = await this.#reader.tail(afterSeq);
    return { records: records.filter((record) => matches(record, filter)), lastSeq };
  }

  fact(owner: string, name: string): Promise<Json | undefined> {
    return this.#reader.fact(owner, name);
  }

  catalog(server: string): Promise<Json | undefined> {
    return this.#reader.catalog(server);
  }

  acts(filter: ActFilter): Promise<readonly SealedAct[]> {
    return this.#reader.acts(filter);
  }

  approvals(filter: ApprovalFilter): Promise<readonly Approval[]> {
    return this.#book.list(filter);
  }

  approvalsBy(prefix: string, nowMs: number): Promise<readonly Approval[]> {
    return this.#book.byId(prefix, nowMs);
  }

  answering(nowMs: number): Promise<readonly Answering[]> {
    return this.#book.answering(nowMs);
  }

  activations(limit: number): Promise<readonly Activation[]> {
    return this.#reader.generations.activations(limit);
  }

  async activationOf(generation: string): Promise<Activation | undefined> {
    return this.#reader.generations.activationOf(generation);
  }

  kept(key: string): Promise<string | undefined> {
    return this.#reader.generations.readKept(key);
  }

  pins(): Promise<readonly PolicyPin[]> {
    return this.#reader.generations.pins();
  }

  instances(nowMs: number): Promise<readonly KnownInstance[]> {
    return this.#reader.instances(nowMs);
  }

  async count(request: CountRequest, nowMs: number): Promise<SpanCounts> {
    await this.#caughtUp();
    return countSpan(await this.#opened(), request, nowMs);
  }

  async names(kinds: readonly NameKind[], since: number, most: number): Promise<readonly SeenName[]> {
    await this.#caughtUp();
    return seenNames(await this.#opened(), { kinds, since, most });
  }

  async indexState(): Promise<IndexState> {
    const index = await this.#opened();
    const indexed = indexedUpTo(index);
    const lastSeq = await this.#reader.lastSeq();
    const behind =
      (await this.#rowsBehind(indexed)) > MOST_BEHIND ? await this.#connection.ask(() => cameTo(indexed)) : undefined;
    return { lastSeq, decisions: countedIn(index), behind };
  }

  async beginExport(kind: ExportPage['kind'], filter: DecisionFilter): Promise<number> {
    const [oldest] = this.#exports.keys();
    if (this.#exports.size >= MOST_EXPORTS && oldest !== undefined) this.#exports.delete(oldest);
    const id = (this.#lastExport += 1);
    this.#exports.set(id, exportPages(this.#reader, { kind, filter, keys: new ChainKeys(this.#options.home) }));
    return id;
  }

  async nextOfExport(id: number): Promise<ExportPage | undefined> {
    const pages = this.#exports.get(id);
    // Nothing more would look like the end of it.
    if (pages === undefined) {
      const mend = 'Export again.';
      throw new GatewayError('STORE_UNAVAILABLE', 'too many others were begun before this export was read', { mend });
    }
    const next = await pages.next();
    if (next.done !== true) return next.value;
    this.#exports.delete(id);
    return undefined;
  }

  /** Takes some rows of the log into the index; whether there may be more. */
  fill(): Promise<boolean> {
    this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  async #fill(): Promise<boolean> {
    const filling = { ...FILLING, now: this.#options.clock.now() };
    return (await fillIndex(await this.#opened(), this.#connection, filling)) >= FILLING.most;
  }

  #rowsBehind(indexed: number): Promise<number> {
    return this.#connection.ask(() => rowsBehind(this.#connection, indexed, MOST_BEHIND + 1));
  }

  /** Takes out of the index what is not in the log any more. */
  async shrink(now: number): Promise<void> {
    await shrinkIndex(await this.#opened(), this.#connection, now);
  }

  /** The index with every row of the log in it; undefined while that would take too long. */
  async #caughtUp(): Promise<Database | undefined> {
    const index = await this.#opened();
    const behind = await this.#rowsBehind(indexedUpTo(index));
    if (behind > MOST_BEHIND) return undefined;
    if (behind === 0) return index;
    // What is being taken in may have been read before the last of them came.
    await this.#filling;
    while (await this.fill());
    return index;
  }

  /** Of the store that is there now: somebody may have put another store in its place. */
  async #opened(): Promise<Database> {
    const store = await this.#connection.identity();
    if (this.#index?.store === store) return this.#index.database;
    this.#index?.database.close();
    this.#index = undefined;
    const database = openIndex(this.#options.driver, indexOf(store, this.#options), store);
    this.#index = { database, store };
    return database;
  }

  async close(): Promise<void> {
    this.#index?.database.close();
    this.#index = undefined;
    await this.#reader.close();
    await this.#connection.close();
  }
}

/** Beside the file, or in the home folder under a name that stays the same when the address or the password changes. */
function indexOf(store: string, { place, home }: StoreReadsOptions): string {
  if ('path' in place) return indexPath(place.path);
  return indexPath(join(home, `postgres-${createHash('sha256').update(store).digest('hex').slice(0, 16)}`));
}
