import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { insertSealed } from './append.ts';
import { sameBytes, Sealers, type StoredHead } from './chain.ts';
import { ChainKeys } from './chain-key.ts';
import { chainRowOf, type ChainRow } from './chain-row.ts';
import { ChainWalk } from './chain-walk.ts';
import type { StoreConnection } from './connection.ts';
import { copyTable, COPIED_TABLES } from './copy-tables.ts';
import { beat, identifyProcess, type InstanceIdentity, listLiving, removeInstance } from './instances.ts';
import { readHead } from './log-tail.ts';
import { openConnection } from './open-connection.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { all, one, run, type Work } from './work.ts';

export interface CopyOptions {
  /** The database file of SQLite; no gateway may use it meanwhile. */
  readonly path: string;
  /** The PostgreSQL that it goes to, as `decisions.store.url`. */
  readonly url: string;
  /** Where the keys of the chain lie. */
  readonly home: string;
  readonly clock: Clock;
  readonly onProgress: (done: number, total: number) => void;
}

export interface CopiedStore {
  readonly chain: string;
  /** Records of the log that this run has copied, and those that an earlier one had. */
  readonly copied: number;
  readonly before: number;
}

const ROWS_AT_ONCE = 250;

/**
 * Copies a store from SQLite to PostgreSQL: the log, each record held to its seal before it goes and after it has come, and
 * all that is remembered beside it. Ended halfway, the next run goes on where this one was. The file stays as it is.
 * Throws STORE_UNAVAILABLE, CHAIN_KEY.
 */
export async function copyStore(options: CopyOptions): Promise<CopiedStore> {
  const source = openConnection({ path: options.path }, { access: 'read' });
  const target = new PostgresConnection({ url: options.url, access: 'write' });
  const me = identifyProcess(randomUUID());
  try {
    const head = await headToCopy(source, options.clock);
    const sealers = new Sealers(new ChainKeys(options.home));
    sealers.of(head.key, source.name);
    await beat(target, me, { now: options.clock.now(), openFrom: 1 });
    await target.change(() => begin(target.name, { head, firstKey: head.firstKey, me }));
    for (const month of await monthsOf(source)) await target.ask(() => one(MAKE_PARTITION, month));
    const copied = await copyLog({ source, target, head, sealers, me, options });
    for (const table of COPIED_TABLES) await copyTable(table, source, target);
    return { chain: head.chain, ...copied };
  } finally {
    // Where this fails, whoever calls hears what failed before; the next gateway frees what a process has left behind.
    await target.ask(() => run(`update heads set holder = '' where holder = ?`, me.id)).catch(() => undefined);
    await removeInstance(target, me.id).catch(() => undefined);
    await target.close();
    await source.close();
  }
}

type HeadToCopy = StoredHead & { readonly firstKey: string };

async function headToCopy(source: StoreConnection, clock: Clock): Promise<HeadToCopy> {
  const head = await source.ask(() => readHead());
  if (head === undefined || head.seq === 0) {
    throw new GatewayError('STORE_UNAVAILABLE', `there is nothing to copy in ${source.name}`, {
      mend: 'Start the gateway on PostgreSQL at once.',
    });
  }
  const living = await listLiving(source, clock.now());
  if (living.length > 0) {
    const pids = living.map(({ pid }) => pid).join(', ');
    throw new GatewayError('STORE_UNAVAILABLE', `${source.name} is in use by other processes (${pids})`, {
      mend: 'End the gateways that use it, then copy again.',
    });
  }
  const row = await source.ask(() => one('select first_key from heads where chain = ?', head.chain));
  return { ...head, firstKey: String(row?.['first_key'] ?? '') };
}

interface Beginning {
  readonly head: StoredHead;
  readonly firstKey: string;
  readonly me: InstanceIdentity;
}

