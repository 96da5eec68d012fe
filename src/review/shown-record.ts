import { phaseOf } from '../core/action.ts';
import type { DecisionRecord, OutcomeStatus, SealedRecord } from '../core/record.ts';

/** A record as scripts get it: always with an outcome, so that nobody has to ask whether there is one. */
export type ShownRecord = SealedRecord & { readonly outcome: NonNullable<SealedRecord['outcome']> };

/** Where no outcome was recorded, `seq` is 0 and the hash is empty. */
export function shownRecord(record: SealedRecord): ShownRecord {
  return { ...record, outcome: record.outcome ?? noOutcome(record) };
}

/** What stands for the outcome of a record that has none. */
export function noOutcome(record: DecisionRecord): ShownRecord['outcome'] {
  const none = { id: record.id, withheld: false, ms: 0, record_us: 0, settled: [], seq: 0, hash: '' };
  return { ...none, status: statusWithout(record) };
}

/** A call that may have gone out and of which nothing came back is unknown, whether it still runs or not. */
function statusWithout({ effect, action }: DecisionRecord): OutcomeStatus {
  if (effect !== 'allow' || action === 'method') return 'not_forwarded';
  const phase = phaseOf(action);
  return phase === 'request' || phase === 'server_initiated' ? 'unknown' : 'not_forwarded';
}
