import { STORE_LOCK } from './postgres-functions.ts';

/** So many rows may lie in a month that their chain does not end with: their calls were on the way when it was over. */
const MOST_KEPT = 10_000;

/** Each chain is removed from by itself, so a seal is one of a chain. */
const SEALS = `
  alter table log_seals add column chain text collate "C" not null
    generated always as (coalesce(substring(line from '"chain":"([^"]*)"'), '')) stored;
  create index log_seals_chain on log_seals (chain, last);
  create or replace function refuse_removal() returns trigger language plpgsql as $$
    begin
      if old.seq <= (select coalesce(max(last), 0) from mcp_gateway.log_seals where chain = old.chain) then
        return old;
      end if;
      raise exception 'rows of the log are removed in sealed segments only';
    end
  $$;
`;

/**
 * A month goes whole, in a moment, in which nobody reads or writes the log; where others hold it, it is left for the next
 * time. Rows in it that are under no seal are kept: they move to `log_rest`.
 */
const DROPPING = `
  create function drop_log_partition(name text) returns boolean language plpgsql set lock_timeout = '200ms' as $$
    declare
      of_chain text := '';
      removed bigint;
      moved bigint := 0;
      part bigint;
    begin
      if to_regclass('mcp_gateway.' || quote_ident(name)) is null then return true; end if;
      if not pg_try_advisory_xact_lock(${STORE_LOCK}, 1) then return false; end if;
      execute format('alter table mcp_gateway.log detach partition mcp_gateway.%I', name);
      loop
        execute format('select min(chain) from mcp_gateway.%I where chain > $1', name) into of_chain using of_chain;
        exit when of_chain is null;
        select coalesce(max(last), 0) into removed from mcp_gateway.log_seals where chain = of_chain;
        execute format('insert into mcp_gateway.log select * from mcp_gateway.%I where chain = $1 and seq > $2 limit $3', name)
          using of_chain, removed, ${MOST_KEPT} + 1;
        get diagnostics part = row_count;
        moved := moved + part;
        if moved > ${MOST_KEPT} then
          raise exception 'rows of the log are removed in sealed segments only, and % has too many that are under no seal', name;
        end if;
      end loop;
      execute format('drop table mcp_gateway.%I', name);
      return true;
    exception
      when lock_not_available or deadlock_detected then return false;
    end
  $$;
`;

/** The months that end by the beginning of one, written `YYYY-MM`; the oldest first. */
const OLD_MONTHS = `
  create function old_log_partitions(month text) returns setof text language sql stable as $$
    select child.relname::text from pg_inherits join pg_class child on child.oid = inhrelid
    where inhparent = 'mcp_gateway.log'::regclass and child.relname ~ '^log_[0-9]{4}_[0-9]{2}$'
      and child.relname::text collate "C" < 'log_' || replace(month, '-', '_')
    order by child.relname::text collate "C"
  $$;
`;

/** What retention needs; runs after the functions have been made. */
export const POSTGRES_RETENTION = [SEALS, DROPPING, OLD_MONTHS].join('');
