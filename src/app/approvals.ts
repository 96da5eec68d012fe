import type { Act } from '../core/act.ts';
import { type Approval, type Approver, objectionTo, type Vote } from '../core/approval.ts';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import type { ApprovalBook } from '../state/approval-book.ts';
import type { DecisionReader } from '../state/decision-reader.ts';
import type { Store } from '../state/store.ts';

export interface ApprovalSearch {
  readonly book: Pick<ApprovalBook, 'byId'>;
  readonly decisions: Pick<DecisionReader, 'find'>;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** By the id of the approval, or of any decision that waits for it or ran on it. Throws RECORD_NOT_FOUND. */
export async function findApprovals(
  id: string,
  { book, decisions, nowMs }: ApprovalSearch,
): Promise<readonly Approval[]> {
  const direct = await book.byId(id, nowMs);
  if (direct.length > 0) return onlyOne(id, direct);
  const record = await decisions.find(id).catch(() => undefined);
  const named = new Set(record?.combine.approvals.flatMap((fact) => fact.id ?? []));
  const found = await Promise.all([...named].map((one) => book.byId(one, nowMs)));
  if (found.flat().length > 0) return found.flat();
  throw new GatewayError('RECORD_NOT_FOUND', `there is no approval ${id}`, {
    mend: '`mcp-gateway approval ls` shows the latest.',
  });
}

function onlyOne(prefix: string, found: readonly Approval[]): readonly Approval[] {
  const ids = [...new Set(found.map(({ id }) => id))];
  if (ids.length === 1) return found;
  throw new GatewayError('RECORD_NOT_FOUND', `more than one approval begins with ${prefix}`, {
    mend: `Give more of the id, such as ${ids.slice(0, MOST_EXAMPLES).join(', ')}.`,
  });
}

const MOST_EXAMPLES = 4;

/** Who answers an approval from outside of any client, and how the gateway knows. */
export interface Answerer extends Approver {
  readonly actor: Act['actor'];
  readonly via: 'terminal' | 'approver_key' | 'dashboard';
  /** Id of the key; empty where there is none. */
  readonly key: string;
}

/** Of those that one decision asks for, the ones that this person may answer. Throws NOT_AN_APPROVER. */
export function answerable(found: readonly Approval[], answerer: Approver): readonly Approval[] {
  const objections = found.map((approval) => objectionTo(answerer, approval));
  const answered = found.filter((_, index) => objections[index] === undefined);
  if (answered.length > 0) return answered;
  throw new GatewayError('NOT_AN_APPROVER', objections.join('; '), {
    mend: 'Groups are in the configuration under approvals.groups; a key has those that it was made with.',
  });
}

export interface Recording {
  readonly answerer: Answerer;
  readonly verdict: Vote['verdict'];
  /** As the person gave it; may be empty. */
  readonly reason: string;
  readonly store: Pick<Store, 'log'>;
  readonly actOf: (part: Omit<Act, 'id' | 'time' | 'actor' | 'via'>) => Act;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Records an answer and counts it, or neither. Throws APPROVAL_CLOSED. */
export async function recordAnswer(approval: Approval, recording: Recording): Promise<void> {
  const { answerer, verdict, reason, store, actOf, nowMs } = recording;
  const { id, by, status } = approval;
  const { person, via, key, actor } = answerer;
  const act = actOf({
    verb: `approval.${verdict}`,
    subject: id,
    before: { by, status },
    after: { by, verdict, person },
    reason,
  });
  const vote: Vote = { person, verdict, via, key, atMs: nowMs, reason };
  const ref = { id, by };
  const made = await store.log.act({ ...act, actor, via }, [{ kind: 'answer_approval', ref, vote }]);
  if (isRefusal(made)) throw closed(approval, person);
}

function closed({ id, status, votes }: Approval, person: string): GatewayError {
  const hasVoted = status === 'pending' && votes.some((vote) => vote.person === person);
  const why = hasVoted ? `${person} has answered it already` : `it is ${status === 'pending' ? 'over' : status}`;
  return new GatewayError('APPROVAL_CLOSED', `the approval ${id} cannot be answered so: ${why}`, {
    mend: 'When the agent makes the call again, it is asked for anew.',
  });
}
