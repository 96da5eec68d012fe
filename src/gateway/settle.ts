import type { Change } from '../core/change.ts';
import { messageOf } from '../core/errors.ts';
import type { Outcome } from '../core/record.ts';
import { auditMaterial } from './carry-out.ts';
import type { Ended } from './dialogue.ts';
import type { Forwarded } from './forward.ts';
import { costsIn } from './found-costs.ts';
import type { Governing } from './governing.ts';
import type { Ruling } from './rule.ts';

interface Settling {
  readonly recordUs: number;
  readonly governing: Governing;
}

/** Says for the record what became of a request, what it cost, and what is kept of its result. Never throws. */
export function settle({ record, charges }: Ruling, forwarded: Forwarded, { recordUs, governing }: Settling): void {
  const { log } = governing;
  const outcomeOf = ({ status, ms }: Ended, withheld: boolean): Outcome => {
    return { id: record.id, status, withheld, ms, record_us: recordUs, settled: [] };
  };
  if (forwarded.kind === 'said') {
    void forwarded.ended.then((ended) => log.settle(outcomeOf(ended, false)));
    return;
  }
  const outcome = outcomeOf(forwarded, isWithheld(forwarded));
  const costs = costsIn(charges, forwarded);
  const material = materialOf(forwarded, record.id, governing);
  if (material === undefined) log.settle(outcome, NO_CHANGES, costs);
  else log.settle({ audit_hash: material.hash, ...outcome }, [{ kind: 'keep_audit', material }], costs);
}

const NO_CHANGES: readonly Change[] = [];

function isWithheld(forwarded: Forwarded): boolean {
  return forwarded.kind === 'answered' && forwarded.judged?.withheld !== undefined;
}

/** The call has run, so its outcome is kept also where its result cannot be. */
function materialOf(forwarded: Forwarded, id: string, { court, logger }: Governing): ReturnType<typeof auditMaterial> {
  try {
    return auditMaterial(forwarded, id, court);
  } catch (thrown) {
    logger.error('a result could not be kept for the audit', { decision: id, problem: messageOf(thrown) });
    return undefined;
  }
}
