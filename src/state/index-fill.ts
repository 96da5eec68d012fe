import { setImmediate } from 'node:timers/promises';
import { isJsonObject } from '../core/json.ts';
import type { StoreConnection } from './connection.ts';
import type { Database, SqlRow } from './driver.ts';
import { indexedUpTo, MINUTES_KEPT_MS, STEPS } from './index-schema.ts';
import { bucketOf } from './index-times.ts';
import { removedUpTo } from './log-tail.ts';
import { all, one } from './work.ts';

const ROWS = `select seq, kind, id, time, effect, status, server, tool, reasons, agent, "user", us,
    case when kind = 'decision' then body else '' end as body
  from settled_log where seq > ? order by seq limit ?`;

export interface Filling {
  /** Rows that are read at once, and that are written together: what they have in common is written once. */
  readonly atOnce: number;
  readonly most: number;
  /** Milliseconds since the epoch: what is old is not counted by the minute. */
  readonly now: number;
}

/** Takes the next rows of the log into the index; how many there were. In between others have their turn. */
export async function fillIndex(index: Database, log: StoreConnection, filling: Filling): Promise<number> {
  const after = indexedUpTo(index);
  const tally = new Tally();
  let [last, taken] = [after, 0];
  while (taken < filling.most) {
    const rows = await log.ask(() => all(ROWS, last, filling.atOnce));
    for (const row of rows) tally.add(row);
    taken += rows.length;
    last = Number(rows.at(-1)?.['seq'] ?? last);
    if (rows.length < filling.atOnce) break;
    await setImmediate();
  }
  if (taken === 0) return 0;
  index.transaction(() => {
    // Somebody else may have taken them in meanwhile.
    if (indexedUpTo(index) !== after) return;
    tally.write(index, filling.now - MINUTES_KEPT_MS);
    index.prepare("update about set value = ? where key = 'last_seq'").run(String(last));
  });
  return taken;
}

/** Takes out what the log does not have any more, and minutes that are told in hours by now. */
export async function shrinkIndex(index: Database, log: StoreConnection, now: number): Promise<void> {
  const removed = await log.ask(removedUpTo);
  const oldest = await log.ask(() => one('select time from log order by seq limit 1'));
  index.transaction(() => {
    index.prepare('delete from counts where step = ? and start < ?').run(STEPS[0], now - MINUTES_KEPT_MS);
    const known = Number(index.prepare("select value from about where key = 'removed'").get()?.['value'] ?? 0);
    if (removed <= known || oldest === undefined) return;
    const from = Date.parse(String(oldest['time']));
    index.prepare('delete from found where seq <= ?').run(removed);
    index.prepare('delete from minutes where last_seq <= ?').run(removed);
    for (const step of STEPS) index.prepare('delete from counts where step = ? and start < ?').run(step, from - step);
    index.prepare('delete from names where last < ?').run(from);
    index.prepare("update about set value = ? where key = 'removed'").run(String(removed));
  });
}

interface Named {
  readonly kind: string;
  readonly name: string;
  first: number;
  last: number;
  lastSeq: number;
  total: number;
  id: number;
  /** By the minute. */
  readonly minutes: Map<number, number>;
}

interface Found {
  readonly seq: number;
  readonly at: number;
  readonly names: readonly Named[];
}

/** What some rows of the log come to, gathered in memory and written at once. */
class Tally {
  readonly #names = new Map<string, Named>();
  readonly #found: Found[] = [];
  readonly #minutes = new Map<number, { readonly firstSeq: number; lastSeq: number }>();

  add(row: SqlRow): void {
    const seq = Number(row['seq']);
    const at = Date.parse(String(row['time']));
    if (row['kind'] === 'outcome') return this.#addOutcome(row, seq, at);
    if (row['kind'] !== 'decision') return;
    const text = (name: string): string => String(row[name]);
    const count = (kind: string, name: string): Named => this.#count({ kind, name, seq, at });
    const tool = text('tool') === '' ? '' : `${text('server')}/${text('tool')}`;
    const main = [
      count('effect', text('effect')),
      count('server', text('server')),
      count('tool', tool),
      count('agent', text('agent')),
      count('user', text('user')),
      count('reasons', text('reasons')),
    ];
    this.#found.push({ seq, at, names: main });
    if (text('effect') === 'deny') count('agent_denied', text('agent'));
    for (const reason of text('reasons').split(' ')) if (reason !== '') count('reason', reason);
    count('decide_us', String(bucketOf(Number(row['us']))));
    for (const [kind, name] of factsIn(text('body'))) count(kind, name);
    this.#noteMinute(seq, at);
  }

