export type SqlValue = null | number | string | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** One way to reach SQLite. Both ways give the same answers; `test/state/driver.test.ts` holds them to it. */
export interface Driver {
  readonly name: 'better-sqlite3' | 'node:sqlite';
  /** Throws when this Node cannot use the driver. */
  load(): void;
  /** `path` is absolute and the file exists. */
  open(path: string, access: Access): Database;
}

export type Access = 'read' | 'write';

export interface Database {
  /** Several statements at once, none of which answers. */
  exec(sql: string): void;
  /** The same text gives the same statement, compiled once. */
  prepare(sql: string): Statement;
  /** The first value of the answer; undefined where the pragma answers nothing. */
  pragma(text: string): SqlValue | undefined;
  /** Holds the write lock from the first moment, so nobody else appends between reading and writing. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export interface Statement {
  /** Answers how many rows were changed. */
  run(...values: readonly SqlValue[]): number;
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): readonly SqlRow[];
  iterate(...values: readonly SqlValue[]): IterableIterator<SqlRow>;
}
