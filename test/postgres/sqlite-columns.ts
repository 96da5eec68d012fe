import Database from 'better-sqlite3';

const TYPES: Readonly<Record<string, string>> = {
  TEXT: 'text',
  INTEGER: 'bigint',
  REAL: 'double precision',
  BLOB: 'bytea',
};

/** Every column that these steps make in SQLite, as PostgreSQL would describe it, sorted. */
export function sqliteColumns(steps: readonly string[]): readonly string[] {
  const database = new Database(':memory:');
  for (const step of steps) database.exec(step);
  const tables = database.prepare(`select name from sqlite_schema where type = 'table'`).pluck().all() as string[];
  const columns = tables.flatMap((table) =>
    (database.pragma(`table_info(${table})`) as readonly Column[]).map(
      ({ name, type, notnull, pk }) => `${table}.${name} ${TYPES[type]} ${notnull === 1 || pk > 0 ? 'NO' : 'YES'}`,
    ),
  );
  database.close();
  return columns.toSorted();
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}
