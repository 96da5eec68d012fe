import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { ChainKeys, hasChainKey, obtainChainKey, type ChainKey } from './chain-key.ts';
import { hexOf, Sealers } from './chain.ts';
import { checkpointPath } from './checkpoint-file.ts';
import { type CheckpointKey, obtainCheckpointKey } from './checkpoint-key.ts';
import { Checkpointer } from './checkpointer.ts';
import type { Durability, StoreConnection } from './connection.ts';
import type { Writer } from './append.ts';
import { decisionIds } from './decision-id.ts';
import { DecisionLog } from './decision-log.ts';
import type { Driver } from './driver.ts';
import { chooseDriver } from './drivers.ts';
import { beat, identifyProcess, type InstanceIdentity } from './instances.ts';
import { checkpointBefore } from './last-checkpoint.ts';
import { type KnownPlace, readHead } from './log-tail.ts';
import { LogWriter, type OpenedLog } from './log-writer.ts';
import type { StorePlace } from './open-connection.ts';
import { clockDifference } from './postgres-clock.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { SharedLogWriter } from './shared-log-writer.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { StoreClock } from './store-clock.ts';
import { WriterThread } from './writer-thread.ts';
import { one, run, type Work } from './work.ts';

/** A file is made, with its folder, where there is none; a database is brought to this version's schema. */
export type StoreOptions = StorePlace & {
  /** The gateway's home folder, where the key of the chain lies. */
  readonly home: string;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Chosen by what is installed where nothing is said. */
  readonly driver?: Driver;
  /** How long records are kept; all of them where nothing is said. */
  readonly retainMs?: number | undefined;
  /** Whether this thread itself waits for the disk: right for a command, which has nothing else to do. */
  readonly waitsForDisk?: boolean;
};

export interface StoreParts {
  readonly options: StoreOptions;
  readonly connection: StoreConnection;
  readonly log: DecisionLog;
  readonly key: ChainKey;
  /** The key that the store began with: ids that are made with it stay the same. */
  readonly firstKey: ChainKey;
  readonly checkpointKey: CheckpointKey;
  readonly checkpointer: Checkpointer;
  /** By the keys of the chains. */
  readonly sealers: Sealers;
  readonly me: InstanceIdentity;
  readonly clock: Clock;
  /** With each heartbeat: what changes by itself as time goes on. */
  readonly follow: () => Promise<void>;
}

export function openParts(options: StoreOptions): Promise<StoreParts> {
  return 'url' in options ? openShared(options) : openFile(options);
}

type FileOptions = Extract<StoreOptions, { readonly path: string }>;

async function openFile(given: FileOptions): Promise<StoreParts> {
  const options = { ...given, driver: given.driver ?? chooseDriver() };
  const { home, clock, logger } = options;
  const isAside = options.durability === 'full' && options.waitsForDisk !== true;
  // Heartbeats, leases and the catalog may be lost in a power cut, so no session waits for the disk because of them.
  const durability = isAside ? 'normal' : options.durability;
  const connection = new SqliteConnection({ ...options, access: 'write', durability });
  let thread: WriterThread | undefined;
  try {
    const begun = await connection.ask(readHead);
    if (begun === undefined) obtainChainKey(home);
    const keys = new ChainKeys(home);
    const reader = obtainCheckpointKey(home);
    const last = begun && (await checkpointBefore(checkpointPath(home), begun.chain, { reader, logger }));
    // What decisions read finds its pages in memory where the connection that has written them reads them, too.
    if (isAside) thread = new WriterThread(options);
    const writer = thread ?? new LogWriter(connection, keys);
    const opened = { ...(await writer.open(last)), last };
    const me = identifyProcess(randomUUID());
    const follow = async (): Promise<void> => undefined;
    return await assemble(options, { connection, writer, keys, begunWith: ofChain, opened, me, clock, follow });
  } catch (thrown) {
    // A thread that goes on would keep the process alive.
    await thread?.close().catch(() => undefined);
    await connection.close();
    throw thrown;
  }
}

type SharedOptions = Extract<StoreOptions, { readonly url: string }>;

