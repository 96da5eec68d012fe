import type { ApprovalRef, NewApproval, Vote } from '../core/approval.ts';
import type { ApprovalJoin, ApprovalUse } from '../core/change.ts';
import { personOf } from '../core/person.ts';
import type { SqlRow } from './driver.ts';
import { all, one, run, type Work } from './work.ts';

/** Whether a call has an approval that is open, given or refused, and whose time is not over. */
const HAS_ONE = `select 1 from approvals
  where call = ? and approver = ? and status in ('pending', 'approved', 'denied') and expires > ? limit 1`;

const OPEN = `insert into approvals (id, approver, call, tool, conversation, agent, "user", login, quorum, remember, status,
  created, expires, shown, last_asked) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?)`;

const APPROVES = `(select count(*) from approval_votes as vote
  where vote.id = approvals.id and vote.approver = approvals.approver and vote.verdict = 'approve')`;

const JOIN = `update approvals
  set asked = asked + 1, last_asked = ?, quorum = max(quorum, ?), remember = ?, expires = min(expires, ?), status = 'pending'
  where id = ? and approver = ? and status in ('pending', 'approved') and expires > ? and ${APPROVES} < ?`;

const USE_ONCE = `update approvals set status = 'used', uses = uses + 1, used_by = ?, round = 0
  where id = ? and approver = ? and status in ('pending', 'approved') and expires > ? and ${APPROVES} >= ?`;

const USE_REMEMBERED = `update approvals set status = 'used', uses = uses + 1, used_by = ?
  where id = ? and approver = ? and remember <> 'never'
  and (status = 'used' or (status = 'approved' and expires > ?)) and ${APPROVES} >= ?`;

const USE_ROUND = `update approvals set used_by = ?, round = ?
  where id = ? and approver = ? and status = 'used' and round = ? and ${APPROVES} >= ?`;

const RETURN_ONCE = `update approvals set status = 'approved', uses = uses - 1, used_by = ''
  where id = ? and approver = ? and status = 'used' and used_by = ? and round = 0`;

const RETURN_ROUND = `update approvals set round = round - 1
  where id = ? and approver = ? and status = 'used' and used_by = ? and round = ?`;

/** False where this call has one already. */
export function* openApproval(approval: NewApproval): Work<boolean> {
  const { id, by, binding, requester, quorum, remember, createdMs, expiresMs, shown } = approval;
  if ((yield* one(HAS_ONE, binding.call, by, createdMs)) !== undefined) return false;
  yield* run(
    OPEN,
    id,
    by,
    binding.call,
    binding.tool,
    binding.conversation,
    requester.agent,
    requester.user,
    requester.login,
    quorum,
    remember,
    createdMs,
    expiresMs,
    JSON.stringify(shown),
    id,
  );
  return true;
}

/** False where it is not open any more, or has all the votes that are needed. */
export function* joinApproval(join: ApprovalJoin): Work<boolean> {
  const { ref, decision, quorum, remember, expiresMs, nowMs } = join;
  const changed = yield* run(JOIN, decision, quorum, remember, expiresMs, ref.id, ref.by, nowMs, quorum);
  return changed === 1;
}

/** False where it is not given, or used up. */
export function* useApproval({ ref, decision, quorum, how, nowMs }: ApprovalUse): Work<boolean> {
  if (how.kind === 'round') {
    const { round } = how;
    return (yield* run(USE_ROUND, decision, round, ref.id, ref.by, round - 1, quorum)) === 1;
  }
  const text = how.kind === 'once' ? USE_ONCE : USE_REMEMBERED;
  return (yield* run(text, decision, ref.id, ref.by, nowMs, quorum)) === 1;
}

/** What is remembered is there as before; what was used up is given, or ready for its round, once more. */
export function* returnApproval({ ref: { id, by }, decision, how }: ApprovalUse): Work<void> {
  if (how.kind === 'once') yield* run(RETURN_ONCE, id, by, decision);
  if (how.kind === 'round') yield* run(RETURN_ROUND, id, by, decision, how.round);
}

const FIND = 'select status, quorum, remember, expires from approvals where id = ? and approver = ?';

const VOTE = `insert into approval_votes (id, approver, person, verdict, via, key, at, reason) values (?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (id, approver, person) do update
  set verdict = excluded.verdict, via = excluded.via, key = excluded.key, at = excluded.at, reason = excluded.reason
  where approval_votes.verdict = 'approve' and excluded.verdict = 'deny'`;

const COUNT = `select count(*) as count from approval_votes where id = ? and approver = ? and verdict = 'approve'`;

const VOTERS = 'select person from approval_votes where id = ? and approver = ?';
/** A key may have been revoked since it was shown. */
const IS_REVOKED = 'select 1 from keys where id = ? and revoked is not null';

/**
 * False where the approval cannot be answered so any more, where the key is revoked, and where the person has answered.
 * One denial denies.
 */
export function* answerApproval({ id, by }: ApprovalRef, vote: Vote): Work<boolean> {
  const row = yield* one(FIND, id, by);
  if (row === undefined || !isAnswerable(row, vote)) return false;
  const { verdict, via, key, atMs, reason } = vote;
  if (key !== '' && (yield* one(IS_REVOKED, key)) !== undefined) return false;
  const person = yield* knownAs({ id, by }, vote.person);
  if ((yield* run(VOTE, id, by, person, verdict, via, key, atMs, reason)) !== 1) return false;
  const given = Number((yield* one(COUNT, id, by))?.['count']);
  const status = verdict === 'deny' ? 'denied' : given >= Number(row['quorum']) ? 'approved' : 'pending';
  yield* run('update approvals set status = ? where id = ? and approver = ?', status, id, by);
  return true;
}

/** Somebody who has answered under another spelling of the name is the same person. */
function* knownAs({ id, by }: ApprovalRef, person: string): Work<string> {
  const voters = (yield* all(VOTERS, id, by)).map((row) => String(row['person']));
  return voters.find((voter) => personOf(voter) === personOf(person)) ?? person;
}

/** One that was given can be taken back for as long as something may still run on it. */
function isAnswerable(row: SqlRow, { verdict, atMs }: Vote): boolean {
  const { status, remember, expires = 0 } = row;
  if (status === 'used') return verdict === 'deny' && remember !== 'never';
  if (Number(expires) <= atMs) return false;
  return status === 'pending' || (status === 'approved' && verdict === 'deny');
}
