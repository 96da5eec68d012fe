import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { reproduces } from '../../src/policy/combine-record.ts';
import { type AnyClient, httpV2 } from './clients.ts';
import {
  aPlace,
  atEndOfFile,
  decisionsAbout,
  decisionsOf,
  outcomeOf,
  type Place,
  runProgram,
  serveHttp,
} from './program.ts';
import { northwind } from './northwind.ts';
import { rawStdio } from './raw-client.ts';

const HOUR_MS = 3_600_000;
const fromNow = (ms: number): string => new Date(Date.now() + ms).toISOString();
/** The incident lasts while the tests run. */
const INCIDENT = { NORTHWIND_INC7_FROM: fromNow(-HOUR_MS), NORTHWIND_INC7_UNTIL: fromNow(HOUR_MS) };

const untilEnd = atEndOfFile();
let place: Place;
let client: AnyClient;

beforeAll(async () => {
  // Agents that the gateway knows; one of them the identity bundle does not.
  place = aPlace(
    (folder) => northwind(folder).replace('\nagents:\n', '\nagents:\n  stranger: {}\n  support-assistant: {}\n'),
    untilEnd,
  );
  const gateway = await serveHttp(place, { env: INCIDENT, atEnd: untilEnd });
  client = await httpV2(gateway.url, untilEnd);
  await client.listTools();
});

interface Act {
  readonly act: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Rules behind the decision. */
  readonly rules: readonly string[];
  readonly says: string;
}

const CHANGE = { path: 'src/index.js', content: 'export const greeting = 1;\n', message: 'Change the greeting' };
const MESSAGE = { to: 'kim@contoso.example', subject: 'Hello', body: 'All is well.' };

const ALLOWED: readonly Act[] = [
  {
    act: 'code is read',
    tool: 'code-host__read_file',
    args: { repository: 'website', path: 'README.md' },
    rules: ['code-host/CODE-101', 'resource/RES-101'],
    says: '# website',
  },
  {
    act: 'a branch is made',
    tool: 'code-host__create_branch',
    args: { repository: 'website', branch: 'fix/greeting' },
    rules: ['code-host/CODE-102', 'resource/RES-101'],
    says: 'fix/greeting',
  },
  {
    act: 'a commit goes to the branch',
    tool: 'code-host__commit_file',
    args: { ...CHANGE, repository: 'website', branch: 'fix/greeting' },
    rules: ['code-host/CODE-102', 'resource/RES-101'],
    says: '"commit"',
  },
  {
    act: 'during the incident a commit goes to main of the checkout',
    tool: 'code-host__commit_file',
    args: { ...CHANGE, repository: 'checkout', branch: 'main' },
    rules: ['override/OVR-101'],
    says: '"commit"',
  },
];

const DENIED: readonly (Act & { readonly reason: string; readonly alternatives: readonly string[] })[] = [
  {
    act: 'a commit to main, by the author of the code host',
    tool: 'code-host__commit_file',
    args: { ...CHANGE, repository: 'website', branch: 'main' },
    rules: ['code-host/CODE-201'],
    reason: 'protected_branch',
    says: 'Commit to a branch of your own and open a pull request to main.',
    alternatives: ['create_branch', 'open_pull_request'],
  },
  {
    act: 'a refund above the limit, by the author of the payments',
    tool: 'payments__create_refund',
    args: { charge_id: 'ch_1002', amount: 90_000 },
    rules: ['payments/PAY-201'],
    reason: 'refund_above_limit',
    says: 'Refund at most 10000 cents, or ask the payments team to refund 90000 cents.',
    alternatives: ['get_charge'],
  },
  {
    act: 'an export of customers, by compliance',
    tool: 'warehouse__export_table',
    args: { table: 'customers', file: 'customers.csv' },
    rules: ['compliance/CO-101'],
    reason: 'personal_data_export',
    says: 'ask the data protection officer to export the data.',
    alternatives: ['run_query'],
  },
  {
    act: 'a message to the outside, by the author of the outbox',
    tool: 'outbox__send_message',
    args: MESSAGE,
    rules: ['outbox/OUT-201'],
    reason: 'recipient_outside',
    says: 'Save it as a draft for a person to send',
    alternatives: ['save_draft'],
  },
];

