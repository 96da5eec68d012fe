import type { Act } from '../core/act.ts';
import { ACTION_PHASES } from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import type { DecisionRecord, Outcome } from '../core/record.ts';
import type { LogRow } from './chain.ts';

/** Actions that go out once they are allowed, so that an outcome must follow. Lists and results have none. */
export const FORWARDED_ACTIONS: readonly string[] = Object.entries(ACTION_PHASES)
  .filter(([, phase]) => phase === 'request' || phase === 'server_initiated')
  .map(([action]) => action);

/** The row of a decision: what is searched for in columns, the whole record as its body, which is its JSON text. */
export function decisionRow(record: DecisionRecord, body: string, instance: string): LogRow {
  return {
    kind: 'decision',
    id: record.id,
    time: record.time,
    instance,
    effect: record.effect,
    status: '',
    server: record.server,
    tool: record.tool,
    reasons: record.reasons.join(' '),
    action: record.action,
    agent: record.principal.agent.id,
    user: record.principal.user.id,
    session: record.session,
    us: Math.round(record.latency_us.decide),
    body,
  };
}

/** The row of an outcome has the id of its decision. */
export function outcomeRow(outcome: Outcome, instance: string, clock: Pick<Clock, 'now'>): LogRow {
  return {
    kind: 'outcome',
    id: outcome.id,
    time: new Date(clock.now()).toISOString(),
    instance,
    effect: '',
    status: outcome.status,
    server: '',
    tool: '',
    reasons: '',
    action: '',
    agent: '',
    user: '',
    session: '',
    us: Math.round(outcome.record_us),
    body: JSON.stringify(outcome),
  };
}

/** The same from the text of an outcome, whose time is not in it. */
export function outcomeRowOf(body: string, { instance, time }: Pick<LogRow, 'instance' | 'time'>): LogRow {
  return { ...outcomeRow(JSON.parse(body) as Outcome, instance, { now: () => 0 }), time, body };
}

/** The row of an act: its verb stands as the action, who did it as the user. */
export function actRow(act: Act, instance: string): LogRow {
  return {
    kind: 'act',
    id: act.id,
    time: act.time,
    instance,
    effect: '',
    status: '',
    server: '',
    tool: '',
    reasons: '',
    action: act.verb,
    agent: '',
    user: act.actor,
    session: '',
    us: 0,
    body: JSON.stringify(act),
  };
}

/** Whether a row that was made of a text holds what a row must: the text may be anybody's. */
export function isWellFormed(row: LogRow): boolean {
  return Object.entries(row).every(([name, value]) => typeof value === (name === 'us' ? 'number' : 'string'));
}

/** Whether an outcome must follow this decision. */
export function isForwarded(row: LogRow): boolean {
  return row.kind === 'decision' && row.effect === 'allow' && FORWARDED_ACTIONS.includes(row.action);
}
