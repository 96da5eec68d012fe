import { type Approval, approvalFacts, type ApprovalStatus, objectionTo } from '../core/approval.ts';
import { GatewayError } from '../core/errors.ts';
import type { ApprovalsView, ApprovalView } from '../dashboard/api-connected.ts';
import type { Person } from '../dashboard/port.ts';
import { answerable, findApprovals, recordAnswer } from './approvals.ts';
import { actOf, type DashboardParts } from './dashboard-parts.ts';

const MOST_SHOWN = 200;

/** What waits, and what was answered; and how fast who answers how much. */
export async function approvalsView(
  { reads, clock }: DashboardParts,
  status: ApprovalStatus | undefined,
  person: Person,
): Promise<ApprovalsView> {
  const nowMs = clock.now();
  const [approvals, answering] = await Promise.all([
    reads.approvals({ limit: MOST_SHOWN, status, nowMs }),
    reads.answering(nowMs),
  ]);
  return {
    approvals: approvals.map((approval) => viewOf(approval, person)),
    answering: answering.map(({ person: who, answers, medianSeconds, approved }) => ({
      person: who,
      count: answers,
      medianSeconds,
      approvedShare: answers === 0 ? 0 : approved / answers,
    })),
  };
}

export interface GivenAnswer {
  /** Of the approval, or of a decision that waits for it. */
  readonly id: string;
  readonly verdict: 'approve' | 'deny';
  readonly reason: string;
}

/** Answers what the person may answer of it, under the rules of the commands; recorded with the person. */
export async function answerApproval(
  parts: DashboardParts,
  { id, verdict, reason }: GivenAnswer,
  person: Person,
): Promise<readonly ApprovalView[]> {
  if (!person.may.includes('approve')) {
    throw new GatewayError('NOT_AN_APPROVER', `${person.name} may not answer approvals here`);
  }
  const { store, reads, clock } = parts;
  const nowMs = clock.now();
  const found = await findApprovals(id, { book: store.approvals, decisions: reads, nowMs });
  const approver = approverOf(person);
  const approvals = answerable(found, approver);
  const { actor, key } = person;
  const answerer = { ...approver, actor, key, via: 'dashboard' } as const;
  const recording = { answerer, verdict, reason, store, nowMs, actOf: (part: ActPart) => actOf(parts, person, part) };
  for (const approval of approvals) await recordAnswer(approval, recording);
  const now = await Promise.all(approvals.map((approval) => store.approvals.read(approval, clock.now())));
  return now.flatMap((approval) => (approval === undefined ? [] : [viewOf(approval, person)]));
}

type ActPart = Parameters<typeof actOf>[2];

function approverOf({ name, groups }: Person): { readonly person: string; readonly groups: readonly string[] } {
  return { person: name, groups };
}

function viewOf(approval: Approval, person: Person): ApprovalView {
  const { status, votes } = approval;
  const hasVoted = votes.some((vote) => vote.person === person.name);
  const isOpen = status === 'pending' || status === 'approved';
  return {
    ...approvalFacts(approval),
    votes: votes.map((vote) => ({
      person: vote.person,
      verdict: vote.verdict,
      time: new Date(vote.atMs).toISOString(),
      reason: vote.reason,
    })),
    mayAnswer:
      isOpen && !hasVoted && person.may.includes('approve') && objectionTo(approverOf(person), approval) === undefined,
  };
}
