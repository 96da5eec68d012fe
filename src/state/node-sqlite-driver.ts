import { createRequire } from 'node:module';
import type * as NodeSqlite from 'node:sqlite';
import type { Access, Database, Driver, SqlRow, SqlValue, Statement } from './driver.ts';
import { storingText } from './stored-text.ts';
import { inTransaction } from './transaction.ts';

type Library = typeof NodeSqlite;

/** SQLite as Node carries it from 22.13 on: nothing to install. */
export const nodeSqlite: Driver = {
  name: 'node:sqlite',
  load() {
    new (library().DatabaseSync)(':memory:').close();
  },
  open(path: string, access: Access): Database {
    return wrap(new (library().DatabaseSync)(path, { readOnly: access === 'read' }));
  },
};

/**
 * Asked for only when this driver is tried, because Node 20 does not know the module. Node then warns that the module is
 * experimental: that is no news for whoever runs a command, and the reasons stand in docs/decisions/005-sqlite-drivers.md.
 */
function library(): Library {
  const warn = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return createRequire(import.meta.url)('node:sqlite') as Library;
  } finally {
    process.emitWarning = warn;
  }
}

function wrap(native: NodeSqlite.DatabaseSync): Database {
  const statements = new Map<string, Statement>();
  const database: Database = {
    exec: (sql) => native.exec(sql),
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const statement = wrapStatement(native.prepare(sql));
      statements.set(sql, statement);
      return statement;
    },
    pragma: (text) => firstValue(native.prepare(`pragma ${text}`).get() as SqlRow | undefined),
    transaction: (work) => inTransaction(database, work),
    close: () => native.close(),
  };
  return database;
}

function firstValue(row: SqlRow | undefined): SqlValue | undefined {
  return row === undefined ? undefined : Object.values(row)[0];
}

function wrapStatement(native: NodeSqlite.StatementSync): Statement {
  return storingText({
    run: (...values) => Number(native.run(...values).changes),
    get: (...values) => native.get(...values) as SqlRow | undefined,
    all: (...values) => native.all(...values) as SqlRow[],
    iterate: (...values) => native.iterate(...values) as IterableIterator<SqlRow>,
  });
}
