import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { NO_CONTEXT, type PolicyInput } from '../../src/core/policy-input.ts';
import type { BundleSource } from '../../src/core/rego.ts';
import { makeBundle, toSource } from '../../src/policy/bundle.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { toolchain } from '../shared-toolchain.ts';
import { readLibrary, SHIPPED } from './shipped.ts';

const ORGANISATION = ['identity', 'resource', 'workflow', 'compliance', 'override'];
const NOW_MS = Date.parse('2026-01-14T10:00:00Z');

/** A Wednesday morning. Sam, an engineer cleared for personal data, works with the agent that is named. */
function aCall(call: Pick<Row, 'agent' | 'server' | 'tool' | 'effect' | 'args'>): PolicyInput {
  const { agent = 'coding-assistant', server, tool, effect = 'write', args } = call;
  const time = { time: new Date(NOW_MS).toISOString(), time_ms: NOW_MS, weekday: 'wednesday' };
  return {
    ...TOTAL_INPUT,
    agent: { ...TOTAL_INPUT.agent, id: agent },
    user: { id: 'sam', groups: ['engineering'], data_classifications_authorized: ['customer_pii'] },
    identity: { capabilities: agent === 'coding-assistant' ? { data_class: ['internal'] } : {} },
    server: { ...TOTAL_INPUT.server, id: server, region: 'eu-central-1' },
    action: { ...TOTAL_INPUT.action, tool, effect, args, data_classes_referenced: [] },
    context: { ...NO_CONTEXT, turn_count: 1, calls_in_a_row: 1, session_age_seconds: 60 },
    environment: { ...TOTAL_INPUT.environment, ...time },
  };
}

interface Row {
  readonly act: string;
  readonly agent?: string;
  readonly server: string;
  readonly tool: string;
  readonly effect?: PolicyInput['action']['effect'];
  readonly args: Record<string, unknown>;
  /** Full names of the rules that allow, deny, permit or oblige, sorted. */
  readonly says: readonly string[];
}

const commit = { repository: 'website', path: 'src/index.js', content: 'x', message: 'Change it' };
const message = { to: 'lee@northwind.example', subject: 'Hello', body: 'All is well.' };