  #addOutcome(row: SqlRow, seq: number, at: number): void {
    this.#count({ kind: 'outcome', name: String(row['status']), seq, at });
    const us = Number(row['us']);
    if (us > 0) this.#count({ kind: 'record_us', name: String(bucketOf(us)), seq, at });
  }

  #count({ kind, name, seq, at }: { kind: string; name: string; seq: number; at: number }): Named {
    const key = `${kind} ${name}`;
    const none = { kind, name, first: at, last: at, lastSeq: seq, total: 0, id: 0, minutes: new Map<number, number>() };
    const named: Named = this.#names.get(key) ?? none;
    if (named === none) this.#names.set(key, named);
    named.first = Math.min(named.first, at);
    named.last = Math.max(named.last, at);
    named.lastSeq = seq;
    named.total += 1;
    const minute = at - (at % STEPS[0]);
    named.minutes.set(minute, (named.minutes.get(minute) ?? 0) + 1);
    return named;
  }

  #noteMinute(seq: number, at: number): void {
    const minute = at - (at % STEPS[0]);
    const known = this.#minutes.get(minute);
    if (known === undefined) this.#minutes.set(minute, { firstSeq: seq, lastSeq: seq });
    else known.lastSeq = seq;
  }

  write(index: Database, minutesFrom: number): void {
    for (const named of this.#names.values()) {
      named.id = writeName(index, named);
      writeCounts(index, named, minutesFrom);
    }
    const found = index.prepare('insert into found values (?, ?, ?, ?, ?, ?, ?, ?)');
    for (const { seq, at, names } of this.#found) found.run(seq, at, ...names.map(({ id }) => id));
    const minute = index.prepare(
      'insert into minutes values (?, ?, ?) on conflict (start) do update set last_seq = excluded.last_seq',
    );
    for (const [start, { firstSeq, lastSeq }] of this.#minutes) minute.run(start, firstSeq, lastSeq);
  }
}

const NAME = `insert into names (kind, name, first, last, last_seq, total) values (?, ?, ?, ?, ?, ?)
  on conflict (kind, name) do update set first = min(first, excluded.first), last = max(last, excluded.last),
  last_seq = excluded.last_seq, total = total + excluded.total returning id`;

function writeName(index: Database, { kind, name, first, last, lastSeq, total }: Named): number {
  return Number(index.prepare(NAME).get(kind, name, first, last, lastSeq, total)?.['id']);
}

const COUNT = `insert into counts values (?, ?, ?, ?)
  on conflict (step, name, start) do update set count = count + excluded.count`;

function writeCounts(index: Database, { id, minutes }: Named, minutesFrom: number): void {
  const count = index.prepare(COUNT);
  for (const step of STEPS) {
    const starts = new Map<number, number>();
    for (const [minute, times] of minutes) {
      const start = minute - (minute % step);
      starts.set(start, (starts.get(start) ?? 0) + times);
    }
    for (const [start, times] of starts) {
      if (step !== STEPS[0] || start >= minutesFrom) count.run(step, id, start, times);
    }
  }
}

type Fact = readonly [kind: string, name: string];

/** What no column has; nothing of a row that is no record any more, which is for `verify` to say. */
function factsIn(body: string): readonly Fact[] {
  try {
    const record: unknown = JSON.parse(body);
    if (!isJsonObject(record)) return [];
    const { client, matched_rules: rules, lifted } = record;
    const name = isJsonObject(client) ? client['name'] : '';
    return [
      ...(typeof name === 'string' && name !== '' ? [['client', name] as const] : []),
      ...textsOf(rules).map((rule) => ['rule', rule] as const),
      ...(Array.isArray(lifted) ? lifted.filter(isJsonObject) : []).flatMap(liftedFacts),
    ];
  } catch {
    return [];
  }
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? [...new Set(value.filter((one) => typeof one === 'string'))] : [];
}

function liftedFacts(lifted: Readonly<Record<string, unknown>>): readonly Fact[] {
  const { denial, by } = lifted;
  return [
    ...(typeof denial === 'string' ? [['lifted', denial] as const] : []),
    ...(typeof by === 'string' ? [['permit', by] as const] : []),
  ];
}
