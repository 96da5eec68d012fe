import type { ApprovalBinding, NewApproval, Requester, ShownCall } from '../core/approval.ts';
import type { Change } from '../core/change.ts';
import type { RequiredApproval } from '../core/decision.ts';
import { GatewayError } from '../core/errors.ts';
import type { ApprovalFact } from '../core/record.ts';
import type { ApprovalBook } from '../state/approval-book.ts';
import type { RecordKeeper } from './governing.ts';
import { keepChanging, keepRuling } from './keep-ruling.ts';
import type { Ruling } from './rule.ts';
import { weigh, type Weighed } from './weigh-approvals.ts';

export interface ApprovalParts {
  readonly book: ApprovalBook;
  readonly log: RecordKeeper;
  /** How long an approval stays open where no rule says, in milliseconds. */
  readonly timeoutMs: number;
}

/** A call that may need approvals. */
export interface Sought {
  readonly binding: ApprovalBinding;
  readonly requester: Requester;
  readonly shown: (ruling: Ruling) => ShownCall;
  /** Of a call that goes on after questions of its server: which round; 0 where it begins. */
  readonly round: number;
  /** Ids of approvals that the call has waited for. */
  readonly waitedFor: readonly string[];
}

/** Each try finds what others have changed meanwhile; whoever is overtaken so often meets a store that is not in order. */
const MOST_TRIES = 20;

/**
 * Commits a ruling as `keepRuling` does. Where it waits for approvals, it is first decided again with what is known of
 * them: it uses those that are given in the same transaction, or opens or joins those that are missing. Where somebody
 * was faster, it is decided once more.
 */
export async function keepApproved(ruling: Ruling, describe: () => Sought, parts: ApprovalParts): Promise<Ruling> {
  if (ruling.decision.effect !== 'pending') return keepRuling(ruling, parts.log);
  const sought = describe();
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const weighed = await weighAll(ruling, sought, parts);
    const kept = await keepWeighed(ruling, weighed, { sought, parts });
    if (kept !== undefined) return kept;
  }
  throw new GatewayError('STORE_UNAVAILABLE', 'an approval changes faster than a decision can be made of it');
}

async function weighAll(
  ruling: Ruling,
  sought: Sought,
  { book, timeoutMs }: ApprovalParts,
): Promise<readonly Weighed[]> {
  const { record } = ruling;
  const { binding, round, waitedFor } = sought;
  const { now: nowMs } = record.combine;
  const { conversation, call, tool } = binding;
  return Promise.all(
    record.obligations.approvals.map(async (required) => {
      const found = await book.find({ call, tool, conversation, by: required.by, nowMs });
      const expiresMs = endOf(required, nowMs, timeoutMs);
      return weigh(required, { found, call, conversation, decision: record.id, round, waitedFor, nowMs, expiresMs });
    }),
  );
}

interface Keeping {
  readonly sought: Sought;
  readonly parts: ApprovalParts;
}

async function keepWeighed(
  ruling: Ruling,
  weighed: readonly Weighed[],
  { sought, parts }: Keeping,
): Promise<Ruling | undefined> {
  const met = ruling.meet(weighed.map(({ fact }) => fact));
  switch (met.decision.effect) {
    case 'deny':
      return keepRuling(met, parts.log);
    case 'allow':
      return keepChanging(met, weighed.flatMap(changeOf), parts.log);
    case 'pending': {
      const waiting = ruling.meet(weighed.map(({ fact }) => withId(fact, ruling.record.id)));
      const open = weighed.filter(({ fact }) => fact.status === 'open');
      const changes = open.map(({ change, required }) => change ?? opening(required, waiting, { sought, parts }));
      return keepChanging(waiting, changes, parts.log);
    }
  }
}

function changeOf({ change }: Weighed): readonly Change[] {
  return change === undefined ? [] : [change];
}

/** What nobody has asked for yet is asked for by this decision. */
function withId(fact: ApprovalFact, id: string): ApprovalFact {
  return fact.status === 'open' && fact.id === undefined ? { ...fact, id } : fact;
}

function opening(required: RequiredApproval, waiting: Ruling, { sought, parts }: Keeping): Change {
  const { by, quorum, remember } = required;
  const { binding, requester, shown } = sought;
  const { id, combine } = waiting.record;
  const approval: NewApproval = {
    id,
    by,
    binding,
    requester,
    quorum,
    remember,
    createdMs: combine.now,
    expiresMs: endOf(required, combine.now, parts.timeoutMs),
    shown: shown(waiting),
  };
  return { kind: 'open_approval', approval };
}

function endOf({ ttl_s: seconds }: RequiredApproval, nowMs: number, timeoutMs: number): number {
  return nowMs + (seconds === 0 ? timeoutMs : seconds * 1000);
}
