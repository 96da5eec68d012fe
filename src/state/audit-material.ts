import { sha256Hex } from '../core/canonical-json.ts';
import type { AuditMaterial } from '../core/change.ts';
import type { Database, SqlRow } from './driver.ts';

const KEEP = 'insert into audit (id, part, key, body) values (?, ?, ?, ?)';

/** Runs inside the transaction that writes the row. */
export function keepMaterial(database: Database, { id, part, key, body }: AuditMaterial): void {
  database.prepare(KEEP).run(id, part, key, body);
}

/** What was kept of a record, input first. */
export function readMaterial(database: Database, id: string): readonly AuditMaterial[] {
  return database
    .prepare('select id, part, key, body from audit where id = ? order by part')
    .all(id)
    .map((row: SqlRow) => {
      const { body: stored } = row;
      const body = stored instanceof Uint8Array ? stored : new Uint8Array();
      const part = row['part'] === 'input' ? 'input' : 'result';
      return { id: String(row['id']), part, key: String(row['key']), body, hash: sha256Hex(body) };
    });
}
