import type { SqliteConnection } from './sqlite-connection.ts';
import { takeLease } from './leases.ts';

/** How far exports have come, for all gateways that share the store. */
export interface ExportCursors {
  /** The last seq that was sent, by the name of the export; undefined where it is new. */
  read(name: string): number | undefined;
  /** Never goes back: who was stopped for long may come with a place that another gateway has left behind. */
  write(name: string, seq: number): void;
  /** Whether only this process may send for so long. Waits no longer for another writer than for a fifth of a second. */
  hold(name: string, now: number, lastsMs: number): boolean;
}

export function createExportCursors(connection: SqliteConnection, holder: string): ExportCursors {
  const briefly: Pick<SqliteConnection, 'use'> = { use: (work) => connection.useBriefly(work) };
  return {
    read: (name) => {
      const row = connection.use((database) => database.prepare('select seq from exports where name = ?').get(name));
      return row === undefined ? undefined : Number(row['seq']);
    },
    write: (name, seq) => {
      connection.useBriefly((database) =>
        database
          .prepare(
            'insert into exports (name, seq) values (?, ?) on conflict (name) do update set seq = max(seq, excluded.seq)',
          )
          .run(name, seq),
      );
    },
    hold: (name, now, lastsMs) => takeLease(briefly, { name: `export:${name}`, holder, now, lastsMs }),
  };
}
