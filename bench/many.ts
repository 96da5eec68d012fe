import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { parsePostgresAddress } from '../src/core/postgres-address.ts';
import type { Clock } from '../src/core/clock.ts';
import type { Logger } from '../src/core/logger.ts';
import { type Head, GENESIS, type LogRow, type Place, type Sealer, Sealers } from '../src/state/chain.ts';
import { ChainKeys } from '../src/state/chain-key.ts';
import { decisionIds } from '../src/state/decision-id.ts';
import { outcomeRow } from '../src/state/log-rows.ts';
import { LogWriter } from '../src/state/log-writer.ts';
import { openConnection, type StorePlace } from '../src/state/open-connection.ts';
import { PostgresConnection } from '../src/state/postgres-connection.ts';
import { SqliteConnection } from '../src/state/sqlite-connection.ts';
import { chooseDriver } from '../src/state/drivers.ts';
import { Store } from '../src/state/store.ts';
import { one, run } from '../src/state/work.ts';
import { complain } from './decide.ts';
import { makeTemplates, RARE, type Template } from './templates.ts';

export interface Wanted {
  readonly place: StorePlace;
  readonly home: string;
  readonly decisions: number;
  readonly days: number;
  readonly onProgress: (made: number) => void;
}

interface Making extends Wanted {
  readonly templates: readonly Template[];
}

/** Gateways that would have written it, each a chain of its own. */
const WRITERS = 3;
/** Rows of one transaction, as groups are under some load. */
const GROUP = 8;
const AGENTS = 2_000;
const USERS = 500;
const RARE_EVERY = 1_000;
const DENIED_OF_HUNDRED = 8;
const HOUR_MS = 3_600_000;

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: complain };

function ignore(): void {
  // Figures only.
}

/** Makes them in a store that has none yet, each with its outcome, unless it is a denial. */
export async function makeMany(wanted: Wanted): Promise<void> {
  const { place, home } = wanted;
  // Brings the store to this version's schema, so that what is asked next is answered.
  await (await Store.open({ ...place, home, durability: 'normal', clock, logger })).close();
  if (await hasDecisions(place)) return;
  const templates = await makeTemplates();
  if ('url' in place) await makeInPostgres({ ...wanted, templates }, place.url);
  else await makeInFile({ ...wanted, templates }, place.path);
}

async function hasDecisions(place: StorePlace): Promise<boolean> {
  const connection = openConnection(place, { access: 'read' });
  try {
    return (await connection.ask(() => one("select 1 from log where kind = 'decision' limit 1"))) !== undefined;
  } finally {
    await connection.close();
  }
}

async function makeInFile(wanted: Making, path: string): Promise<void> {
  const connection = new SqliteConnection({ driver: chooseDriver(), path, access: 'write', durability: 'normal' });
  try {
    const writer = new LogWriter(connection, new ChainKeys(wanted.home));
    await writer.open();
    let rows: LogRow[] = [];
    for (const [made, group] of groupsOf(wanted)) {
      rows.push(...group);
      if (rows.length < 2_000 && made < wanted.decisions) continue;
      await writer.commit(rows);
      rows = [];
      wanted.onProgress(made);
    }
  } finally {
    await connection.close();
  }
}

/** One transaction after the other: how many decisions there are with it, and its rows, oldest first. */
function* groupsOf(wanted: Making): Generator<readonly [made: number, rows: readonly LogRow[]]> {
  const { decisions, days, templates } = wanted;
  const random = aRandom();
  const endMs = Date.now() - HOUR_MS;
  const beganMs = endMs - days * 24 * HOUR_MS;
  const writers = Array.from({ length: WRITERS }, () => ({ instance: randomUUID(), outcomes: [] as LogRow[] }));
  let atMs = beganMs;
  const newId = decisionIds({ now: () => atMs, monotonic: () => atMs });
  for (let made = 0, group = 0; made < decisions; group += 1) {
    const writer = writers[group % WRITERS] ?? complain('no writer');
    const rows = writer.outcomes;
    writer.outcomes = [];
    for (let row = 0; row < GROUP / 2 && made < decisions; row += 1, made += 1) {
      atMs = Math.round(beganMs + (made / decisions) * (endMs - beganMs));
      const decision = decisionOf(made, { id: newId(), atMs, instance: writer.instance, templates, random });
      rows.push(decision);
      if (decision.effect === 'allow') writer.outcomes.push(outcomeOf(decision, random));
    }
    // The last ones have their outcomes, too.
    yield [made, made < decisions ? rows : [...rows, ...writers.flatMap(({ outcomes }) => outcomes)]];
  }
}

interface Made {
  readonly id: string;
  readonly atMs: number;
  readonly instance: string;
  readonly templates: readonly Template[];
  readonly random: () => number;
}

function decisionOf(number: number, { id, atMs, instance, templates, random }: Made): LogRow {
  const isRare = number % RARE_EVERY === 7;
  // Few agents make most of the calls.
  const agent = isRare ? RARE.agent : `agent-${String(Math.floor(AGENTS * random() ** 3)).padStart(4, '0')}`;
  const user = isRare ? RARE.user : `user-${String(Math.floor(USERS * random())).padStart(3, '0')}@northwind.example`;
  const isOdd = random() * 100 < DENIED_OF_HUNDRED;
  const tool = Math.floor((templates.length / 2) * random() ** 2);
  const template = templates[tool * 2 + (isOdd ? 1 : 0)] ?? complain('no template');
  const row = template.with({ id, atMs, agent, user }, instance);
  const us = 300 + Math.floor(600 * random() ** 4);
  return isRare ? { ...row, us, server: RARE.server, tool: RARE.tool } : { ...row, us };
}

