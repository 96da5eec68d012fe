import {
  type Approval,
  type ApprovalRef,
  type ApprovalStatus,
  APPROVAL_STATUSES,
  SESSION_MEMORY_MS,
  type ShownCall,
  type Vote,
} from '../core/approval.ts';
import { REMEMBER, type Remember } from '../core/opinion.ts';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all, type Work } from './work.ts';

/** What may bear on one call: its own approvals, and what is remembered of its tool. */
export interface ApprovalQuery {
  /** Hashes as in `ApprovalBinding`. */
  readonly call: string;
  readonly tool: string;
  readonly conversation: string;
  /** Who is to approve. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

export interface ApprovalFilter {
  readonly limit: number;
  readonly status?: ApprovalStatus | undefined;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

/** How much one person answers, and how fast: somebody who answers everything at once does not read it. */
export interface Answering {
  readonly person: string;
  /** Within the last hour. */
  readonly answers: number;
  /** Of these, those that approved. */
  readonly approved: number;
  /** From the question to the answer, of these. */
  readonly medianSeconds: number;
}

/** The approvals of a store, as they stand now. Newest first wherever there are several, what is open before that. */
export interface ApprovalBook {
  find(query: ApprovalQuery): Promise<readonly Approval[]>;
  /** Undefined where there is none. */
  read(ref: ApprovalRef, nowMs: number): Promise<Approval | undefined>;
  list(filter: ApprovalFilter): Promise<readonly Approval[]>;
  /** All that one decision has asked for, by its id or the beginning of it; of several decisions all. */
  byId(prefix: string, nowMs: number): Promise<readonly Approval[]>;
  answering(nowMs: number): Promise<readonly Answering[]>;
}

export function createApprovalBook(connection: StoreConnection): ApprovalBook {
  const query = (text: string, values: readonly (string | number)[], nowMs: number): Promise<readonly Approval[]> =>
    connection.ask(() => readApprovals(text, values, nowMs));
  return {
    find: async ({ call, tool, conversation, by, nowMs }) => [
      ...(await query(OF_CALL, [call, by, nowMs], nowMs)),
      ...(await query(REMEMBERED, [tool, by, nowMs, conversation, nowMs - SESSION_MEMORY_MS], nowMs)),
    ],
    read: async ({ id, by }, nowMs) => (await query(`${SELECT} where id = ? and approver = ?`, [id, by], nowMs))[0],
    list: ({ limit, status, nowMs }) => {
      const [where, values] = status === undefined ? ['', []] : [`where ${STATUS} = ?`, [nowMs, status]];
      return query(`${SELECT} ${where} ${NEWEST} limit ?`, [...values, limit], nowMs);
    },
    byId: (prefix, nowMs) => {
      const from = prefix.toLowerCase();
      return query(
        `${SELECT} where id >= ? and id < ? order by id, approver limit ${MOST_FOUND}`,
        [from, `${from}~`],
        nowMs,
      );
    },
    answering: async (nowMs) => await answeringOf(connection, nowMs),
  };
}

function* readApprovals(text: string, values: readonly (string | number)[], nowMs: number): Work<readonly Approval[]> {
  const approvals: Approval[] = [];
  for (const row of yield* all(text, ...values)) approvals.push(approvalOf(row, yield* votesOf(row), nowMs));
  return approvals;
}

const SELECT = 'select * from approvals';
const NEWEST = 'order by created desc, id desc, approver';
/** As it stands at a time: what is open or unused ends by itself. */
const STATUS = `case when status in ('pending', 'approved') and expires <= ? then 'expired' else status end`;
/** Of one call at most one is open, given or refused, and comes first; some before it may say why it was not. */
const OF_CALL = `${SELECT} where call = ? and approver = ?
  order by (status in ('pending', 'approved', 'denied') and expires > ?) desc, created desc limit 8`;
const REMEMBERED = `${SELECT} where tool = ? and approver = ? and remember <> 'never'
  and (status = 'used' or (status = 'approved' and expires > ?))
  and (remember = 'pin' or (conversation = ? and created > ?)) order by created desc limit 8`;
const MOST_FOUND = 100;

const VOTES = 'select * from approval_votes where id = ? and approver = ? order by at, person';

function* votesOf(row: SqlRow): Work<readonly Vote[]> {
  return (yield* all(VOTES, String(row['id']), String(row['approver']))).map((vote) => ({
    person: String(vote['person']),
    verdict: vote['verdict'] === 'approve' ? 'approve' : 'deny',
    via: VIAS.find((via) => via === vote['via']) ?? 'terminal',
    key: String(vote['key']),
    atMs: Number(vote['at']),
    reason: String(vote['reason']),
  }));
}

const VIAS: readonly Vote['via'][] = ['terminal', 'approver_key', 'dashboard', 'agent', 'gateway', 'configuration'];

function approvalOf(row: SqlRow, votes: readonly Vote[], nowMs: number): Approval {
  const text = (name: string): string => String(row[name]);
  const number = (name: string): number => Number(row[name]);
  return {
    id: text('id'),
    by: text('approver'),
    binding: { call: text('call'), tool: text('tool'), conversation: text('conversation') },
    requester: { agent: text('agent'), user: text('user'), login: text('login') },
    quorum: number('quorum'),
    remember: rememberOf(text('remember')),
    createdMs: number('created'),
    expiresMs: number('expires'),
    // What we wrote ourselves.
    shown: JSON.parse(text('shown')) as ShownCall,
    status: statusAt(text('status'), number('expires'), nowMs),
    votes,
    asked: number('asked'),
    lastAsked: text('last_asked'),
    uses: number('uses'),
    usedBy: text('used_by'),
    round: number('round'),
  };
}

function rememberOf(written: string): Remember {
  return REMEMBER.find((remember) => remember === written) ?? 'never';
}

function statusAt(written: string, expiresMs: number, nowMs: number): ApprovalStatus {
  const status = APPROVAL_STATUSES.find((known) => known === written) ?? 'expired';
  return (status === 'pending' || status === 'approved') && expiresMs <= nowMs ? 'expired' : status;
}

const HOUR_MS = 60 * 60 * 1000;

const ANSWERS = `select vote.person, vote.verdict, vote.at - approvals.created as waited from approval_votes as vote
  join approvals using (id, approver) where vote.at > ? order by vote.person, waited`;

async function answeringOf(connection: StoreConnection, nowMs: number): Promise<readonly Answering[]> {
  const waited = new Map<string, number[]>();
  const approved = new Map<string, number>();
  const rows = await connection.ask(() => all(ANSWERS, nowMs - HOUR_MS));
  for (const row of rows) {
    const person = String(row['person']);
    waited.set(person, [...(waited.get(person) ?? []), Number(row['waited'])]);
    if (row['verdict'] === 'approve') approved.set(person, (approved.get(person) ?? 0) + 1);
  }
  return [...waited].map(([person, times]) => ({
    person,
    answers: times.length,
    approved: approved.get(person) ?? 0,
    medianSeconds: Math.round((times[Math.floor((times.length - 1) / 2)] ?? 0) / 1000),
  }));
}
