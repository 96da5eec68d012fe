import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { StoreConnection } from '../../src/state/connection.ts';
import type { Database } from '../../src/state/driver.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { MIGRATIONS, migrate } from '../../src/state/migrations.ts';
import { PostgresConnection } from '../../src/state/postgres-connection.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { freshDatabase } from './shared.ts';

/** Gone when the tests of the file have ended. */
export function folderOfFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-both-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An empty store of each kind, closed when the tests of the file have ended. */
export async function bothStores(): Promise<readonly [sqlite: StoreConnection, postgres: StoreConnection]> {
  const path = join(folderOfFile(), 'decisions.db');
  const sqlite = new SqliteConnection({ driver: chooseDriver(), path, access: 'write', durability: 'normal' });
  sqlite.use((database: Database) => migrate(database, path, MIGRATIONS));
  const postgres = new PostgresConnection({ url: await freshDatabase(), access: 'write' });
  afterAll(async () => {
    await sqlite.close();
    await postgres.close();
  });
  return [sqlite, postgres];
}
