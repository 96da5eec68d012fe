// The customer database: the same rows on every machine, and a connection that cannot write.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';

/** What kind of data each column holds; a column that is not named here holds nothing special. @type {Record<string, Record<string, string>>} */
const DATA_CLASSES = {
  customers: {
    name: 'customer_pii',
    email: 'customer_pii',
    phone: 'customer_pii',
    birth_date: 'customer_pii',
  },
};

/** @typedef {string | number | null} Value The tables are STRICT and hold no blobs. */

/** @typedef {{ columns: string[], rows: Value[][], truncated: boolean, dataClasses: string[] }} QueryResult */

/**
 * Opens the database read only; a file that does not exist is created with the example rows first.
 *
 * @param {string} path A file, or `:memory:`.
 * @returns {import('better-sqlite3').Database}
 */
export function openWarehouse(path) {
  if (path === ':memory:') return new Database(exampleDatabase(), { readonly: true });
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    const file = new Database(path);
    fill(file);
    file.close();
  }
  return new Database(path, { readonly: true, fileMustExist: true });
}

/** @param {import('better-sqlite3').Database} database @returns {string[]} */
export function listTables(database) {
  return database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all()
    .map(String);
}

/** @param {import('better-sqlite3').Database} database @param {string} table */
export function describeTable(database, table) {
  const columns = database.prepare('SELECT name, type FROM pragma_table_info(?)').all(table);
  if (columns.length === 0) throw new Error(`there is no table "${table}"`);
  return /** @type {{ name: string, type: string }[]} */ (columns).map(({ name, type }) => {
    const dataClass = DATA_CLASSES[table.toLowerCase()]?.[name];
    return dataClass === undefined ? { name, type } : { name, type, data_class: dataClass };
  });
}

/**
 * Runs one statement that returns rows. The connection is read only, so nothing else is possible.
 *
 * @param {import('better-sqlite3').Database} database
 * @param {string} sql
 * @param {number} [limit] The most rows returned.
 * @returns {QueryResult}
 */
export function runQuery(database, sql, limit = Number.POSITIVE_INFINITY) {
  const statement = database.prepare(sql).raw(true);
  if (!statement.reader || !statement.readonly) throw new Error('only a statement that returns rows can be run');
  /** @type {Value[][]} */
  const rows = [];
  let truncated = false;
  for (const row of /** @type {Iterable<Value[]>} */ (statement.iterate())) {
    truncated = rows.length >= limit;
    if (truncated) break;
    rows.push(row);
  }
  const columns = statement.columns();
  return { columns: columns.map(({ name }) => name), rows, truncated, dataClasses: classesOf(columns, sql) };
}

/**
 * SQLite names the table and column a result column comes from. It cannot for an expression; then a classified column that
 * the statement mentions counts as shown.
 *
 * @param {readonly { table: string | null, column: string | null }[]} columns
 * @param {string} sql
 */
function classesOf(columns, sql) {
  const words = new Set(sql.toLowerCase().match(/[a-z_]+/g));
  const found = columns.flatMap(({ table, column }) => {
    if (table !== null && column !== null) return DATA_CLASSES[table]?.[column] ?? [];
    return Object.values(DATA_CLASSES).flatMap((classes) =>
      Object.keys(classes).flatMap((name) => (words.has(name) ? (classes[name] ?? []) : [])),
    );
  });
  return [...new Set(found)].toSorted();
}

/** @returns {Buffer} */
function exampleDatabase() {
  const memory = new Database(':memory:');
  fill(memory);
  const image = memory.serialize();
  memory.close();
  return image;
}

/** @param {import('better-sqlite3').Database} database */
function fill(database) {
  database.exec(`
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, birth_date TEXT, country TEXT, since TEXT) STRICT;
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price_cents INTEGER) STRICT;
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, product_id INTEGER REFERENCES products,
      quantity INTEGER, total_cents INTEGER, ordered_on TEXT) STRICT;
  `);
  const next = numbers(2026);
  /** @template T @param {readonly T[]} list @returns {T} */
  const pick = (list) => /** @type {T} */ (list[next(list.length)]);
  const day = () =>
    `20${20 + next(6)}-${String(1 + next(12)).padStart(2, '0')}-${String(1 + next(28)).padStart(2, '0')}`;
  const customer = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?)');
  const product = database.prepare('INSERT INTO products VALUES (?, ?, ?)');
  const order = database.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)');
  database.transaction(() => {
    for (let id = 1; id <= 120; id++) {
      const [first, last] = [pick(FIRST_NAMES), pick(LAST_NAMES)];
      const email = `${first}.${last}${id}@example.com`.toLowerCase();
      customer.run(
        id,
        `${first} ${last}`,
        email,
        `+49 30 555${String(id).padStart(4, '0')}`,
        `19${60 + next(40)}-0${1 + next(9)}-1${next(10)}`,
        pick(COUNTRIES),
        day(),
      );
    }
    PRODUCTS.forEach(([name, price], index) => product.run(index + 1, name, price));
    for (let id = 1; id <= 600; id++) {
      const index = next(PRODUCTS.length);
      const quantity = 1 + next(4);
      order.run(id, 1 + next(120), index + 1, quantity, quantity * (PRODUCTS[index]?.[1] ?? 0), day());
    }
  })();
}

const FIRST_NAMES = [
  'Ada',
  'Bruno',
  'Chiara',
  'David',
  'Elif',
  'Finn',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Klara',
  'Luca',
];
const LAST_NAMES = ['Abel', 'Brandt', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Huber', 'Ivanova', 'Jansen'];
const COUNTRIES = ['AT', 'DE', 'DE', 'DE', 'ES', 'FR', 'FR', 'IT', 'NL', 'PL'];
/** @type {readonly (readonly [string, number])[]} */
const PRODUCTS = [
  ['chai', 1800],
  ['aniseed syrup', 1000],
  ['olive oil', 2135],
  ['gnocchi', 3800],
  ['tofu', 2325],
  ['marmalade', 8100],
  ['scones', 1000],
  ['camembert', 3400],
];

/**
 * A linear congruential generator: plain, and the same everywhere.
 *
 * @param {number} seed
 * @returns {(below: number) => number}
 */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}
