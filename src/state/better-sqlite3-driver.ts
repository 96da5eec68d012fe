import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import type { Access, Database, Driver, SqlRow, SqlValue, Statement } from './driver.ts';
import { storingText } from './stored-text.ts';
import { inTransaction } from './transaction.ts';

type Library = typeof BetterSqlite3;
type NativeStatement = BetterSqlite3.Statement<SqlValue[], SqlRow>;

/** A native module, built or fetched by its install script. */
export const betterSqlite3: Driver = {
  name: 'better-sqlite3',
  load() {
    // Its JavaScript loads everywhere; whether the native part is there shows when a database is opened.
    new (library())(':memory:').close();
  },
  open(path: string, access: Access): Database {
    return wrap(new (library())(path, { readonly: access === 'read', fileMustExist: true, timeout: 2000 }));
  },
};

function library(): Library {
  // Not a static import: where install scripts are blocked, this module must still load and the other driver be used.
  return createRequire(import.meta.url)('better-sqlite3') as Library;
}

function wrap(native: BetterSqlite3.Database): Database {
  const statements = new Map<string, Statement>();
  const database: Database = {
    exec: (sql) => void native.exec(sql),
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const statement = wrapStatement(native.prepare<SqlValue[], SqlRow>(sql));
      statements.set(sql, statement);
      return statement;
    },
    pragma: (text) => native.pragma(text, { simple: true }) as SqlValue | undefined,
    transaction: (work) => inTransaction(database, work),
    close: () => void native.close(),
  };
  return database;
}

function wrapStatement(native: NativeStatement): Statement {
  return storingText({
    run: (...values) => native.run(...values).changes,
    get: (...values) => native.get(...values),
    all: (...values) => native.all(...values),
    iterate: (...values) => native.iterate(...values),
  });
}
