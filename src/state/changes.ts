import { isRefusal, type Change, type Made, type Refusal } from '../core/change.ts';
import { answerApproval, joinApproval, openApproval, returnApproval, useApproval } from './approvals.ts';
import { keepMaterial } from './audit-material.ts';
import { adjust, giveBack, type NoRoom, type Occasion, remainingAfter, take } from './budgets.ts';
import { returnToRevision } from './bundle-revisions.ts';
import type { LogRow } from './chain.ts';
import type { Database } from './driver.ts';
import { addKey, revokeKey } from './keys.ts';
import { addLink, useLink } from './sign-in-links.ts';
import { attachLabel, clearLabel } from './labels.ts';
import { beginPause, endPause } from './pauses.ts';
import { pinBundle, releaseBundle } from './policy-pins.ts';
import { endHolds, holdAll } from './reservations.ts';

/** What the commit of a row changes beside the log. */
export interface RowChanges {
  /** Place of the row in its group. */
  readonly row: number;
  /** Where one of them is refused, none is made and the row is not written. */
  readonly changes: readonly Change[];
}

/** Runs inside the transaction that writes the rows. Answers, by row, what became of its changes. */
export function makeChanges(
  database: Database,
  rows: readonly LogRow[],
  groups: readonly RowChanges[],
): ReadonlyMap<number, Made | Refusal> {
  return new Map(groups.map(({ row, changes }) => [row, makeAll(database, changes, occasionOf(rows[row]))]));
}

function occasionOf(row: LogRow | undefined): Occasion {
  return { id: row?.id ?? '', instance: row?.instance ?? '', now: Date.parse(row?.time ?? '') };
}

function makeAll(database: Database, changes: readonly Change[], occasion: Occasion): Made | Refusal {
  if (changes.every(isNeverRefused) || isOneTake(changes)) return tryAll(database, changes, occasion);
  database.prepare('savepoint changes').run();
  const answer = tryAll(database, changes, occasion);
  if (isRefusal(answer)) database.prepare('rollback to changes').run();
  database.prepare('release changes').run();
  return answer;
}

const NEVER_REFUSED: ReadonlySet<Change['kind']> = new Set([
  'give_back',
  'end_holds',
  'keep_audit',
  'return_approval',
  'add_key',
  'seal_log',
  'pin_bundle',
  'begin_pause',
]);

function isNeverRefused({ kind }: Change): boolean {
  return NEVER_REFUSED.has(kind);
}

/** The usual case. Alone, a take that is refused has changed nothing. */
function isOneTake(changes: readonly Change[]): boolean {
  return changes.length === 1 && changes[0]?.kind === 'take';
}

function tryAll(database: Database, changes: readonly Change[], occasion: Occasion): Made | Refusal {
  const refused: number[] = [];
  const fitsAtMs: (number | undefined)[] = [];
  changes.forEach((change, index) => {
    const refusal = make(database, change, occasion);
    if (refusal === undefined) return;
    refused.push(index);
    fitsAtMs.push(refusal.fitsAtMs);
  });
  if (refused.length === 0) {
    const charges = changes.flatMap((change) => (change.kind === 'take' ? [change.charge] : []));
    if (charges.length === 0) return NOTHING_TAKEN;
    holdAll(database, charges, occasion);
    return { remaining: remainingAfter(database, charges) };
  }
  return fitsAtMs.some((at) => at !== undefined) ? { refused, fitsAtMs } : { refused };
}

const NOTHING_TAKEN: Made = { remaining: [] };
const REFUSED: NoRoom = { fitsAtMs: undefined };

/** Answers only where it is refused. */
function make(database: Database, change: Change, occasion: Occasion): NoRoom | undefined {
  switch (change.kind) {
    case 'take':
      return take(database, change.charge, occasion);
    case 'give_back':
      giveBack(database, change.charge);
      return undefined;
    case 'end_holds':
      endHolds(database, change, occasion);
      return undefined;
    case 'adjust':
      return adjust(database, change, occasion.now) ? undefined : REFUSED;
    case 'attach_label':
      return attachLabel(database, change.label) ? undefined : REFUSED;
    case 'clear_label':
      return clearLabel(database, change.label) ? undefined : REFUSED;
    case 'keep_audit':
      keepMaterial(database, change.material);
      return undefined;
    case 'open_approval':
      return orRefused(openApproval(database, change.approval));
    case 'join_approval':
      return orRefused(joinApproval(database, change.join));
    case 'use_approval':
      return orRefused(useApproval(database, change.use));
    case 'return_approval':
      returnApproval(database, change.use);
      return undefined;
    case 'answer_approval':
      return orRefused(answerApproval(database, change.ref, change.vote));
    case 'add_key':
      addKey(database, change.key);
      return undefined;
    case 'revoke_key':
      return orRefused(revokeKey(database, change.id, change.atMs));
    case 'seal_log':
      database.prepare('insert into log_seals (last, line) values (?, ?)').run(change.last, change.line);
      return undefined;
    case 'pin_bundle':
      pinBundle(database, change.pin);
      returnToRevision(database, change.pin.bundle, change.revision);
      return undefined;
    case 'release_bundle':
      return orRefused(releaseBundle(database, change.bundle));
    case 'add_link':
      addLink(database, change.link);
      return undefined;
    case 'use_link':
      return orRefused(useLink(database, change.hash, change.nowMs));
    case 'begin_pause':
      beginPause(database, change.pause);
      return undefined;
    case 'end_pause':
      return orRefused(endPause(database));
  }
}

function orRefused(isMade: boolean): typeof REFUSED | undefined {
  return isMade ? undefined : REFUSED;
}