function outcomeOf({ id, time, instance }: LogRow, random: () => number): LogRow {
  const ms = 3 + Math.floor(200 * random() ** 3);
  const record_us = 900 + Math.floor(4_000 * random() ** 4);
  const status = random() < 0.02 ? 'tool_error' : 'ok';
  const outcome = { id, status, withheld: false, ms, record_us, settled: [] } as const;
  return outcomeRow(outcome, instance, { now: () => Date.parse(time) + ms });
}

/** The same numbers in every run (mulberry32). */
function aRandom(): () => number {
  let state = 20_260_101;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers that one transaction may give; see `postgres-functions.ts`. */
const NUMBERS_A_TRANSACTION = 4_096;
const DECISIONS_A_COPY = 50_000;

/** By COPY, as a restore would: three chains, each sealed row by row and signed at its end by the gateway's own code. */
async function makeInPostgres(wanted: Making, url: string): Promise<void> {
  const connection = new PostgresConnection({ url, access: 'write' });
  try {
    await makePartitions(connection, wanted.days);
    const keys = new ChainKeys(wanted.home);
    const key = keys.newest();
    const chains = Array.from({ length: WRITERS }, () => new Chain(new Sealers(keys).of(key.id, ''), key.id));
    let transaction = 1_000;
    let copies: readonly Copying[] = [];
    let written = 0;
    for (const [made, rows] of groupsOf(wanted)) {
      // The server compresses what it is given, on one processor for each connection.
      if (copies.length === 0) copies = chains.map(() => beginCopy(url));
      const at = transaction % WRITERS;
      await copies[at]?.write(chains[at]?.linesOf(rows, transaction * NUMBERS_A_TRANSACTION) ?? '');
      transaction += 1;
      if (made - written < DECISIONS_A_COPY && made < wanted.decisions) continue;
      await Promise.all(copies.map((copy) => copy.end()));
      copies = [];
      written = made;
      wanted.onProgress(made);
    }
    for (const chain of chains) await connection.ask(() => chain.keepEnd());
    await connection.ask(() => one('select raise_numbering() is null as done'));
  } finally {
    await connection.close();
  }
}

async function makePartitions(connection: PostgresConnection, days: number): Promise<void> {
  for (let ago = 0; ago <= Math.ceil(days / 28) + 1; ago += 1) {
    const month = `select make_log_partition(date_trunc('month', now() - make_interval(months => ${ago}))::timestamp)`;
    await connection.ask(() => one(month));
  }
}

/** One after the other, each behind the one before it. */
class Chain {
  readonly #id = randomUUID();
  readonly #sealer: Sealer;
  readonly #key: string;
  #end: Head;

  constructor(sealer: Sealer, key: string) {
    this.#sealer = sealer;
    this.#key = key;
    this.#end = { chain: this.#id, seq: 0, hash: GENESIS };
  }

  /** Rows as COPY reads them, sealed. */
  linesOf(rows: readonly LogRow[], base: number): string {
    return rows.map((row, index) => this.#lineOf(row, base + index)).join('');
  }

  #lineOf(row: LogRow, seq: number): string {
    const place: Place = { chain: this.#id, seq, prev: this.#end.hash };
    const hash = this.#sealer.sealRow(row, place);
    this.#end = { chain: this.#id, seq, hash };
    const { kind, id, time, instance, effect, status, server, tool, reasons, action, agent, user, session, us } = row;
    const texts = [instance, effect, status, server, tool, reasons, action, agent, user, session].map(escaped);
    const columns = [seq, kind, this.#id, this.#key, id, time, ...texts, us, bytes(place.prev), bytes(hash)];
    return `${columns.join('\t')}\t${escaped(row.body)}\n`;
  }

  *keepEnd(): ReturnType<typeof run> {
    const { chain, seq, hash } = this.#end;
    const insert = 'insert into heads (chain, seq, hash, key, mac, first_key) values (?, ?, ?, ?, ?, ?)';
    return yield* run(insert, chain, seq, hash, this.#key, this.#sealer.sealHead(this.#end), this.#key);
  }
}

/** https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2 */
function escaped(text: string): string {
  return text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
}

function bytes(value: Uint8Array): string {
  return `\\\\x${Buffer.from(value).toString('hex')}`;
}

const COLUMNS = `seq, kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent, "user",
  session, us, prev, hash, body`;

interface Copying {
  write(lines: string): Promise<void>;
  end(): Promise<void>;
}

function beginCopy(url: string): Copying {
  const address = parsePostgresAddress(url);
  if ('problem' in address) throw new Error(`the address ${address.problem}`);
  const { host, port, database, user, password } = address;
  const names = { PGHOST: host, PGPORT: String(port), PGDATABASE: database, PGUSER: user, PGPASSWORD: password };
  const copy = `copy mcp_gateway.log (${COLUMNS.replaceAll(/\s+/g, ' ')}) from stdin`;
  const child: ChildProcessWithoutNullStreams = spawn('psql', ['-q', '-X', '-v', 'ON_ERROR_STOP=1', '-c', copy], {
    env: { PATH: process.env['PATH'], ...names },
  });
  child.stderr.pipe(process.stderr);
  const ended = once(child, 'exit');
  return {
    write: async (lines) => {
      if (!child.stdin.write(lines)) await Promise.race([once(child.stdin, 'drain'), ended]);
    },
    end: async () => {
      child.stdin.end();
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`psql has ended with ${String(code)}`);
    },
  };
}
