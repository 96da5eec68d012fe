import type { JoinedObligations, RequiredApproval } from '../core/decision.ts';
import type { ApprovalFact, SealedRecord } from '../core/record.ts';
import { bucketOf } from '../policy/obligations.ts';
import { timeText } from './record-words.ts';

/** What the gateway had to carry out with this decision, and what came of it; one text for each obligation. */
export function explainDuties(record: SealedRecord): readonly string[] {
  const { audit_required, redact, approvals, counters, rate_limits, deadline_ms, labels } = record.obligations;
  return [
    ...(audit_required ? [auditText(record)] : []),
    ...(redact.record.length > 0 ? [`kept out of the record: ${redact.record.join(', ')}`] : []),
    ...(redact.result.length > 0 ? [onForward(record, `kept out of the result: ${redact.result.join(', ')}`)] : []),
    ...approvals.map((approval) => approvalText(record, approval)),
    ...counters.map(({ counter, cost }) => `${cost} charged to ${counter}: ${roomText(record, counter)}`),
    ...rate_limits.map((rate) => `${limitText(rate)}: ${roomText(record, bucketOf(rate))}`),
    ...(deadline_ms > 0 ? [onForward(record, `an answer within ${deadline_ms} ms`)] : []),
    ...labels.map(({ label, ttl_s }) => onForward(record, `label ${label}${ttl_s > 0 ? ` for ${ttl_s} s` : ''}`)),
  ];
}

function auditText({ lifted }: SealedRecord): string {
  return lifted.length > 0 ? 'kept for the audit, as all that a permit lifts' : 'kept for the audit';
}

function onForward({ effect }: SealedRecord, text: string): string {
  return effect === 'allow' ? text : `${text} (not come to that)`;
}

function approvalText({ combine, effect }: SealedRecord, { by, quorum, ttl_s, remember }: RequiredApproval): string {
  const fact = combine.approvals.find((one) => one.by === by);
  const status = {
    met: 'given',
    open: 'not there yet',
    denied: 'refused',
    expired: 'not given in time',
    none: effect === 'deny' ? 'not asked for, because it is denied anyhow' : 'not there yet',
  }[fact?.status ?? 'none'];
  const terms = [
    quorum > 1 ? `${quorum} people` : '',
    ttl_s > 0 ? `within ${ttl_s} s` : '',
    remember === 'never' ? '' : `remembered for the ${remember}`,
  ].filter((text) => text !== '');
  const asked = `approval by ${by}${terms.length > 0 ? ` (${terms.join(', ')})` : ''}`;
  return `${asked}: ${status}${fact === undefined ? '' : storyOf(fact)}`;
}

/** Who has approved so far, and the id under which the approval and all decisions about it are found. */
function storyOf({ approved_by: approved = [], id }: ApprovalFact): string {
  const who = approved.length === 0 ? '' : `, approved by ${approved.join(', ')}`;
  return `${who}${id === undefined ? '' : `; approval ${id}`}`;
}

function limitText({ limit, window_s, key }: JoinedObligations['rate_limits'][number]): string {
  return `at most ${limit} in ${window_s} s for each ${key.join(', ')}`;
}

function roomText({ combine, effect }: SealedRecord, counter: string): string {
  const fact = combine.reservations.find((one) => one.counter === counter);
  if (fact === undefined) return effect === 'allow' ? 'counted' : 'not counted';
  const until = fact.resets_at === '' ? '' : `, begins anew ${timeText(fact.resets_at)}`;
  return `${fact.status === 'reserved' ? 'there was room' : 'no room'}${until}`;
}
