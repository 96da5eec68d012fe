import { isBefore, isOrdered } from '../core/revision.ts';
import type { Database } from './driver.ts';

/** The highest revision of each signed bundle that was ever in force, by the ids of bundles. */
export function seenRevisions(database: Database): ReadonlyMap<string, string> {
  const rows = database.prepare('select bundle, revision from bundle_revisions').all();
  return new Map(rows.map((row) => [String(row['bundle']), String(row['revision'])]));
}

/** A revision is in force. One that stands in no order, or before what was seen, leaves that as it is. */
export function seeRevision(database: Database, bundle: string, revision: string): void {
  database.transaction(() => {
    const seen = seenRevisions(database).get(bundle);
    if (seen === revision || (seen !== undefined && isBefore(seen, revision) !== true)) return;
    write(database, bundle, revision);
  });
}

/** Somebody has rolled the bundle back: from here on it counts from there. */
export function returnToRevision(database: Database, bundle: string, revision: string): void {
  const isKnown = database.prepare('select 1 from bundle_revisions where bundle = ?').get(bundle) !== undefined;
  if (isKnown) write(database, bundle, revision);
}

function write(database: Database, bundle: string, revision: string): void {
  database
    .prepare(
      `insert into bundle_revisions (bundle, revision) values (?, ?)
       on conflict (bundle) do update set revision = excluded.revision`,
    )
    .run(bundle, isOrdered(revision) ? revision : '');
}