test.for(ALLOWED)('Northwind allows: $act', async ({ tool, args, rules, says }) => {
  const result = await client.call(tool, args);
  expect(result.isError ?? false).toBe(false);
  expect(result.content[0]?.text).toContain(says);
  const record = await outcomeOf(place, unprefixed(tool));
  expect(record).toMatchObject({ effect: 'allow', reasons: [], outcome: { status: 'ok' } });
  expect(record?.matched_rules).toEqual(expect.arrayContaining([...rules]));
});

test.for(DENIED)('Northwind denies $act', async ({ tool, args, rules, reason, says, alternatives }) => {
  const result = await client.call(tool, args);
  expect(result).toMatchObject({ isError: true, _meta: { 'mcp-gateway/decision': { alternatives } } });
  expect(result.content[0]?.text).toContain(says);
  const [record] = await decisionsAbout(place, unprefixed(tool));
  expect(record).toMatchObject({ effect: 'deny', reasons: [reason], outcome: null });
  expect(record?.matched_rules).toEqual(expect.arrayContaining([...rules]));
  expect(existsSync(join(place.folder, 'demo', 'exports'))).toBe(false);
});

test('a permit says on record what it lifted and who stood for it', async () => {
  const record = (await decisionsAbout(place, 'commit_file')).find(({ lifted }) => lifted.length > 0);
  expect(record?.lifted).toEqual([{ denial: 'code-host/CODE-201', by: 'override/OVR-101' }]);
  expect(JSON.stringify(record?.layers)).toContain('lee@northwind.example');
  expect(record?.obligations.audit_required).toBe(true);
});

test('arguments that do not fit the schema are denied with what would fit, and no policy is asked', async () => {
  const result = await client.call('code-host__read_file', { repository: 'website', path: 7 });
  expect(result.isError).toBe(true);
  expect(result.content[0]?.text).toMatch(/\/path .*string/);
  const [record] = await decisionsAbout(place, 'read_file');
  expect(record).toMatchObject({ effect: 'deny', reasons: ['gateway.invalid_arguments'], layers: [] });
});

describe('another process on the same store', () => {
  test('an agent that nobody knows is denied by identity alone, and both processes keep one chain', async () => {
    const stranger = await rawStdio(place, { args: ['--agent', 'stranger'] });
    await stranger.listTools();
    const result = await stranger.call('outbox__save_draft', { ...MESSAGE, to: 'lee@northwind.example' });
    expect(result.content[0]?.text).toContain('Ask the platform team to register the agent stranger.');
    const [record] = await decisionsAbout(place, 'save_draft');
    expect(record).toMatchObject({ effect: 'deny', reasons: ['unknown_agent'], matched_rules: ['identity/ID-101'] });
    // What the configuration says of the agent that it names is not said of another one.
    expect(record?.principal.agent).toMatchObject({ id: 'stranger', owner_team: '' });
    expect(record?.layers.filter(({ status }) => status === 'skipped').map(({ layer }) => layer)).toContain('resource');

    await client.call('outbox__list_messages');
    const records = await decisionsOf(place);
    expect(new Set(records.map(({ instance }) => instance)).size).toBe(2);
    expect(new Set(records.map(({ chain }) => chain)).size).toBe(1);
    expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
  });

  test('once the incident is over, its permit lifts nothing', async () => {
    const afterwards = await rawStdio(place);
    const result = await afterwards.call('code-host__commit_file', {
      ...CHANGE,
      repository: 'checkout',
      branch: 'main',
    });
    expect(result.content[0]?.text).toContain('open a pull request to main');
    expect((await decisionsAbout(place, 'commit_file'))[0]).toMatchObject({ effect: 'deny', lifted: [] });
  });

  test('what is hidden or out of scope is to the agent what does not exist; the record knows better', async () => {
    const support = await rawStdio(place, { args: ['--agent', 'support-assistant'] });
    const tools = await support.listTools();
    expect(tools).toContain('payments__create_refund');
    expect(tools).not.toContain('payments__create_charge');
    expect(tools.filter((tool) => tool.startsWith('code-host__'))).toEqual([]);

    const words = async (tool: string): Promise<string> => {
      const { content, structuredContent } = await support.call(tool, { any: 'thing' });
      const said = `${content[0]?.text} ${JSON.stringify(structuredContent)}`;
      return said.replaceAll(tool, 'TOOL').replaceAll(/[0-9a-f-]{36}/g, 'ID');
    };
    const unknown = await words('payments__burn_everything');
    expect(await words('payments__create_charge')).toBe(unknown);
    expect(await words('code-host__read_file')).toBe(unknown);

    const [hidden] = await decisionsAbout(place, 'create_charge');
    const unreachable = { reasons: ['gateway.unknown_tool'], reason_internal: 'gateway.out_of_scope' };
    expect(hidden).toMatchObject({ ...unreachable, matched_rules: ['identity/ID-201'] });
    const [outOfScope] = await decisionsAbout(place, 'read_file');
    expect(outOfScope).toMatchObject(unreachable);
    const [missing] = await decisionsAbout(place, 'payments__burn_everything');
    expect(missing).toMatchObject({ effect: 'deny', reasons: ['gateway.unknown_tool'], reason_internal: '' });
  });
});

