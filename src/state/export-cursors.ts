import type { StoreConnection } from './connection.ts';
import { takeLease } from './leases.ts';
import { one, run } from './work.ts';

/** How far exports have come, for all gateways that share the store. */
export interface ExportCursors {
  /** The last seq that was sent, by the name of the export; undefined where it is new. */
  read(name: string): Promise<number | undefined>;
  /** Never goes back: who was stopped for long may come with a place that another gateway has left behind. */
  write(name: string, seq: number): Promise<void>;
  /** Whether only this process may send for so long. Waits no longer for another writer than for a fifth of a second. */
  hold(name: string, now: number, lastsMs: number): Promise<boolean>;
}

const WRITE = `insert into exports (name, seq) values (?, ?) on conflict (name) do update
  set seq = excluded.seq where exports.seq < excluded.seq`;

export function createExportCursors(connection: StoreConnection, holder: string): ExportCursors {
  const briefly: Pick<StoreConnection, 'ask'> = { ask: (work) => connection.askBriefly(work) };
  return {
    read: async (name) => {
      const row = await connection.ask(() => one('select seq from exports where name = ?', name));
      return row === undefined ? undefined : Number(row['seq']);
    },
    write: async (name, seq) => {
      await connection.askBriefly(() => run(WRITE, name, seq));
    },
    hold: (name, now, lastsMs) => takeLease(briefly, { name: `export:${name}`, holder, now, lastsMs }),
  };
}