const DAY: readonly Row[] = [
  {
    act: 'code is read',
    server: 'code-host',
    tool: 'read_file',
    effect: 'read',
    args: { repository: 'website', path: 'README.md' },
    says: ['code-host/CODE-101', 'resource/RES-101', 'workflow/WF-303', 'workflow/WF-305'],
  },
  {
    act: 'a commit to main is denied by the author',
    server: 'code-host',
    tool: 'commit_file',
    args: { ...commit, branch: 'main' },
    says: ['code-host/CODE-102', 'code-host/CODE-201', 'resource/RES-101', 'workflow/WF-303', 'workflow/WF-305'],
  },
  {
    act: 'the same commit to a branch is allowed',
    server: 'code-host',
    tool: 'commit_file',
    args: { ...commit, branch: 'fix/title' },
    says: ['code-host/CODE-102', 'resource/RES-101', 'workflow/WF-303', 'workflow/WF-305'],
  },
  {
    act: 'during the incident main of the checkout may be written',
    server: 'code-host',
    tool: 'commit_file',
    args: { ...commit, repository: 'checkout', branch: 'main' },
    says: [
      'code-host/CODE-102',
      'code-host/CODE-201',
      'override/OVR-101',
      'resource/RES-101',
      'workflow/WF-303',
      'workflow/WF-305',
    ],
  },
  {
    act: 'a merge waits for a maintainer',
    server: 'code-host',
    tool: 'merge_pull_request',
    args: { repository: 'website', number: 1 },
    says: [
      'code-host/CODE-102',
      'code-host/CODE-202',
      'code-host/CODE-302',
      'code-host/CODE-303',
      'resource/RES-101',
      'workflow/WF-303',
      'workflow/WF-305',
    ],
  },
  {
    act: 'a large refund is denied by the author',
    server: 'payments',
    tool: 'create_refund',
    args: { charge_id: 'ch_1002', amount: 90_000 },
    says: [
      'compliance/CO-201',
      'payments/PAY-102',
      'payments/PAY-201',
      'payments/PAY-301',
      'payments/PAY-302',
      'resource/RES-101',
      'workflow/WF-303',
      'workflow/WF-305',
    ],
  },
  {
    act: 'a small refund is allowed and audited',
    server: 'payments',
    tool: 'create_refund',
    args: { charge_id: 'ch_1002', amount: 2_500 },
    says: ['compliance/CO-201', 'payments/PAY-102', 'resource/RES-101', 'workflow/WF-303', 'workflow/WF-305'],
  },
  {
    act: 'customers are counted',
    server: 'warehouse',
    tool: 'run_query',
    effect: 'read',
    args: { sql: 'SELECT country, count(*) FROM customers GROUP BY country' },
    says: ['resource/RES-101', 'warehouse/WH-101', 'warehouse/WH-304', 'workflow/WF-303', 'workflow/WF-305'],
  },
  {
    act: 'an export of customers is denied by compliance alone',
    server: 'warehouse',
    tool: 'export_table',
    args: { table: 'customers', file: 'customers.csv' },
    says: [
      'compliance/CO-101',
      'compliance/CO-202',
      'resource/RES-101',
      'warehouse/WH-102',
      'warehouse/WH-302',
      'workflow/WF-303',
      'workflow/WF-305',
    ],
  },
  {
    act: 'a message to the outside is denied',
    server: 'outbox',
    tool: 'send_message',
    effect: 'destroy',
    args: { ...message, to: 'kim@contoso.example' },
    says: [
      'outbox/OUT-102',
      'outbox/OUT-201',
      'outbox/OUT-303',
      'resource/RES-101',
      'workflow/WF-303',
      'workflow/WF-305',
    ],
  },
  {
    act: 'a message to a colleague is allowed',
    server: 'outbox',
    tool: 'send_message',
    effect: 'destroy',
    args: message,
    says: ['outbox/OUT-102', 'outbox/OUT-303', 'resource/RES-101', 'workflow/WF-303', 'workflow/WF-305'],
  },
  {
    act: 'an agent that nobody knows is denied',
    agent: 'stranger',
    server: 'outbox',
    tool: 'list_messages',
    effect: 'read',
    args: {},
    says: ['identity/ID-101', 'outbox/OUT-101', 'workflow/WF-303', 'workflow/WF-305'],
  },
];

const Rules = z.array(z.object({ id: z.string() }));
const Decision = z.object({ allow: Rules, deny: Rules, hide: Rules, obligations: Rules, permit: Rules });

/** What every bundle says of every act, bundle by bundle: the interpreter compiles each only once. */
const said = new Map<string, string[]>(DAY.map(({ act }) => [act, []]));

beforeAll(async () => {
  const servers = [...new Set(DAY.map(({ server }) => server))];
  for (const id of [...servers, ...ORGANISATION]) {
    const acts = DAY.filter(({ server }) => server === id || ORGANISATION.includes(id));
    const inputs = acts.map((row) => ({ input: aCall(row), timeNs: `${NOW_MS}000000` }));
    const bundles = [await load(id)];
    const evaluated = await toolchain.evaluate({ bundles, library: readLibrary(), entrypoint: id, inputs });
    if (evaluated.kind === 'refused') throw new Error(JSON.stringify(evaluated.problems));
    for (const [index, { act }] of acts.entries()) {
      const sets = Object.values(Decision.parse(evaluated.results[index]?.value)).flat();
      said.get(act)?.push(...sets.map((element) => `${id}/${element.id}`));
    }
  }
});

test.each(DAY)('a day at Northwind: $act', ({ act, says }) => {
  expect(said.get(act)?.toSorted()).toEqual(says);
});

async function load(wanted: string): Promise<BundleSource> {
  const [id, folder] = SHIPPED.find(([shipped]) => shipped === wanted) ?? ['', ''];
  return toSource(makeBundle(id, await readBundle(folder)));
}