test('every decision comes out again as it was recorded, whatever was in force, to the last bit', async () => {
  const during = { ...place, env: { ...place.env, ...INCIDENT } };
  const { code, stdout } = await runProgram(during, ['policy', 'replay', '--json']);
  const report = JSON.parse(stdout) as { readonly replayed: number };
  expect(report.replayed).toBeGreaterThan(ALLOWED.length + DENIED.length);
  expect({ code, ...report }).toMatchObject({
    code: 0,
    ok: true,
    recorded: { reproduced: report.replayed, alarms: [] },
    // What was denied once the incident was over.
    classes: { same: report.replayed - 1, deny_to_allow: 1 },
    groups: [{ class: 'deny_to_allow', rules: ['override/OVR-101'], example: { tool: 'commit_file' } }],
  });
});

test('a falsified record does not follow from what it keeps', async () => {
  const records = await decisionsOf(place);
  const denied = records.find(({ matched_rules: rules }) => rules.includes('compliance/CO-101'));
  const allowed = records.find(({ effect, action }) => effect === 'allow' && action === 'tool_call');
  if (denied === undefined || allowed === undefined) throw new Error('the day at Northwind has not been played');
  expect([denied, allowed].map(reproduces)).toEqual([true, true]);
  expect(reproduces({ ...denied, effect: 'allow', reasons: [] })).toBe(false);
  expect(reproduces({ ...allowed, effect: 'deny' })).toBe(false);
  const silenced = denied.layers.map((opinion) =>
    opinion.layer === 'compliance' ? { ...opinion, deny: [] } : opinion,
  );
  expect(reproduces({ ...denied, layers: silenced })).toBe(false);
});

test('the commands read back what was decided', async () => {
  const listed = await runProgram(place, ['decision', 'ls', '--effect', 'deny', '--tool', 'export_table', '--json']);
  const { ok, decisions } = JSON.parse(listed.stdout) as { ok: boolean; decisions: readonly { id: string }[] };
  expect(ok).toBe(true);
  expect(decisions).toMatchObject([{ effect: 'deny', reasons: ['personal_data_export'] }]);
  const explained = await runProgram(place, ['explain', decisions[0]?.id ?? '']);
  expect(explained.code).toBe(0);
  expect(explained.stdout).toContain('compliance/CO-101');
});

function unprefixed(tool: string): string {
  return tool.slice(tool.indexOf('__') + 2);
}
