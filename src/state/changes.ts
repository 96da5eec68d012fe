import { isRefusal, type Change, type Made, type Refusal } from '../core/change.ts';
import { keepMaterial } from './audit-material.ts';
import { giveBack, take } from './budgets.ts';
import type { Database } from './driver.ts';
import { attachLabel, clearLabel } from './labels.ts';

/** What the commit of a row changes beside the log. */
export interface RowChanges {
  /** Place of the row in its group. */
  readonly row: number;
  /** Where one of them is refused, none is made and the row is not written. */
  readonly changes: readonly Change[];
}

/** Runs inside the transaction that writes the rows. Answers, by row, what became of its changes. */
export function makeChanges(database: Database, groups: readonly RowChanges[]): ReadonlyMap<number, Made | Refusal> {
  return new Map(groups.map(({ row, changes }) => [row, makeAll(database, changes)]));
}

function makeAll(database: Database, changes: readonly Change[]): Made | Refusal {
  database.prepare('savepoint changes').run();
  const answer = tryAll(database, changes);
  if (isRefusal(answer)) database.prepare('rollback to changes').run();
  database.prepare('release changes').run();
  return answer;
}

function tryAll(database: Database, changes: readonly Change[]): Made | Refusal {
  const refused: number[] = [];
  const remaining: (number | undefined)[] = [];
  changes.forEach((change, index) => {
    const answer = make(database, change);
    if (answer === REFUSED) refused.push(index);
    else remaining.push(answer);
  });
  return refused.length > 0 ? { refused } : { remaining };
}

const REFUSED = Symbol('refused');

/** What is left of a limit, `REFUSED`, or nothing where there is nothing to say. */
function make(database: Database, change: Change): number | typeof REFUSED | undefined {
  switch (change.kind) {
    case 'take':
      return take(database, change.charge) ?? REFUSED;
    case 'give_back':
      giveBack(database, change.charge);
      return undefined;
    case 'attach_label':
      return attachLabel(database, change.label) ? undefined : REFUSED;
    case 'clear_label':
      return clearLabel(database, change.label) ? undefined : REFUSED;
    case 'keep_audit':
      keepMaterial(database, change.material);
      return undefined;
  }
}
