import { isRefusal, type Change, type Made, type Refusal } from '../core/change.ts';
import { answerApproval, joinApproval, openApproval, returnApproval, useApproval } from './approvals.ts';
import { keepMaterial } from './audit-material.ts';
import { adjust, giveBack, type NoRoom, type Occasion, remainingAfter, take } from './budgets.ts';
import { returnToRevision } from './bundle-revisions.ts';
import type { LogRow } from './chain.ts';
import { addKey, revokeKey } from './keys.ts';
import { addLink, useLink } from './sign-in-links.ts';
import { attachLabel, clearLabel } from './labels.ts';
import { beginPause, endPause } from './pauses.ts';
import { pinBundle, releaseBundle } from './policy-pins.ts';
import { endHolds, holdAll } from './reservations.ts';
import { touched } from './touched.ts';
import { alone, run, type Work } from './work.ts';

/** What the commit of a row changes beside the log. */
export interface RowChanges {
  /** Place of the row in its group. */
  readonly row: number;
  /** Where one of them is refused, none is made and the row is not written. */
  readonly changes: readonly Change[];
}

/** Runs inside the transaction that writes the rows. Answers, by row, what became of its changes. */
export function* makeChanges(
  rows: readonly LogRow[],
  groups: readonly RowChanges[],
): Work<ReadonlyMap<number, Made | Refusal>> {
  yield* alone(() => touched(groups.flatMap(({ changes }) => changes)));
  const answers = new Map<number, Made | Refusal>();
  for (const { row, changes } of groups) answers.set(row, yield* makeAll(changes, occasionOf(rows[row])));
  return answers;
}

function occasionOf(row: LogRow | undefined): Occasion {
  return { id: row?.id ?? '', instance: row?.instance ?? '', now: Date.parse(row?.time ?? '') };
}

function* makeAll(changes: readonly Change[], occasion: Occasion): Work<Made | Refusal> {
  if (changes.every(isNeverRefused) || isOneTake(changes)) return yield* tryAll(changes, occasion);
  yield* run('savepoint changes');
  const answer = yield* tryAll(changes, occasion);
  if (isRefusal(answer)) yield* run('rollback to changes');
  yield* run('release changes');
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

function* tryAll(changes: readonly Change[], occasion: Occasion): Work<Made | Refusal> {
  const refused: number[] = [];
  const fitsAtMs: (number | undefined)[] = [];
  for (const [index, change] of changes.entries()) {
    const refusal = yield* make(change, occasion);
    if (refusal === undefined) continue;
    refused.push(index);
    fitsAtMs.push(refusal.fitsAtMs);
  }
  if (refused.length === 0) {
    const charges = changes.flatMap((change) => (change.kind === 'take' ? [change.charge] : []));
    if (charges.length === 0) return NOTHING_TAKEN;
    yield* holdAll(charges, occasion);
    return { remaining: yield* remainingAfter(charges) };
  }
  return fitsAtMs.some((at) => at !== undefined) ? { refused, fitsAtMs } : { refused };
}

const NOTHING_TAKEN: Made = { remaining: [] };
const REFUSED: NoRoom = { fitsAtMs: undefined };

/** Answers only where it is refused. */
function* make(change: Change, occasion: Occasion): Work<NoRoom | undefined> {
  switch (change.kind) {
    case 'take':
      return yield* take(change.charge, occasion);
    case 'give_back':
      yield* giveBack(change.charge);
      return undefined;
    case 'end_holds':
      yield* endHolds(change, occasion);
      return undefined;
    case 'adjust':
      return orRefused(yield* adjust(change, occasion.now));
    case 'attach_label':
      return orRefused(yield* attachLabel(change.label));
    case 'clear_label':
      return orRefused(yield* clearLabel(change.label));
    case 'keep_audit':
      yield* keepMaterial(change.material);
      return undefined;
    case 'open_approval':
      return orRefused(yield* openApproval(change.approval));
    case 'join_approval':
      return orRefused(yield* joinApproval(change.join));
    case 'use_approval':
      return orRefused(yield* useApproval(change.use));
    case 'return_approval':
      yield* returnApproval(change.use);
      return undefined;
    case 'answer_approval':
      return orRefused(yield* answerApproval(change.ref, change.vote));
    case 'add_key':
      yield* addKey(change.key);
      return undefined;
    case 'revoke_key':
      return orRefused(yield* revokeKey(change.id, change.atMs));
    case 'seal_log':
      yield* run('insert into log_seals (last, line) values (?, ?)', change.last, change.line);
      return undefined;
    case 'pin_bundle':
      yield* pinBundle(change.pin);
      yield* returnToRevision(change.pin.bundle, change.revision);
      return undefined;
    case 'release_bundle':
      return orRefused(yield* releaseBundle(change.bundle));
    case 'add_link':
      yield* addLink(change.link);
      return undefined;
    case 'use_link':
      return orRefused(yield* useLink(change.hash, change.nowMs));
    case 'begin_pause':
      yield* beginPause(change.pause);
      return undefined;
    case 'end_pause':
      return orRefused(yield* endPause());
  }
}

function orRefused(isMade: boolean): typeof REFUSED | undefined {
  return isMade ? undefined : REFUSED;
}