async function openShared(options: SharedOptions): Promise<StoreParts> {
  const { home, logger } = options;
  const connection = new PostgresConnection({ ...options, access: 'write' });
  try {
    const clock = new StoreClock(options.clock);
    const follow = async (): Promise<void> => {
      clock.set((await clockDifference(connection, options.clock)).ms);
      await connection.ask(() => one('select make_log_partitions()'));
    };
    await follow();
    const keys = await sharedKeys(connection, home);
    const reader = obtainCheckpointKey(home);
    const me = identifyProcess(randomUUID());
    // Before it takes a chain, so that nobody else does.
    await beat(connection, me, { now: clock.now(), openFrom: Number.MAX_SAFE_INTEGER });
    const checkpointOf = (chain: string): Promise<KnownPlace | undefined> =>
      checkpointBefore(checkpointPath(home), chain, { reader, logger });
    const writer = new SharedLogWriter({ connection, keys, instance: me.id, checkpointOf });
    const opened = await writer.open();
    return await assemble(options, { connection, writer, keys, begunWith: ofStore, opened, me, clock, follow });
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
}

/** All hosts need the key that the store was begun with: by it they know one another's records, and name things alike. */
async function sharedKeys(connection: StoreConnection, home: string): Promise<ChainKeys> {
  const keys = new ChainKeys(home);
  const begunWith = await connection.ask(ofStore);
  if (begunWith === '') {
    const { id } = obtainChainKey(home);
    await connection.ask(() => run(`update store set first_key = ? where first_key = ''`, id));
    return sharedKeys(connection, home);
  }
  if (hasChainKey(home) && keys.find(begunWith) !== undefined) return keys;
  throw new GatewayError('CHAIN_KEY', `the store, ${connection.name}, was begun by a host with another chain key`, {
    mend: `Copy chain.key, and each chain-*.key, from the home folder of that host to ${home}, readable by you alone.`,
  });
}

function* ofChain(): Work<string> {
  return String((yield* one('select first_key from heads limit 1'))?.['first_key'] ?? '');
}

function* ofStore(): Work<string> {
  return String((yield* one('select first_key from store'))?.['first_key'] ?? '');
}

interface Assembling {
  readonly connection: StoreConnection;
  readonly writer: Writer & { noteCheckpoint(place: KnownPlace): void };
  readonly keys: ChainKeys;
  /** The id of the key that the store was begun with. */
  readonly begunWith: () => Work<string>;
  /** `last`: what is known of the chain from outside the store. */
  readonly opened: OpenedLog & { readonly last: KnownPlace | undefined };
  readonly me: InstanceIdentity;
  readonly clock: Clock;
  readonly follow: () => Promise<void>;
}

async function assemble(options: StoreOptions, assembling: Assembling): Promise<StoreParts> {
  const { connection, writer, keys, begunWith, opened, me, clock, follow } = assembling;
  const { head, isBehind, last } = opened;
  const { home, logger } = options;
  const checkpointKey = obtainCheckpointKey(home);
  const sealers = new Sealers(keys);
  const checkpointer = new Checkpointer(
    {
      connection,
      key: checkpointKey,
      sealers,
      file: checkpointPath(home),
      clock,
      logger,
      onCheckpoint: (place) => writer.noteCheckpoint(place),
    },
    last?.seq ?? head.seq,
  );
  const onCommit = (seq: number, records: number): void => checkpointer.noteCommit(seq, records);
  const log = new DecisionLog({ writer, startsAfter: head.seq, instance: me.id, clock, logger, onCommit });
  if (isBehind && last !== undefined) await tellBehind(last, { head, log, me, clock, options, name: connection.name });
  const firstKey = keys.find(await connection.ask(begunWith)) ?? keys.newest();
  const key = keys.find(head.key) ?? firstKey;
  return { options, connection, log, key, firstKey, checkpointKey, checkpointer, sealers, me, clock, follow };
}

type Behind = Pick<StoreParts, 'log' | 'me' | 'clock' | 'options'> &
  Pick<OpenedLog, 'head'> & { readonly name: string };

/** Somebody may have restored a copy, which is their right; what is lost is said and recorded, and `verify` finds it. */
async function tellBehind(last: KnownPlace, { head, log, me, clock, options, name }: Behind): Promise<void> {
  const { logger } = options;
  const problem = `a checkpoint has record ${last.seq}, which is not in the store any more, or is another one there`;
  logger.error('the decision log is not the one that was written', { store: name, problem });
  await log.act({
    id: decisionIds(clock)(),
    time: new Date(clock.now()).toISOString(),
    actor: `gateway:${me.id}`,
    via: 'gateway',
    verb: 'log.behind',
    subject: head.chain,
    before: { seq: last.seq, hash: hexOf(last.hash) },
    after: { seq: head.seq, hash: hexOf(head.hash) },
    reason: problem,
  });
}
