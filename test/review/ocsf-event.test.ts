import { describe, expect, test } from 'vitest';
import type { DecisionRecord, SealedRecord } from '../../src/core/record.ts';
import { ocsfEvent, shortOcsfEvent } from '../../src/review/ocsf-event.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { aRecord } from '../state/records.ts';

/**
 * What OCSF 1.8.0 demands of an event of class API Activity, and the names that it has for what stands in one
 * (ocsf-schema, events/application/api_activity.json and what that extends, with the profiles Security Control and Trace).
 */
const REQUIRED = [
  'activity_id',
  'actor',
  'api',
  'category_uid',
  'class_uid',
  'metadata',
  'severity_id',
  'src_endpoint',
  'time',
  'type_uid',
];
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  '': [
    ...REQUIRED,
    'action',
    'action_id',
    'activity_name',
    'authorizations',
    'category_name',
    'class_name',
    'disposition',
    'disposition_id',
    'dst_endpoint',
    'message',
    'policy',
    'resources',
    'severity',
    'status',
    'status_code',
    'status_id',
    'trace',
    'type_name',
    'unmapped',
  ],
  metadata: ['version', 'profiles', 'product', 'uid', 'correlation_uid', 'log_name', 'log_version', 'sequence'],
  actor: ['user', 'session', 'app_uid', 'app_name', 'invoked_by'],
  api: ['operation', 'group', 'service', 'version', 'request', 'response'],
  policy: ['uid', 'name', 'version', 'group', 'is_applied'],
  src_endpoint: ['name'],
  dst_endpoint: ['svc_name'],
  trace: ['uid'],
};

function aSealed(changes: Partial<DecisionRecord> = {}): SealedRecord {
  return {
    ...aRecord(changes),
    seq: 7,
    chain: 'c',
    instance: 'i1',
    hash: 'h'.repeat(64),
    outcome: null,
  };
}

type Event = Readonly<Record<string, unknown>> & {
  readonly [member: string]: Readonly<Record<string, unknown>> | undefined;
};

function eventOf(changes: Partial<DecisionRecord> = {}): Event {
  return JSON.parse(JSON.stringify(ocsfEvent(aSealed(changes), '1.2.3'))) as Event;
}

const DENIED: Partial<DecisionRecord> = {
  effect: 'deny',
  reasons: ['not_yours', 'too_late'],
  remediation: 'Ask the owner.',
  matched_rules: ['privacy/CO-12'],
  layers: [anOpinion({ layer: 'compliance', bundle: 'privacy', digest: 'd1', deny: [aVerdict('CO-12')] })],
  trace_id: '0af7651916cd43dd8448eb211c80319c',
};
const ALL: readonly [string, Partial<DecisionRecord>][] = [
  ['an allowed call', {}],
  ['a denial', DENIED],
  ['what waits', { effect: 'pending', reasons: ['needs_approval'] }],
  ['a list', { action: 'tool_list', server: '', tool: '', input: { shown: [], withheld: [] } }],
  ['a method that nobody knows', { action: 'method', server: '', tool: '', input: { method: 'x/y' } }],
  [
    'somebody without names',
    {
      client: { name: '', version: '', protocol: '' },
      principal: { ...aRecord().principal, user: { id: '', groups: [], data_classifications_authorized: [] } },
    },
  ],
];

describe.each(ALL)('%s', (_what, changes) => {
  test('has all that the class demands, and nothing under a name that it does not know', () => {
    const event = eventOf(changes);
    expect(REQUIRED.filter((name) => event[name] === undefined)).toEqual([]);
    for (const [member, names] of Object.entries(ATTRIBUTES)) {
      const written = member === '' ? event : (event[member] ?? {});
      expect(Object.keys(written).filter((name) => !names.includes(name))).toEqual([]);
    }
    expect(event['type_uid']).toBe(600_300 + Number(event['activity_id']));
    expect(event['api']?.['operation']).not.toBe('');
    expect(event['api']?.['request']).toHaveProperty('uid');
    expect(event['metadata']?.['product']).toMatchObject({ vendor_name: 'mcp-gateway', version: '1.2.3' });
    const { user, session, app_name, app_uid } = event['actor'] ?? {};
    expect([user, session, app_name, app_uid].some((one) => one !== undefined)).toBe(true);
    expect(Object.values(event['src_endpoint'] ?? {})[0]).not.toBe('');
    expect(event['time']).toBeTypeOf('number');
  });
});

test('a denial says who was denied what by which rule, and its trace', () => {
  const event = eventOf(DENIED);
  expect(event).toMatchObject({
    metadata: { version: '1.8.0', uid: event['unmapped']?.['decision_id'], sequence: 7, log_version: 'g1' },
    class_uid: 6003,
    category_uid: 6,
    severity: 'Low',
    status_id: 2,
    status_code: 'not_yours',
    action_id: 2,
    disposition_id: 2,
    actor: { user: { uid: 'ada' }, app_uid: 'claude', session: { uid: 's1' } },
    policy: { uid: 'privacy/CO-12', name: 'privacy', version: 'd1', group: { name: 'compliance' }, is_applied: true },
    authorizations: [{ decision: 'Denied', policy: { name: 'privacy' } }],
    api: { response: { error: 'not_yours too_late', error_message: 'Ask the owner.' } },
    trace: { uid: DENIED.trace_id },
  });
});

test.each([
  ['tool_call', 'read', 2, 'Read'],
  ['tool_call', 'write', 3, 'Update'],
  ['tool_call', 'destroy', 4, 'Delete'],
  ['tool_call', 'unknown', 99, 'tool_call'],
  ['resource_read', 'unknown', 2, 'Read'],
  ['tool_result', 'unknown', 99, 'tool_result'],
] as const)('%s of what does %s to the world is activity %i, %s', (action, effect, ...expected) => {
  const event = eventOf({ action, input: { action: { effect } } });
  expect([event['activity_id'], event['activity_name']]).toEqual(expected);
});

test('a short one leaves out the input and says so', () => {
  const record = aSealed({ input: { action: { args: { text: 'long' } } } });
  expect(JSON.stringify(ocsfEvent(record, '1.2.3'))).toContain('long');
  const short = shortOcsfEvent(record, '1.2.3');
  expect(JSON.stringify(short)).not.toContain('long');
  expect(short).toMatchObject({ metadata: { is_truncated: true }, api: { request: { uid: record.id } } });
});
