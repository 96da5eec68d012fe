import type { Json } from '../core/json.ts';
import { parseResultBytes, writeJson } from '../core/lossless-json.ts';
import type { StoreConnection } from './connection.ts';
import { one, run } from './work.ts';

/** What the gateway remembers of each server between its starts. Nothing here is evidence; it only spares work. */
export interface CatalogStore {
  /** The tool definitions as the server last gave them. */
  readCatalog(server: string): Promise<Json | undefined>;
  writeCatalog(server: string, definitions: Json): Promise<void>;
  /** Anything else by name, such as the package that was resolved and the digest of its bundle. */
  readFact(server: string, name: string): Promise<Json | undefined>;
  writeFact(server: string, name: string, value: Json): Promise<void>;
}

const CATALOG = 'catalog';

export function createCatalogStore(connection: StoreConnection): CatalogStore {
  const read = async (server: string, name: string): Promise<Json | undefined> =>
    await readFact(connection, server, name);
  const write = async (server: string, name: string, value: Json): Promise<void> =>
    await writeFact(connection, { server, name, value });
  return {
    readCatalog: (server) => read(server, CATALOG),
    writeCatalog: (server, definitions) => write(server, CATALOG, definitions),
    readFact: (server, name) => read(server, `fact ${name}`),
    writeFact: (server, name, value) => write(server, `fact ${name}`, value),
  };
}

/** What is remembered under a name; undefined where nothing is, or where it cannot be read any more. */
async function readFact(connection: StoreConnection, server: string, name: string): Promise<Json | undefined> {
  const row = await connection.ask(() =>
    one('select json from server_facts where server = ? and name = ?', server, name),
  );
  if (row === undefined) return undefined;
  const parsed = parseResultBytes(Buffer.from(String(row['json'])));
  return parsed.kind === 'ok' ? parsed.value['value'] : undefined;
}

interface Fact {
  readonly server: string;
  readonly name: string;
  readonly value: Json;
}

async function writeFact(connection: StoreConnection, { server, name, value }: Fact): Promise<void> {
  await connection.ask(() =>
    run(
      `insert into server_facts (server, name, json) values (?, ?, ?)
         on conflict (server, name) do update set json = excluded.json where server_facts.json <> excluded.json`,
      server,
      name,
      writeJson({ value }),
    ),
  );
}
