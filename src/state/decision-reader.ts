import type { SealedAct } from '../core/act.ts';
import type { AuditMaterial } from '../core/change.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Pause } from '../core/pause.ts';
import type { SealedRecord } from '../core/record.ts';
import { type ActFilter, listActs } from './act-query.ts';
import { readMaterial } from './audit-material.ts';
import { listBudgets, type ListedBudget } from './budget-list.ts';
import { createCatalogStore } from './catalog-store.ts';
import type { StoreConnection } from './connection.ts';
import { openConnection, type StorePlace } from './open-connection.ts';
import {
  decisionsSince,
  findById,
  permittedDecisions,
  shadowedDecisions,
  tailDecisions,
  type DecisionFilter,
  type PageSince,
  type Tail,
} from './decision-query.ts';
import { readStatistics, type DecisionStatistics } from './decision-statistics.ts';
import type { Driver } from './driver.ts';
import { type Evidence, readEvidence } from './evidence.ts';
import { listInParts } from './log-parts.ts';
import type { PageRequest } from './log-pages.ts';
import { type KnownInstance, listLiving } from './instances.ts';
import { createGenerationStore, type GenerationReader } from './generation-store.ts';
import { removedUpTo } from './log-tail.ts';
import { removedBehind, type RemovedRows } from './removed-rows.ts';
import { readPause } from './pauses.ts';
import { storeClockOf } from './postgres-clock.ts';
import { readSealed, type ReadDecision, type SealedRequest } from './sealed-decisions.ts';
import { one } from './work.ts';

export type ReaderOptions = StorePlace & { readonly driver?: Driver };

const MOST_EXAMPLES = 4;

/** Reads the log of any store, while gateways write to it. It never writes. */
export class DecisionReader {
  /** What was in force when, and what is kept of it. */
  readonly generations: GenerationReader;
  readonly #connection: StoreConnection;

  constructor(options: ReaderOptions) {
    this.#connection = openConnection(options, { access: 'read', driver: options.driver });
    this.generations = createGenerationStore(this.#connection);
  }

  /** Newest first, at most `filter.limit`; the next page is `before` the last one's `seq`. */
  async list(filter: DecisionFilter): Promise<readonly SealedRecord[]> {
    return await listInParts(this.#connection, filter);
  }

  /** What is recorded and is no decision, newest first. */
  async acts(filter: ActFilter): Promise<readonly SealedAct[]> {
    return await this.#connection.ask(() => listActs(filter));
  }

  /** All counts whose window is not over at a time, in milliseconds since the epoch. */
  async budgets(now: number): Promise<readonly ListedBudget[]> {
    return await listBudgets(this.#connection, now);
  }

  /** The decision with this id, or the one whose id begins so. */
  async find(idOrPrefix: string): Promise<SealedRecord> {
    const found = await this.#connection.ask(() => findById(idOrPrefix, MOST_EXAMPLES));
    const [only] = found;
    if (only === undefined) {
      const removed = await this.removedUpTo();
      const gone =
        removed === 0 ? '' : ` Records up to #${removed} were removed because of their age (decisions.retain).`;
      throw new GatewayError('RECORD_NOT_FOUND', `there is no decision ${idOrPrefix}`, {
        mend: `\`mcp-gateway decision ls\` shows the latest.${gone}`,
      });
    }
    if (found.length === 1) return only;
    throw new GatewayError('RECORD_NOT_FOUND', `more than one decision begins with ${idOrPrefix}`, {
      mend: `Give more of the id, such as ${found.map(({ id }) => id).join(', ')}.`,
    });
  }

  /** What rules demanded to be kept whole of a decision, input first; `openMaterial` reads it. */
  async material(id: string): Promise<readonly AuditMaterial[]> {
    return await this.#connection.ask(() => readMaterial(id));
  }

  /** What a gateway remembered of a server or a bundle. */
  async fact(owner: string, name: string): Promise<Json | undefined> {
    return createCatalogStore(this.#connection).readFact(owner, name);
  }

  /** The tool definitions that a gateway remembered of a server. */
  async catalog(server: string): Promise<Json | undefined> {
    return createCatalogStore(this.#connection).readCatalog(server);
  }

  /** Decisions behind `afterSeq`, oldest first, and the seq to go on from. */
  async tail(afterSeq: number): Promise<Tail> {
    return this.#connection.snapshot(() => tailDecisions(afterSeq));
  }

  /** Decisions for which an override bundle said a permit, a page of them, oldest first; none where nothing follows. */
  async permitted(page: PageSince): Promise<Tail> {
    return this.#connection.snapshot(() => permittedDecisions(page));
  }

  /** Decisions since a time, a page of them, oldest first; none where nothing follows. */
  async since(page: PageSince): Promise<Tail> {
    return this.#connection.snapshot(() => decisionsSince(page));
  }

  /** All decisions that a filter lets through, oldest first, in pages; each is held to the seal of its row. Throws CHAIN_KEY. */
  sealed(request: SealedRequest): AsyncGenerator<readonly ReadDecision[]> {
    return readSealed(this.#connection, request);
  }

  /** As `sealed`, with all that proves it, and with what is no decision where nothing but time narrows them. */
  evidence(request: PageRequest): AsyncGenerator<readonly Evidence[]> {
    return readEvidence(this.#connection, request);
  }

  /** Decisions in which something was shadowed, a page of them, oldest first; none where nothing follows. */
  async shadowed(page: PageSince): Promise<Tail> {
    return this.#connection.snapshot(() => shadowedDecisions(page));
  }

  /** The last pause, whether it still holds or not. */
  async pause(): Promise<Pause | undefined> {
    return await this.#connection.ask(readPause);
  }

  /** The processes that use the store at a time, in milliseconds since the epoch, the oldest first. */
  async instances(now: number): Promise<readonly KnownInstance[]> {
    return await listLiving(this.#connection, now);
  }

  /** When the log was last signed, in milliseconds since the epoch; undefined where it never was. */
  async lastCheckpointMs(): Promise<number | undefined> {
    const row = await this.#connection.ask(() => one('select max(at) as at from log_checkpoints'));
    const at = row?.['at'];
    return at === null || at === undefined ? undefined : Number(at);
  }

  /** The seq of the last row behind which the log can be followed; 0 while there is none. */
  async lastSeq(): Promise<number> {
    const row = await this.#connection.ask(() => one('select seq from settled_log order by seq desc limit 1'));
    return Number(row?.['seq'] ?? 0);
  }

  /** Behind which row the newest so many are; 0 where there are no more than that. */
  async seqBefore(newest: number): Promise<number> {
    const last = await this.lastSeq();
    if (this.#connection.numbering === 'dense') return Math.max(0, last - newest);
    const row = await this.#connection.ask(() => one('select seq from log order by seq desc limit 1 offset ?', newest));
    return Number(row?.['seq'] ?? 0);
  }

  /** The time by which what is in the store expires, which is that of a database where several hosts share one. */
  clock(own: Clock): Promise<Clock> {
    return storeClockOf(this.#connection, own);
  }

  /** The seq of the last record that was removed because of its age; 0 where none was. */
  async removedUpTo(): Promise<number> {
    return await this.#connection.ask(removedUpTo);
  }

  /** The rows behind one that were removed because of their age. */
  async removedBehind(seq: number): Promise<RemovedRows> {
    return await this.#connection.ask(() => removedBehind(seq));
  }

  /** Counts and times of the decisions since then (milliseconds since the epoch). */
  async statistics(since: number): Promise<DecisionStatistics> {
    return this.#connection.snapshot(() => readStatistics(since));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
