import type { Via } from './act.ts';
import type { JsonObject } from './json.ts';
import type { Remember } from './opinion.ts';
import { personOf } from './person.ts';

export const APPROVAL_STATUSES = ['pending', 'approved', 'denied', 'used', 'expired'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** Names one approval. One decision may ask several people, each for an approval of its own. */
export interface ApprovalRef {
  /** Id of the decision that first asked. */
  readonly id: string;
  /** `user` or `group:<name>`. */
  readonly by: string;
}

/** What an approval is good for. */
export interface ApprovalBinding {
  /** SHA-256 of action, server, thing, pin, arguments and principal, hex: exactly this call. */
  readonly call: string;
  /** The same without the arguments: what is spared the question where the answer is remembered. */
  readonly tool: string;
  /** In which one that is remembered for a session counts. */
  readonly conversation: string;
}

/** Who wants the call. */
export interface Requester {
  readonly agent: string;
  readonly user: string;
  /** The user of the operating system in whose name the gateway runs; empty where that says nothing about who asks. */
  readonly login: string;
}

/** The call as an approver sees it: masked as in the record. */
export interface ShownCall {
  readonly action: string;
  readonly server: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  /** Of what is no tool: URI, prompt or reference. */
  readonly about: string;
  /** Name and version of the client. */
  readonly client: string;
  /** Why it is asked, rule by rule. */
  readonly why: readonly string[];
}

/** Times are milliseconds since the epoch. */
export interface NewApproval extends ApprovalRef {
  readonly binding: ApprovalBinding;
  readonly requester: Requester;
  readonly quorum: number;
  readonly remember: Remember;
  readonly createdMs: number;
  /** The first millisecond at which it no longer holds. */
  readonly expiresMs: number;
  readonly shown: ShownCall;
}

export interface Approval extends NewApproval {
  readonly status: ApprovalStatus;
  readonly votes: readonly Vote[];
  /** How many decisions have waited for it, and the last of them. */
  readonly asked: number;
  readonly lastAsked: string;
  /** How many calls have run on it, and the decision that allowed the last of them. */
  readonly uses: number;
  readonly usedBy: string;
  /** Of the call that used it, the last round of questions that went on. */
  readonly round: number;
}

export interface Vote {
  readonly person: string;
  readonly verdict: 'approve' | 'deny';
  readonly via: Via;
  /** Id of the approver's key; empty where there was none. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly reason: string;
}

/** Somebody who wants to answer. */
export interface Approver {
  readonly person: string;
  readonly groups: readonly string[];
}

/** How long an approval that is remembered for a session is remembered at most: some sessions never end. */
export const SESSION_MEMORY_MS = 8 * 60 * 60 * 1000;

/** Who has approved, in the order in which they did. */
export function approversOf({ votes }: Pick<Approval, 'votes'>): readonly string[] {
  return votes.flatMap(({ person, verdict }) => (verdict === 'approve' ? [person] : []));
}

/**
 * Why somebody may not answer an approval; undefined where nothing is in the way. The user confirms for itself; for a
 * group answers a member that is not who asks, however the name is written.
 */
export function objectionTo(
  { person, groups }: Approver,
  { by, requester }: Pick<Approval, 'by' | 'requester'>,
): string | undefined {
  const name = personOf(person);
  if (name === '') return 'it is not known who answers';
  const requesters = [requester.user, requester.login];
  if (by === 'user') return requesters.includes(person) ? undefined : `only ${requester.user} can confirm this call`;
  if (requesters.some((one) => personOf(one) === name)) return 'who asks for a call cannot answer for a group';
  const group = by.slice('group:'.length);
  return groups.includes(group) ? undefined : `${person} is not in the group ${group}`;
}

/** What is told of an approval to everybody who may see it. */
export interface ApprovalFacts extends Pick<Approval, 'id' | 'by' | 'status' | 'quorum' | 'remember'> {
  readonly server: string;
  readonly tool: string;
  readonly about: string;
  readonly arguments: JsonObject;
  readonly why: readonly string[];
  readonly agent: string;
  readonly user: string;
  readonly client: string;
  /** RFC 3339, as all times here. */
  readonly created: string;
  readonly expires: string;
}

export function approvalFacts(approval: Approval): ApprovalFacts {
  const { id, by, status, quorum, remember, shown, requester, createdMs, expiresMs } = approval;
  const { server, tool, about, arguments: args, why, client } = shown;
  const call = { server, tool, about, arguments: args, why, agent: requester.agent, user: requester.user, client };
  const created = new Date(createdMs).toISOString();
  const expires = new Date(expiresMs).toISOString();
  return { id, by, status, quorum, remember, ...call, created, expires };
}
