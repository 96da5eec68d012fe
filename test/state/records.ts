import type { Act } from '../../src/core/act.ts';
import type { NewApproval, Vote } from '../../src/core/approval.ts';
import { writeBucket } from '../../src/core/bucket.ts';
import type { ApprovalUse } from '../../src/core/change.ts';
import type { Charge, Terms } from '../../src/core/charge.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Logger } from '../../src/core/logger.ts';
import type { DecisionRecord, Outcome } from '../../src/core/record.ts';
import type { Settlement } from '../../src/core/settlement.ts';
import { decisionIds } from '../../src/state/decision-id.ts';

export const realClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const nextId = decisionIds(realClock);

export function aRecord(changes: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: nextId(),
    time: new Date().toISOString(),
    generation: 'g1',
    principal: {
      agent: {
        id: 'claude',
        scope: '',
        owner_team: '',
        model: '',
        client: { name: 'test', version: '1' },
        delegated_by: [],
      },
      user: { id: 'ada', groups: [], data_classifications_authorized: [] },
    },
    client: { name: 'test', version: '1', protocol: '2025-11-25' },
    session: 's1',
    call: '',
    server: 'github',
    tool: 'create_issue',
    action: 'tool_call',
    effect: 'allow',
    reasons: [],
    reason_internal: '',
    remediation: '',
    matched_rules: ['github/GH-101'],
    layers: [],
    combine: {
      version: 1,
      required: [],
      carries: [],
      modes: {},
      own: [],
      bypass: '',
      now: 0,
      approvals: [],
      reservations: [],
    },
    lifted: [],
    obligations: {
      audit_required: false,
      redact: { record: [], result: [] },
      approvals: [],
      counters: [],
      rate_limits: [],
      deadline_ms: 0,
      labels: [],
    },
    budgets: {},
    input: {},
    input_hash: '',
    dropped: [],
    replayable: { kind: 'fully' },
    shadow: null,
    trace_id: '',
    latency_us: { decide: 120 },
    ...changes,
  };
}

export function anOutcome(id: string, changes: Partial<Outcome> = {}): Outcome {
  return { id, status: 'ok', withheld: false, ms: 12, record_us: 60, settled: [], ...changes };
}

export function aSettlement(changes: Partial<Settlement> = {}): Settlement {
  const counter = 'workflow/weekly';
  return { counter, unit: 'points', state: 'settled', reserved: 1, cost: 1, estimated: false, ...changes };
}

/** As `aCharge`, held until the call is over. */
export function aHold(changes: Partial<Charge> = {}, terms: Partial<Terms> = {}): Charge {
  const bucket = writeBucket({
    counter: 'workflow/weekly',
    key: { 'agent.id': 'claude' },
    unit: 'points',
    version: 1,
    window: 'calendar week, UTC, from monday',
  });
  return aCharge({
    counter: 'workflow/weekly',
    bucket,
    limit: 10,
    terms: {
      unit: 'points',
      settleFrom: 'result._meta.usage.points',
      unknownCost: 0,
      onUpstreamError: 'keep',
      onExpire: 'settle',
      ttlMs: 0,
      ...terms,
    },
    ...changes,
  });
}

/** The window is the year 2100, which nobody sweeps. */
export function aCharge(changes: Partial<Charge> = {}): Charge {
  const window = { startsMs: Date.UTC(2100, 0), endsMs: Date.UTC(2101, 0) };
  return { counter: 'agent.id/60s', bucket: '["pace","agent.id/60s","claude"]', cost: 1, limit: 3, window, ...changes };
}

export function anAct(changes: Partial<Act> = {}): Act {
  const time = new Date().toISOString();
  const done = { verb: 'approval.approve', subject: 'a call', before: null, after: null, reason: '' };
  return { id: nextId(), time, actor: 'user:ada', via: 'terminal', ...done, ...changes };
}

/** Of the user `ana`, open until the second second of 1970. */
export function aNewApproval(changes: Partial<NewApproval> = {}): NewApproval {
  return {
    id: 'd-1',
    by: 'user',
    binding: { call: 'this call', tool: 'this tool', conversation: 's1' },
    requester: { agent: 'claude', user: 'ana', login: 'ana-login' },
    quorum: 1,
    remember: 'never',
    createdMs: 0,
    expiresMs: 1_000,
    shown: {
      action: 'tool_call',
      server: 'github',
      tool: 'create_issue',
      arguments: { title: 'Hello' },
      about: '',
      client: 'test 1',
      why: [],
    },
    ...changes,
  };
}

export function aVote(changes: Partial<Vote> = {}): Vote {
  return { person: 'ana', verdict: 'approve', via: 'terminal', key: '', atMs: 0, reason: '', ...changes };
}

export function anApprovalUse(changes: Partial<ApprovalUse> = {}): ApprovalUse {
  return { ref: { id: 'd-1', by: 'user' }, decision: 'd-2', quorum: 1, how: { kind: 'once' }, nowMs: 0, ...changes };
}
