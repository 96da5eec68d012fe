import { isBefore, isOrdered } from '../core/revision.ts';
import { bundleName } from './touched.ts';
import { all, alone, one, run, type Work } from './work.ts';

/** The highest revision of each signed bundle that was ever in force, by the ids of bundles. */
export function* seenRevisions(): Work<ReadonlyMap<string, string>> {
  const rows = yield* all('select bundle, revision from bundle_revisions');
  return new Map(rows.map((row) => [String(row['bundle']), String(row['revision'])]));
}

/** Runs inside a transaction: a revision is in force. One that stands in no order, or before what was seen, leaves that as it is. */
export function* seeRevision(bundle: string, revision: string): Work<void> {
  yield* alone(() => [bundleName(bundle)]);
  const seen = (yield* seenRevisions()).get(bundle);
  if (seen === revision || (seen !== undefined && isBefore(seen, revision) !== true)) return;
  yield* write(bundle, revision);
}

/** Somebody has rolled the bundle back: from here on it counts from there. */
export function* returnToRevision(bundle: string, revision: string): Work<void> {
  const isKnown = (yield* one('select 1 from bundle_revisions where bundle = ?', bundle)) !== undefined;
  if (isKnown) yield* write(bundle, revision);
}

function* write(bundle: string, revision: string): Work<void> {
  yield* run(
    `insert into bundle_revisions (bundle, revision) values (?, ?)
       on conflict (bundle) do update set revision = excluded.revision`,
    bundle,
    isOrdered(revision) ? revision : '',
  );
}
