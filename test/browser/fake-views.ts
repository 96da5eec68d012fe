import type { ApprovalsView } from '../../src/dashboard/api-connected.ts';
import type { PoliciesView } from '../../src/dashboard/api-policies.ts';
import type { ReportView } from '../../src/dashboard/api-report.ts';
import type { OverviewView, SessionView } from '../../src/dashboard/api.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function before(nowMs: number, ms: number): string {
  return new Date(nowMs - ms).toISOString();
}

export function fakeSession(part: Partial<SessionView> = {}): SessionView {
  return {
    person: 'user:ana',
    csrf: 'token-1',
    version: '0.1.0',
    generation: '4c1f0e2ab95d',
    may: ['read', 'approve', 'change'],
    waiting: 2,
    ...part,
  };
}

export function fakeOverview(nowMs: number): OverviewView {
  const series = Array.from({ length: 48 }, (_, index) => {
    const busy = Math.round(30 + 26 * Math.sin((index - 12) / 7.5));
    return {
      time: before(nowMs, (48 - index) * 30 * MINUTE_MS),
      allow: busy,
      deny: Math.round(busy * (index > 38 ? 0.4 : 0.15)),
      pending: index % 5 === 0 ? 3 : 1,
      p50Us: 420 + (index % 7) * 18,
      p99Us: 1700 + (index % 9) * 160,
    };
  });
  const sum = (effect: 'allow' | 'deny' | 'pending'): number => series.reduce((all, step) => all + step[effect], 0);
  const effects = { allow: sum('allow'), deny: sum('deny'), pending: sum('pending') };
  const total = effects.allow + effects.deny + effects.pending;
  return {
    since: before(nowMs, 24 * HOUR_MS),
    until: new Date(nowMs).toISOString(),
    total,
    effects,
    denialRate: effects.deny / total,
    decideUs: { p50: 460, p99: 2900 },
    recordUs: { p50: 310, p99: 1900 },
    series,
    reasons: [
      { name: 'refund_limit_exceeded', count: 118 },
      { name: 'gateway.unknown_tool', count: 61 },
      { name: 'customer_data_outside_region', count: 34 },
      { name: 'gateway.counter.workflow/refunds', count: 12 },
      { name: 'gateway.tool_quarantined', count: 4 },
    ],
    servers: [{ name: 'payments', count: 801 }],
    tools: [
      { name: 'payments/create_refund', count: 512 },
      { name: 'code-host/merge_pull_request', count: 388 },
      { name: 'warehouse/run_query', count: 240 },
      { name: 'outbox/send_message', count: 96 },
    ],
    fresh: [
      { kind: 'reason', name: 'gateway.tool_quarantined', count: 4 },
      { kind: 'tool', name: 'outbox/send_message', count: 96 },
      { kind: 'user', name: 'sam', count: 12 },
    ],
    health: [
      { what: 'store', state: 'ok', words: 'writes and is whole', mend: '' },
      {
        what: 'bundle compliance',
        state: 'warn',
        words: 'is two days behind its source',
        mend: 'mcp-gateway policy pull',
      },
      {
        what: 'client cursor',
        state: 'fail',
        words: 'starts code-host directly, past the gateway',
        mend: 'mcp-gateway connect cursor',
      },
      { what: 'server payments', state: 'ok', words: 'answers', mend: '' },
    ],
  };
}

export function fakeApprovals(nowMs: number): ApprovalsView {
  const request = {
    by: 'group:support-leads',
    status: 'pending' as const,
    quorum: 1,
    remember: 'never' as const,
    server: 'payments',
    tool: 'create_refund',
    about: '',
    why: ['Refunds above 50 EUR need a lead of the support team (workflow/WF-302)'],
    agent: 'support-assistant',
    user: 'maria',
    client: 'claude-desktop 1.2',
    votes: [],
    mayAnswer: true,
  };
  return {
    approvals: [
      {
        ...request,
        id: '019a7b00-0000-7000-8000-00000000a001',
        arguments: { charge_id: 'ch_1002', amount: 12_500, currency: 'EUR' },
        created: before(nowMs, MINUTE_MS),
        expires: before(nowMs, -3 * MINUTE_MS),
      },
      {
        ...request,
        id: '019a7b00-0000-7000-8000-00000000a002',
        by: 'user',
        tool: 'merge_pull_request',
        server: 'code-host',
        user: 'ana',
        why: ['Merging into main is confirmed by who asked for it (code-host/CH-204)'],
        arguments: { repository: 'northwind/shop', number: 421, title: 'Round prices down', squash: true },
        created: before(nowMs, 3 * MINUTE_MS),
        expires: before(nowMs, -40_000),
      },
      {
        ...request,
        id: '019a7b00-0000-7000-8000-00000000a003',
        quorum: 2,
        arguments: { charge_id: 'ch_777', amount: 250_000, currency: 'EUR' },
        votes: [{ person: 'user:jonas', verdict: 'approve', time: before(nowMs, 30_000), reason: 'Known customer' }],
        created: before(nowMs, MINUTE_MS),
        expires: before(nowMs, -9 * MINUTE_MS),
        mayAnswer: false,
      },
    ],
    answering: [{ person: 'user:ana', count: 48, medianSeconds: 2.4, approvedShare: 0.98 }],
  };
}

