/** Ordered and compared as SQLite does it, byte by byte, whatever the database's own order is. */
const TEXT = 'text collate "C" not null';

/** What the counts of a limit and the ends of chains need: rows that are changed in place, again and again. */
const CHANGED_OFTEN = 'with (fillfactor = 50)';

/**
 * The tables of `migrations.ts`, for PostgreSQL, as this store began with them. What differs: `log` lies in partitions of
 * one month by `time`, and has an index by chain; a chain has the instance that writes it (`holder`, empty where nobody
 * does); and the store itself has a row, with its version, its name among stores, the id of the key that it was begun with,
 * and from where its rows are numbered.
 */
export const POSTGRES_TABLES = `
  create table store (
    single boolean primary key default true check (single),
    version integer not null,
    id ${TEXT} default gen_random_uuid()::text,
    numbered_from bigint not null default 0,
    first_key ${TEXT} default ''
  );

  create table log (
    seq bigint not null,
    kind ${TEXT},
    chain ${TEXT},
    key ${TEXT},
    id ${TEXT},
    time ${TEXT},
    instance ${TEXT},
    effect ${TEXT},
    status ${TEXT},
    server ${TEXT},
    tool ${TEXT},
    reasons ${TEXT},
    action ${TEXT},
    agent ${TEXT},
    "user" ${TEXT},
    session ${TEXT},
    us bigint not null,
    prev bytea not null,
    hash bytea not null,
    body ${TEXT},
    primary key (seq, time)
  ) partition by range (time);
  create index log_id on log (id);
  create index log_chain on log (chain, seq);
  create index log_denied on log (effect, seq) where effect in ('deny', 'pending');
  create table log_rest partition of log default;

  create table heads (
    chain ${TEXT} primary key,
    seq bigint not null,
    hash bytea not null,
    key ${TEXT},
    mac bytea not null,
    first_key ${TEXT} default '',
    holder ${TEXT} default ''
  ) ${CHANGED_OFTEN};
  create index heads_holder on heads (holder);
  create table log_checkpoints (seq bigint primary key, at bigint not null, hash bytea not null);
  create table log_seals (last bigint primary key, line ${TEXT});

  create table instances (
    id ${TEXT} primary key,
    pid bigint not null,
    host ${TEXT},
    boot ${TEXT},
    began ${TEXT} default '',
    started ${TEXT},
    heartbeat bigint not null,
    open_from bigint not null,
    generation ${TEXT} default '',
    facts ${TEXT} default ''
  ) ${CHANGED_OFTEN};
  create table leases (name ${TEXT} primary key, holder ${TEXT}, expires bigint not null) ${CHANGED_OFTEN};
  create table server_facts (
    server ${TEXT},
    name ${TEXT},
    json ${TEXT},
    primary key (server, name)
  );

  create table budgets (
    bucket ${TEXT},
    starts bigint not null,
    ends bigint not null,
    used double precision not null,
    reserved double precision not null,
    ceiling double precision not null,
    rate double precision not null,
    as_of bigint not null,
    primary key (bucket, starts)
  ) ${CHANGED_OFTEN};
  create index budgets_ends on budgets (ends);
  create table reservations (
    decision ${TEXT},
    bucket ${TEXT},
    starts bigint not null,
    instance ${TEXT},
    cost double precision not null,
    expires bigint not null,
    refunds bigint not null,
    primary key (decision, bucket)
  );

  create table labels (
    conversation ${TEXT},
    label ${TEXT},
    source ${TEXT},
    attached bigint not null,
    expires bigint not null,
    primary key (conversation, label, source)
  );
  create table conversations (
    id ${TEXT} primary key,
    agent ${TEXT},
    "user" ${TEXT},
    client ${TEXT},
    last_call bigint not null,
    counts ${TEXT}
  ) ${CHANGED_OFTEN};
  create index conversations_last_call on conversations (last_call);

  create table audit (
    id ${TEXT},
    part ${TEXT},
    key ${TEXT},
    body bytea not null,
    primary key (id, part)
  );

  create table approvals (
    id ${TEXT},
    approver ${TEXT},
    call ${TEXT},
    tool ${TEXT},
    conversation ${TEXT},
    agent ${TEXT},
    "user" ${TEXT},
    login ${TEXT},
    quorum bigint not null,
    remember ${TEXT},
    status ${TEXT},
    created bigint not null,
    expires bigint not null,
    shown ${TEXT},
    asked bigint not null default 1,
    last_asked ${TEXT},
    uses bigint not null default 0,
    used_by ${TEXT} default '',
    round bigint not null default 0,
    primary key (id, approver)
  );
  create index approvals_call on approvals (call, approver, created);
  create index approvals_remembered on approvals (tool, approver, created) where remember <> 'never';
  create table approval_votes (
    id ${TEXT},
    approver ${TEXT},
    person ${TEXT},
    verdict ${TEXT},
    via ${TEXT},
    key ${TEXT},
    at bigint not null,
    reason ${TEXT},
    primary key (id, approver, person)
  );
  create index approval_votes_at on approval_votes (at);
  create table keys (
    id ${TEXT} primary key,
    role ${TEXT},
    hash ${TEXT},
    "user" ${TEXT},
    groups ${TEXT},
    created bigint not null,
    revoked bigint,
    agent ${TEXT} default '',
    data_classes ${TEXT} default '[]'
  );
  create unique index keys_hash on keys (hash);

  create table kept_policy (key ${TEXT} primary key, body bytea not null);
  create table activations (
    seq bigint generated by default as identity primary key,
    generation ${TEXT},
    at bigint not null,
    instance ${TEXT},
    why ${TEXT},
    facts ${TEXT}
  );
  create index activations_generation on activations (generation, seq);
  create table policy_pins (
    bundle ${TEXT} primary key,
    digest ${TEXT},
    data_digest ${TEXT},
    modes ${TEXT},
    at bigint not null,
    actor ${TEXT},
    reason ${TEXT}
  );
  create table bundle_revisions (bundle ${TEXT} primary key, revision ${TEXT});

  create table exports (name ${TEXT} primary key, seq bigint not null);
  create table pauses (
    "only" bigint primary key check ("only" = 1),
    since bigint not null,
    until bigint not null,
    actor ${TEXT},
    reason ${TEXT}
  );
  create table sign_in_links (
    hash ${TEXT} primary key,
    person ${TEXT},
    groups ${TEXT},
    key ${TEXT},
    reads_only bigint not null,
    created bigint not null,
    expires bigint not null,
    used bigint
  );
`;
