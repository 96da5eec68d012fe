import { type Approval, type ApprovalFacts, approvalFacts, approversOf, type Vote } from '../core/approval.ts';
import { writeJson } from '../core/lossless-json.ts';
import { revealText } from '../policy/author-text.ts';

/** An approval as scripts get it. */
export interface ShownApproval extends ApprovalFacts {
  readonly action: string;
  /** Until the last answer; without one until now, or until its time was over. */
  readonly waited_seconds: number;
  readonly approved_by: readonly string[];
  readonly votes: readonly {
    readonly person: string;
    readonly verdict: Vote['verdict'];
    readonly via: Vote['via'];
    readonly key: string;
    readonly time: string;
    readonly reason: string;
    readonly after_seconds: number;
  }[];
  readonly asked: { readonly times: number; readonly first: string; readonly last: string };
  readonly used: { readonly times: number; readonly last: string };
}

export function shownApproval(approval: Approval, nowMs: number): ShownApproval {
  const { id, shown, createdMs, expiresMs, votes, asked, lastAsked } = approval;
  const endMs = votes.at(-1)?.atMs ?? Math.min(nowMs, expiresMs);
  return {
    ...approvalFacts(approval),
    action: shown.action,
    waited_seconds: secondsBetween(createdMs, endMs),
    approved_by: approversOf(approval),
    votes: votes.map(({ person, verdict, via, key, atMs, reason }) => {
      return {
        person,
        verdict,
        via,
        key,
        time: timeText(atMs),
        reason,
        after_seconds: secondsBetween(createdMs, atMs),
      };
    }),
    asked: { times: asked, first: id, last: lastAsked },
    used: { times: approval.uses, last: approval.usedBy },
  };
}

/** The exact call for a person who has to judge it: nothing cut, and nothing in it that would not be seen. */
export function callLines(approval: Approval, nowMs: number): readonly string[] {
  const { shown, requester } = approval;
  const { waited_seconds: waited, votes, expires } = shownApproval(approval, nowMs);
  const what = shown.tool === '' ? `${shown.action} ${shown.about}` : `the tool ${shown.tool}`;
  return [
    `${reveal(requester.agent)} for ${reveal(requester.user)} wants to use ${reveal(what)} of ${shown.server}`,
    ...Object.entries(shown.arguments).map(([name, value]) => `       ${reveal(name)}: ${reveal(writeJson(value))}`),
    ...shown.why.map((reason) => `why    ${reason}`),
    `needs  ${approval.quorum === 1 ? '' : `${approval.quorum} of `}${approval.by}; ${REMEMBERED[approval.remember]}`,
    `state  ${approval.status}, waited ${waited} s, open until ${expires}`,
    ...votes.map(({ person, verdict, via, key, time, reason }) => {
      const how = key === '' ? via : `${via} ${key}`;
      return `${verdict === 'approve' ? 'yes' : 'no '}    ${person} at ${time} (${how})${reason === '' ? '' : `: ${reason}`}`;
    }),
    `id     ${approval.id}`,
  ];
}

const REMEMBERED: Readonly<Record<Approval['remember'], string>> = {
  never: 'it runs once',
  session: 'then this tool is not asked about again in the session',
  pin: 'then this tool is not asked about again until it changes',
};

function reveal(text: string): string {
  return revealText(text, Number.MAX_SAFE_INTEGER);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(Math.round((toMs - fromMs) / 1000), 0);
}