export function fakePolicies(nowMs: number): PoliciesView {
  const bundle = {
    mode: 'enforce' as const,
    source: 'git+https://git.northwind.example/policies.git#main',
    digest: '9f2c51d0a7e34b2f8c6d1e0f9a8b7c6d',
    signer: 'security@northwind.example',
    since: before(nowMs, 50 * HOUR_MS),
    scope: 'all servers and agents',
    stale: '',
  };
  const rule = { description: '', remediation: '', control: [], owner: '', mode: 'enforce' as const };
  return {
    generation: '4c1f0e2ab95d',
    bundles: [
      {
        ...bundle,
        id: 'identity',
        layer: 'identity',
        rules: [
          {
            ...rule,
            id: 'ID-1',
            kind: 'capabilities',
            title: 'Assistants reach the servers of their team',
            owner: 'platform',
          },
        ],
      },
      {
        ...bundle,
        id: 'payments',
        layer: 'server',
        source: 'npm payments-mcp 3.1.0',
        scope: 'server payments',
        signer: '',
        rules: [
          { ...rule, id: 'PAY-101', kind: 'allow', title: 'Reading is allowed' },
          { ...rule, id: 'PAY-103', kind: 'allow', title: 'Refunds are made on charges that were paid' },
        ],
      },
      {
        ...bundle,
        id: 'workflow',
        layer: 'workflow',
        rules: [
          {
            ...rule,
            id: 'WF-302',
            kind: 'deny',
            title: 'Refunds above 50 EUR are made by people',
            description: 'An assistant may refund small amounts by itself. Above the limit somebody looks at the case.',
            remediation: 'Ask somebody of the support team to make the refund, or refund at most 50 EUR.',
            control: ['SOC 2 CC6.1', 'ISO 42001 A.9.2'],
            owner: 'payments team',
          },
          { ...rule, id: 'WF-305', kind: 'obligations', title: 'Refunds of a day are counted', owner: 'payments team' },
        ],
      },
      {
        ...bundle,
        id: 'compliance',
        layer: 'compliance',
        mode: 'shadow',
        stale: 'Its source has a newer version whose tests fail: 2 of 41.',
        rules: [
          {
            ...rule,
            id: 'CO-12',
            kind: 'deny',
            title: 'Customer data stays in the region of the customer',
            control: ['GDPR Art. 44'],
            owner: 'privacy',
            mode: 'warn',
          },
        ],
      },
    ],
  };
}

export function fakeReport(nowMs: number): ReportView {
  const { total, effects } = fakeOverview(nowMs);
  return {
    from: before(nowMs, 720 * HOUR_MS),
    until: new Date(nowMs).toISOString(),
    total,
    effects,
    controls: [
      {
        control: 'SOC 2 CC6.1',
        fired: 118,
        rules: [
          { rule: 'workflow/WF-302', title: 'Refunds above 50 EUR are made by people', fired: 118, lifted: 2 },
          { rule: 'workflow/WF-305', title: 'Refunds of a day are counted', fired: 12, lifted: 0 },
        ],
      },
      {
        control: 'GDPR Art. 44',
        fired: 34,
        rules: [
          {
            rule: 'compliance/CO-12',
            title: 'Customer data stays in the region of the customer',
            fired: 34,
            lifted: 0,
          },
        ],
      },
    ],
    exceptions: [
      {
        rule: 'override/OV-7',
        lifts: ['workflow/WF-302'],
        requestedBy: 'maria',
        approvedBy: 'jonas',
        justification: 'Recall of the spring collection',
        used: 2,
      },
    ],
    acts: [
      {
        time: before(nowMs, 20 * HOUR_MS),
        actor: 'user:ana',
        verb: 'policy.enforce',
        subject: 'workflow',
        reason: 'Limit raised to 50 EUR, as agreed with support',
      },
    ],
    approvals: { approved: 40, denied: 3, expired: 5 },
    evidence: { ok: true, words: 'All 3,412 records follow one another, checked up to 22:10 today.' },
  };
}
