import { sha256Hex } from '../core/canonical-json.ts';
import type { AuditMaterial } from '../core/change.ts';
import type { SqlRow } from './driver.ts';
import { all, run, type Work } from './work.ts';

const KEEP = 'insert into audit (id, part, key, body) values (?, ?, ?, ?)';

/** Runs inside the transaction that writes the row. */
export function* keepMaterial({ id, part, key, body }: AuditMaterial): Work<void> {
  yield* run(KEEP, id, part, key, body);
}

/** What was kept of a record, input first. */
export function* readMaterial(id: string): Work<readonly AuditMaterial[]> {
  return (yield* all('select id, part, key, body from audit where id = ? order by part', id)).map((row: SqlRow) => {
    const { body: stored } = row;
    const body = stored instanceof Uint8Array ? stored : new Uint8Array();
    const part = row['part'] === 'input' ? 'input' : 'result';
    return { id: String(row['id']), part, key: String(row['key']), body, hash: sha256Hex(body) };
  });
}
