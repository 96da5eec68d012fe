import type { PolicyInput } from '../core/policy-input.ts';

/** An ordinary call with every field filled: what a new generation is warmed up with. */
export const TOTAL_INPUT: PolicyInput = {
  agent: {
    id: 'assistant',
    scope: 'default',
    owner_team: 'platform',
    model: 'model-1',
    client: { name: 'client', version: '1.0.0' },
    delegated_by: [],
  },
  user: { id: 'person', groups: ['everyone'], data_classifications_authorized: ['internal'] },
  identity: { capabilities: {} },
  server: { id: 'server', package: 'server', version: '1.0.0', region: 'eu', trust: 'standard' },
  action: {
    type: 'tool_call',
    tool: 'read',
    resource: '',
    prompt: '',
    ref: {},
    request: {},
    args: { path: '/srv/files/report.txt', query: 'select 1', amount: 12.5, tags: ['a', 'b'], nested: { deep: true } },
    annotations: { readOnlyHint: true, title: 'Read' },
    effect: 'read',
    consent: 'accepted',
    schema_checked: true,
    data_classes_referenced: ['internal'],
    hash: '0'.repeat(64),
  },
  context: {
    conversation_id: 'conversation',
    turn_count: 3,
    cumulative_tokens: 1200,
    session_age_seconds: 60,
    calls_in_a_row: 1,
    labels: [{ label: 'internal', source: 'server/S-1', age_seconds: 10 }],
  },
  budgets: {
    calls: { used: 1, reserved: 0, limit: 10, remaining: 9, ratio: 0.1, resets_at: '2026-01-05T00:00:00Z' },
  },
  claims: {
    present: ['model'],
    model: 'model-1',
    turn_count: 3,
    cumulative_tokens: 1200,
    conversation_id: 'conversation',
  },
  environment: {
    region: 'eu',
    time: '2026-01-01T12:00:00.000Z',
    time_ms: 1_767_268_800_000,
    weekday: 'thursday',
    timezone: 'UTC',
    is_production: false,
    labels: { site: 'home' },
    gateway: 'gateway',
  },
};
