import type { Act } from '../core/act.ts';
import type { DecisionRecord } from '../core/record.ts';
import type { LogRow } from './chain.ts';
import { actRow, decisionRow, isWellFormed, outcomeRowOf } from './log-rows.ts';

/**
 * Which part of a row was changed, in words. What is searched for stands in columns and in the body alike: where the
 * columns that the body gives make the row whole again, only the columns were changed.
 */
export function editedPart(row: LogRow, isWhole: (row: LogRow) => boolean): string {
  const written = rowOfBody(row);
  if (written === undefined || !isWellFormed(written)) return 'its body is no record any more';
  const changed = COLUMNS.filter((name) => row[name] !== written[name]);
  if (changed.length > 0 && isWhole(written)) return `somebody has changed ${changed.join(', ')}`;
  return changed.length === 0 ? `its body, its kind or its place was changed` : 'its body and its columns disagree';
}

const COLUMNS = [
  'id',
  'time',
  'effect',
  'status',
  'server',
  'tool',
  'reasons',
  'action',
  'agent',
  'user',
  'session',
  'us',
] as const satisfies readonly (keyof LogRow)[];

/** The row that a gateway would write with this body; what the body does not say stays as it is. */
function rowOfBody(row: LogRow): LogRow | undefined {
  const { kind, body, instance, time } = row;
  try {
    const value: unknown = JSON.parse(body);
    if (kind === 'decision') return decisionRow(value as DecisionRecord, body, instance);
    if (kind === 'act') return { ...actRow(value as Act, instance), body };
    return outcomeRowOf(body, { time, instance });
  } catch {
    return undefined;
  }
}