/** The chain is there from the beginning on, held by this process, so that no gateway writes to it meanwhile. */
function* begin(name: string, { head, firstKey, me }: Beginning): Work<void> {
  const other = yield* one('select 1 from log where chain <> ? or seq > ? limit 1', head.chain, head.seq);
  const [begunWith] = yield* all('select first_key from store');
  const isOthers = begunWith?.['first_key'] !== '' && begunWith?.['first_key'] !== firstKey;
  if (other !== undefined || isOthers) {
    throw new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, has records of its own`, {
      mend: 'Copy into a new database, before a gateway is started on it.',
    });
  }
  yield* run('update store set first_key = ?', firstKey);
  const { chain, seq, hash, key, mac } = head;
  yield* run(BEGIN, chain, seq, hash, key, mac, firstKey, me.id);
}

/** Again for what has been added to the file since an earlier run. */
const BEGIN = `insert into heads (chain, seq, hash, key, mac, first_key, holder) values (?, ?, ?, ?, ?, ?, ?)
  on conflict (chain) do update set seq = excluded.seq, hash = excluded.hash, key = excluded.key, mac = excluded.mac,
    holder = excluded.holder`;

const MAKE_PARTITION = 'select make_log_partition(cast(? as timestamp))';

/** The first moments of the months that the log has records of. */
async function monthsOf(source: StoreConnection): Promise<readonly string[]> {
  const rows = await source.ask(() => all('select distinct substr(time, 1, 7) as month from log order by 1'));
  return rows.map(({ month }) => `${String(month)}-01`);
}

interface Copying {
  readonly source: StoreConnection;
  readonly target: PostgresConnection;
  readonly head: StoredHead;
  readonly sealers: Sealers;
  readonly me: InstanceIdentity;
  readonly options: CopyOptions;
}

async function copyLog(copying: Copying): Promise<{ readonly copied: number; readonly before: number }> {
  const { source, target, head, sealers, me, options } = copying;
  const last = await target.ask(() => one(LAST, head.chain));
  const first = await source.ask(() => one('select seq from log order by seq limit 1'));
  const start = Number(last?.['seq'] ?? Number(first?.['seq'] ?? 1) - 1);
  const walkFrom = { chain: head.chain, sealers, after: start, prev: bytesIn(last?.['hash']) };
  const [leaving, arriving] = [new ChainWalk(walkFrom), new ChainWalk(walkFrom)];
  let copied = 0;
  for (;;) {
    const rows = (await source.ask(() => all(ROWS, head.chain, leaving.seq, ROWS_AT_ONCE))).map(chainRowOf);
    if (rows.length === 0) break;
    hold(leaving, rows, source.name);
    await beat(target, me, { now: options.clock.now(), openFrom: 1 });
    const from = arriving.seq;
    await target.change(() => insertSealed(rows));
    const arrived = await target.ask(() => all(ROWS, head.chain, from, rows.length));
    hold(arriving, arrived.map(chainRowOf), target.name);
    copied += rows.length;
    options.onProgress(leaving.seq, head.seq);
  }
  if (arriving.seq === head.seq && sameBytes(arriving.hash, head.hash)) return { copied, before: start };
  throw new GatewayError('STORE_UNAVAILABLE', `what was copied to ${target.name} does not end as ${source.name} does`, {
    mend: '`mcp-gateway decision verify` says what is wrong with the file.',
  });
}

const ROWS = 'select * from log where chain = ? and seq > ? order by seq limit ?';
const LAST = 'select seq, hash from log where chain = ? order by seq desc limit 1';

function bytesIn(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function hold(walk: ChainWalk, rows: readonly ChainRow[], name: string): void {
  for (const row of rows) {
    const found = walk.take(row);
    if (found === undefined) continue;
    throw new GatewayError(
      'STORE_UNAVAILABLE',
      `record ${found.seq} of ${name} is not what was written: ${found.why}`,
      {
        mend: '`mcp-gateway decision verify` says more. What is damaged is not copied.',
      },
    );
  }
}
