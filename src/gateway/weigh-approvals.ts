import { type Approval, type ApprovalRef, approversOf, SESSION_MEMORY_MS } from '../core/approval.ts';
import type { ApprovalUse, Change } from '../core/change.ts';
import type { RequiredApproval } from '../core/decision.ts';
import { REMEMBER, type Remember } from '../core/opinion.ts';
import type { ApprovalFact } from '../core/record.ts';

/** What one required approval stands at, and what the decision that relies on it changes. */
export interface Weighed {
  readonly fact: ApprovalFact;
  readonly required: RequiredApproval;
  /** Met: uses it. Open: joins it; absent where one has to be opened. Absent where it is refused. */
  readonly change: Change | undefined;
}

export interface Weighing {
  /** What the store has of this call and its tool for whom is asked; newest first. */
  readonly found: readonly Approval[];
  /** Hash of exactly this call. */
  readonly call: string;
  readonly conversation: string;
  /** Id of the decision that is being made. */
  readonly decision: string;
  /** Of a call that goes on after questions of its server: which round; 0 where it begins. */
  readonly round: number;
  /** Ids of approvals that the call has waited for. */
  readonly waitedFor: readonly string[];
  readonly nowMs: number;
  readonly expiresMs: number;
}

/**
 * How one approval that is required stands.
 *
 * A call that goes on is the one that was approved. A refusal of this very call comes before what is remembered of its
 * tool. What is required now counts, not what was required when it was asked.
 */
export function weigh(required: RequiredApproval, weighing: Weighing): Weighed {
  const { by, quorum } = required;
  const { found, round, waitedFor, nowMs, decision } = weighing;
  const own = found.filter(({ binding }) => binding.call === weighing.call);
  const hasVotes = (approval: Approval): boolean => approversOf(approval).length >= quorum;
  const use = (approval: Approval, how: ApprovalUse['how']): Weighed => {
    const change = { kind: 'use_approval', use: { ref: refOf(approval), decision, quorum, how, nowMs } } as const;
    return { fact: { ...factOf(approval), status: 'met' }, required, change };
  };

  const begun =
    round > 0 ? own.find((approval) => approval.status === 'used' && approval.round === round - 1) : undefined;
  if (begun !== undefined && hasVotes(begun)) return use(begun, { kind: 'round', round });
  const refused = own.find(({ status, expiresMs }) => status === 'denied' && expiresMs > nowMs);
  if (refused !== undefined) return { fact: { ...factOf(refused), status: 'denied' }, required, change: undefined };
  const given = own.find((approval) => isOpen(approval) && hasVotes(approval));
  if (given !== undefined && required.remember === 'never') return use(given, { kind: 'once' });
  const remembered = found.find((approval) => isRemembered(approval, required, weighing) && hasVotes(approval));
  if (remembered !== undefined) return use(remembered, { kind: 'remembered' });
  if (given !== undefined) return use(given, { kind: 'once' });

  const late = own.find(({ id, status }) => status === 'expired' && waitedFor.includes(id));
  if (late !== undefined) return { fact: { ...factOf(late), status: 'expired' }, required, change: undefined };
  const open = own.find(isOpen);
  if (open === undefined) return { fact: { by, status: 'open' }, required, change: undefined };
  return { fact: { ...factOf(open), status: 'open' }, required, change: joining(open, required, weighing) };
}

function joining(open: Approval, required: RequiredApproval, { decision, expiresMs, nowMs }: Weighing): Change {
  const remember = strictest(open.remember, required.remember);
  return {
    kind: 'join_approval',
    join: { ref: refOf(open), decision, quorum: required.quorum, remember, expiresMs, nowMs },
  };
}

function isOpen({ status }: Approval): boolean {
  return status === 'pending' || status === 'approved';
}

/** By what its approvers were told and by what is asked now; of both the stricter holds. */
function isRemembered(approval: Approval, { remember }: RequiredApproval, weighing: Weighing): boolean {
  const { status, binding, createdMs } = approval;
  if (status !== 'approved' && status !== 'used') return false;
  const scope = strictest(approval.remember, remember);
  if (scope === 'pin') return true;
  const isOfSession = binding.conversation === weighing.conversation;
  return scope === 'session' && isOfSession && createdMs > weighing.nowMs - SESSION_MEMORY_MS;
}

function strictest(left: Remember, right: Remember): Remember {
  return REMEMBER.indexOf(left) <= REMEMBER.indexOf(right) ? left : right;
}

function refOf({ id, by }: Approval): ApprovalRef {
  return { id, by };
}

function factOf(approval: Approval): Pick<ApprovalFact, 'by' | 'id' | 'approved_by'> {
  const approved = approversOf(approval);
  return { by: approval.by, id: approval.id, ...(approved.length === 0 ? {} : { approved_by: approved }) };
}
