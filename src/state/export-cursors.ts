import type { StoreConnection } from './connection.ts';
import { takeLease } from './leases.ts';

/** How far exports have come, for all gateways that share the store. */
export interface ExportCursors {
  /** The last seq that was sent, by the name of the export; undefined where it is new. */
  read(name: string): number | undefined;
  write(name: string, seq: number): void;
  /** Whether only this process may send for so long. Answers at once. */
  hold(name: string, now: number, lastsMs: number): boolean;
}

export function createExportCursors(connection: StoreConnection, holder: string): ExportCursors {
  return {
    read: (name) => {
      const row = connection.use((database) => database.prepare('select seq from exports where name = ?').get(name));
      return row === undefined ? undefined : Number(row['seq']);
    },
    write: (name, seq) => {
      connection.useBriefly((database) =>
        database
          .prepare('insert into exports (name, seq) values (?, ?) on conflict (name) do update set seq = excluded.seq')
          .run(name, seq),
      );
    },
    hold: (name, now, lastsMs) => takeLease(connection, { name: `export:${name}`, holder, now, lastsMs }),
  };
}
