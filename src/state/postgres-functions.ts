/** How many rows of the log one transaction may number. */
const ROWS_A_TRANSACTION = 4_096;

/** The store's own lock among the advisory ones of its database: "mcpg", as SQLite's application id. */
export const STORE_LOCK = 0x6d637067;

/**
 * Rows are numbered after the transaction that writes them: PostgreSQL gives those their numbers in order and says which
 * may still be under way, so that somebody who reads the log in its order knows how far nothing can come in between. A
 * number that is counted up would say so too, but only one transaction at a time could have it.
 *
 * What a transaction in any database of the same server holds back is not settled either.
 */
const NUMBERING = `
  create function seq_base() returns bigint language sql stable as $$
    select numbered_from + pg_current_xact_id()::text::bigint * ${ROWS_A_TRANSACTION} from mcp_gateway.store
  $$;
  create function settled_seq() returns bigint language sql stable as $$
    select numbered_from + pg_snapshot_xmin(pg_current_snapshot())::text::bigint * ${ROWS_A_TRANSACTION}
    from mcp_gateway.store
  $$;
  -- A transaction that began before another one and got the chain after it would number backwards: it is done again.
  create function seq_after(last bigint) returns bigint language plpgsql as $$
    declare
      base bigint := mcp_gateway.seq_base();
    begin
      if base > last then return base; end if;
      raise exception 'the chain went on meanwhile' using errcode = 'serialization_failure';
    end
  $$;
  -- A copy in another cluster begins with smaller transactions than those that numbered its rows. Nothing that is visible
  -- to a snapshot was numbered by a transaction at or above its xmax, unless by another cluster.
  create function raise_numbering() returns void language sql as $$
    update mcp_gateway.store set numbered_from = stored.top + ${ROWS_A_TRANSACTION} - given.next
    from
      (select greatest(
        (select coalesce(max(seq), 0) from mcp_gateway.log),
        (select coalesce(max(seq), 0) from mcp_gateway.heads),
        (select coalesce(max(last), 0) from mcp_gateway.log_seals)
      ) as top) stored,
      (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint * ${ROWS_A_TRANSACTION} as next) given
    where stored.top >= numbered_from + given.next
  $$;
`;

const KEEPING = `
  create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception 'rows of the log are never changed';
    end
  $$;
  create function refuse_removal() returns trigger language plpgsql as $$
    begin
      if old.seq <= (select coalesce(max(last), 0) from mcp_gateway.log_seals) then return old; end if;
      raise exception 'rows of the log are removed in sealed segments only';
    end
  $$;
  create function refuse_emptying() returns trigger language plpgsql as $$
    begin
      raise exception 'rows of the log are removed in sealed segments only';
    end
  $$;
  create trigger log_kept before update on log for each row execute function refuse_change();
  create trigger log_held before delete on log for each row execute function refuse_removal();
  create trigger log_emptied before truncate on log for each statement execute function refuse_emptying();
  create trigger log_emptied before truncate on log_rest for each statement execute function refuse_emptying();
`;

/**
 * Partitions for this month and the two after it, by the store's clock. A partition is made beside the log and then put
 * in, which stops nobody who reads or writes the others; where that would take long, it is left for the next time. Rows
 * of a month that has none go into `log_rest`; a month that has rows there stays there.
 */
const PARTITIONS = `
  create function make_log_partitions() returns integer language plpgsql set lock_timeout = '200ms' as $$
    declare
      made integer := 0;
      month timestamp;
      name text;
      begins text;
      ends text;
    begin
      for ahead in 0..2 loop
        month := date_trunc('month', clock_timestamp() at time zone 'UTC') + make_interval(months => ahead);
        name := 'log_' || to_char(month, 'YYYY_MM');
        continue when to_regclass('mcp_gateway.' || name) is not null;
        exit when not pg_try_advisory_xact_lock(${STORE_LOCK}, 1);
        continue when to_regclass('mcp_gateway.' || name) is not null;
        begins := to_char(month, 'YYYY-MM');
        ends := to_char(month + interval '1 month', 'YYYY-MM');
        continue when exists (select from mcp_gateway.log_rest where time >= begins and time < ends);
        execute format('create table mcp_gateway.%I (like mcp_gateway.log including defaults)', name);
        execute format(
          'create trigger log_emptied before truncate on mcp_gateway.%I
           for each statement execute function mcp_gateway.refuse_emptying()', name);
        execute format(
          'alter table mcp_gateway.log attach partition mcp_gateway.%I for values from (%L) to (%L)', name, begins, ends);
        made := made + 1;
      end loop;
      return made;
    exception
      when lock_not_available or deadlock_detected then return 0;
    end
  $$;
`;

const CLOCK = `
  create function store_ms() returns bigint language sql volatile as $$
    select (extract(epoch from clock_timestamp()) * 1000)::bigint
  $$;
`;

/** What the store does itself; runs after the tables have been made. */
export const POSTGRES_FUNCTIONS = [NUMBERING, KEEPING, PARTITIONS, CLOCK].join('');
