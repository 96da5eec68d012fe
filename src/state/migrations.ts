import { GatewayError } from '../core/errors.ts';
import type { Database } from './driver.ts';

/** "mcpg": says whose database this is (https://www.sqlite.org/pragma.html#pragma_application_id). */
export const APPLICATION_ID = 0x6d637067;

/**
 * Step n brings a store from version n to n + 1. Forward only; a step that has been released is never edited.
 *
 * `body` has the record itself and stands last, so that a search over the other columns does not read it. `us` is the
 * time the decision took for a decision, the time its record took for an outcome. `reasons` has the codes, parted by a
 * blank. Rows are never changed or removed: the triggers guard against accidents, the chain against the rest. Every
 * index costs each call some microseconds; so only ids, and what is no allow, have one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  create table log (
    seq integer primary key,
    kind text not null,
    chain text not null,
    key text not null,
    id text not null,
    time text not null,
    instance text not null,
    effect text not null,
    status text not null,
    server text not null,
    tool text not null,
    reasons text not null,
    action text not null,
    agent text not null,
    user text not null,
    session text not null,
    us integer not null,
    prev blob not null,
    hash blob not null,
    body text not null
  ) strict;
  create index log_id on log (id);
  create index log_denied on log (effect, seq) where effect in ('deny', 'pending');
  create table heads (
    chain text primary key,
    seq integer not null,
    hash blob not null,
    key text not null,
    mac blob not null
  ) strict;

  create trigger log_kept before update on log begin select raise(abort, 'rows of the log are never changed'); end;
  create trigger log_held before delete on log begin select raise(abort, 'rows of the log are never removed'); end;

  create table instances (
    id text primary key,
    pid integer not null,
    host text not null,
    boot text not null,
    started text not null,
    heartbeat integer not null,
    open_from integer not null
  ) strict;
  create table leases (name text primary key, holder text not null, expires integer not null) strict;
  create table server_facts (
    server text not null,
    name text not null,
    json text not null,
    primary key (server, name)
  ) strict, without rowid;
  `,
  // What calls have taken from limits, in thousandths, in windows that begin and end at milliseconds since the epoch.
  `
  create table budgets (
    bucket text not null,
    starts integer not null,
    ends integer not null,
    used integer not null,
    primary key (bucket, starts)
  ) strict, without rowid;
  create index budgets_ends on budgets (ends);
  `,
  // What results and rules have said about the data of a conversation, each with its source.
  `
  create table labels (
    conversation text not null,
    label text not null,
    source text not null,
    attached integer not null,
    expires integer not null,
    primary key (conversation, label, source)
  ) strict, without rowid;
  create index labels_expires on labels (expires);
  `,
  // What has been counted of conversations, and of agents with all of theirs; `last_call` in milliseconds since the epoch.
  `
  create table conversations (
    id text primary key,
    agent text not null,
    user text not null,
    client text not null,
    last_call integer not null,
    counts text not null
  ) strict, without rowid;
  create index conversations_last_call on conversations (last_call);
  `,
  // What rules demand to be kept whole of calls: masked text, or sealed with the key of that name.
  `
  create table audit (
    id text not null,
    part text not null,
    key text not null,
    body blob not null,
    primary key (id, part)
  ) strict;
  `,
  // What is used of a limit and what is only held for calls that are not over, in thousandths; the limit as it was last;
  // how much drains in a millisecond, and until when it has. A reservation is one call's hold on one count.
  `
  alter table budgets rename to budgets_before;
  drop index budgets_ends;
  create table budgets (
    bucket text not null,
    starts integer not null,
    ends integer not null,
    used real not null,
    reserved real not null,
    ceiling real not null,
    rate real not null,
    as_of integer not null,
    primary key (bucket, starts)
  ) strict, without rowid;
  create index budgets_ends on budgets (ends);
  insert into budgets select bucket, starts, ends, used, 0, 0, 0, starts from budgets_before;
  drop table budgets_before;
  create table reservations (
    decision text not null,
    bucket text not null,
    starts integer not null,
    instance text not null,
    cost real not null,
    expires integer not null,
    refunds integer not null,
    primary key (decision, bucket)
  ) strict, without rowid;
  `,
  // Approvals that calls wait for, one for each decision that first asked and each who is asked (`approver`), and the
  // answers of people, one each. `call` and `tool` are hashes of what an approval is good for. That it has expired
  // is not written: the time says so. And the keys that stand for people.
  `
  create table approvals (
    id text not null,
    approver text not null,
    call text not null,
    tool text not null,
    conversation text not null,
    agent text not null,
    user text not null,
    login text not null,
    quorum integer not null,
    remember text not null,
    status text not null,
    created integer not null,
    expires integer not null,
    shown text not null,
    asked integer not null default 1,
    last_asked text not null,
    uses integer not null default 0,
    used_by text not null default '',
    round integer not null default 0,
    primary key (id, approver)
  ) strict, without rowid;
  create index approvals_call on approvals (call, approver, created);
  create index approvals_remembered on approvals (tool, approver, created) where remember <> 'never';
  create table approval_votes (
    id text not null,
    approver text not null,
    person text not null,
    verdict text not null,
    via text not null,
    key text not null,
    at integer not null,
    reason text not null,
    primary key (id, approver, person)
  ) strict, without rowid;
  create index approval_votes_at on approval_votes (at);
  create table keys (
    id text primary key,
    role text not null,
    hash text not null,
    user text not null,
    groups text not null,
    created integer not null,
    revoked integer
  ) strict;
  `,
  // Bundles and libraries as they were in force, packed, under keys of their contents; and when which of them decided.
  `
  create table kept_policy (
    key text primary key,
    body blob not null
  ) strict, without rowid;
  create table activations (
    seq integer primary key,
    generation text not null,
    at integer not null,
    instance text not null,
    why text not null,
    facts text not null
  ) strict;
  create index activations_generation on activations (generation, seq);
  `,
  // Each attachment of a label wrote this index, and once in five minutes the sweep of a small table read it.
  `
  drop index labels_expires;
  `,
  // Bundles that stay at what was kept of them, because somebody has rolled them back. `modes` is empty where the
  // configuration says how far they count.
  `
  create table policy_pins (
    bundle text primary key,
    digest text not null,
    data_digest text not null,
    modes text not null,
    at integer not null,
    actor text not null,
    reason text not null
  ) strict, without rowid;
  `,
  // Keys of agents, which are looked up with every request over HTTP.
  `
  alter table keys add column agent text not null default '';
  alter table keys add column data_classes text not null default '[]';
  create unique index keys_hash on keys (hash);
  `,
  // The highest revision of each signed bundle that was in force, so that an older one is not taken for the newest.
  `
  create table bundle_revisions (
    bundle text primary key,
    revision text not null
  ) strict, without rowid;
  `,
  // Where signed checkpoints were made, which is where a segment may end; and what was removed of the log, each as the line
  // that is signed. The key that the chain began with makes ids that must stay the same when it has another one.
  `
  create table log_checkpoints (seq integer primary key, at integer not null, hash blob not null) strict;
  create table log_seals (last integer primary key, line text not null) strict;
  alter table heads add column first_key text not null default '';
  update heads set first_key = key;
  drop trigger log_held;
  create trigger log_held before delete on log when old.seq > (select coalesce(max(last), 0) from log_seals)
    begin select raise(abort, 'rows of the log are removed in sealed segments only'); end;
  `,
  // When the process of an instance began: another process may have its pid by now.
  `
  alter table instances add column began text not null default '';
  `,
  // How far decisions were sent elsewhere, by the name of the export.
  `
  create table exports (name text primary key, seq integer not null) strict, without rowid;
  `,
  // The time in which what policies deny is let through; at most one.
  `
  create table pauses (
    only integer primary key check (only = 1),
    since integer not null,
    until integer not null,
    actor text not null,
    reason text not null
  ) strict;
  `,
  // Links that sign somebody in to the dashboard once, by the hash of their token.
  `
  create table sign_in_links (
    hash text primary key,
    person text not null,
    groups text not null,
    key text not null,
    reads_only integer not null,
    created integer not null,
    expires integer not null,
    used integer
  ) strict, without rowid;
  `,
  // What can be followed in its order. Here nothing is ever committed in between; in a database that several hosts share it
  // may be, so what follows the log reads this.
  `
  create view settled_log as select * from log;
  `,
  // What each instance decides by: the generation, and a hash of it with the modes of its bundles and rules.
  `
  alter table instances add column generation text not null default '';
  alter table instances add column facts text not null default '';
  `,
  // Where the other gateways of the store reach the HTTP door of each.
  `
  alter table instances add column address text not null default '';
  `,
];

/** Brings the store to this version's schema; a newer store is refused. Several processes may do this at once. */
export function migrate(database: Database, path: string, steps: readonly string[] = MIGRATIONS): void {
  if (versionOf(database, path, steps.length) === steps.length) return;
  database.transaction(() => {
    // Read again under the lock: another process may have done it meanwhile.
    for (let version = versionOf(database, path, steps.length); version < steps.length; version += 1) {
      database.exec(steps[version] ?? '');
      database.pragma(`user_version = ${version + 1}`);
    }
    database.pragma(`application_id = ${APPLICATION_ID}`);
  });
}

/** The version of the store's schema; refuses what is not ours and what is newer than `newest`. */
export function versionOf(database: Database, path: string, newest: number = MIGRATIONS.length): number {
  const version = Number(database.pragma('user_version'));
  const isOurs = Number(database.pragma('application_id')) === APPLICATION_ID;
  const isEmpty = database.prepare('select 1 from sqlite_schema limit 1').get() === undefined;
  if (!isOurs && !isEmpty) {
    throw new GatewayError('STORE_UNAVAILABLE', `${path} is a database of another program`, {
      mend: 'Name another file under `decisions.store.path`.',
    });
  }
  if (version > newest) {
    throw new GatewayError('STORE_NEWER', `the store ${path} has schema ${version}, this version knows ${newest}`, {
      mend: 'Use the newer version of mcp-gateway that wrote it, or name another file under `decisions.store.path`.',
    });
  }
  return version;
}
