import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadBundle, SHIPPED_BUNDLES } from '../../src/app/bundles.ts';
import { validateAgainst } from '../../src/catalog/validate-against.ts';
import { addBundleCommands } from '../../src/cli/bundle-commands.ts';
import { printExplanation } from '../../src/cli/explanation.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import { adviseAgainst, adviseWithheld } from '../../src/gateway/advice.ts';
import { rule, type Ruling } from '../../src/gateway/rule.ts';
import { buildPolicySet } from '../../src/policy/build-policy-set.ts';
import { toSource } from '../../src/policy/bundle.ts';
import { combine } from '../../src/policy/combine.ts';
import type { Participant, Place } from '../../src/policy/participant.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { readWords, writeWords } from '../../src/review/rule-words.ts';
import { toolchain } from '../shared-toolchain.ts';
import { runCommand } from '../cli/command.ts';
import { aCaller, LABELS } from '../gateway/makers.ts';
import { compilerOf, EVERYWHERE } from '../policy/shipped-bundles.ts';
import { silent } from '../state/records.ts';
import { filesOf } from './examples.ts';
import { readLibrary } from './shipped.ts';

const page = readFileSync('docs/policy-guide.md', 'utf8');
const [introduction = '', ...sections] = page.split(/^(?=## )/m);
const [smallest = ''] = sections;

const library = readLibrary();
const clock = { now: () => 0, monotonic: () => 0 };
const home = mkdtempSync(join(tmpdir(), 'mcp-gateway-'));
afterAll(() => rmSync(home, { recursive: true }));

let policy: PolicySet;
beforeAll(async () => {
  const starters = ['identity', 'resource', 'workflow', 'compliance'].map((layer) =>
    participant(`starter-${layer}`, join(SHIPPED_BUNDLES, 'starter', layer), { kind: 'starter' }),
  );
  policy = await buildPolicySet({
    participants: await Promise.all([
      ...starters,
      participant('desk', written(page, 'mcp-policy'), { kind: 'server', server: 'desk' }),
      participant('exceptions', written(page, 'exceptions'), { kind: 'organisation', scope: EVERYWHERE }),
    ]),
    library,
    toolchainDigest: toolchain.digest,
    compile: compilerOf(toolchain),
    clock,
    logger: silent,
  });
});

test('the smallest bundle passes the two commands that stand below it', async () => {
  const folder = written(introduction + smallest, 'mcp-policy', 'smallest');
  const run = (command: string) => runCommand(addBundleCommands, ['bundle', command, folder], { home, cache: home });
  const [checked, tested] = [await run('check'), await run('test')];
  const shown = checked.out.replace(folder, 'mcp-policy').replace(/[0-9a-f]{12}$/m, '…');
  expect(smallest).toContain(`$ mcp-gateway bundle check mcp-policy\n${shown}$ mcp-gateway bundle test mcp-policy\n`);
  expect(smallest).toContain(`\n${tested.out}\`\`\``);
});

test.for([
  ['mcp-policy', 'desk'],
  ['exceptions', 'exceptions'],
] as const)('the whole of %s is one bundle, every rule of which its tests make true', async ([folder, id]) => {
  const loaded = policy.participants.find((one) => one.id === id)?.loaded;
  if (loaded === undefined) throw new Error(`${id} is not loaded`);
  const tested = await toolchain.test({ bundle: toSource(loaded.bundle), library });
  if (tested.kind === 'refused') throw new Error(JSON.stringify(tested));
  expect(tested.tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  const tests = filesOf(page, folder).files.get('policy_test.rego')?.toString() ?? '';
  expect(tested.tests).toHaveLength(tests.match(/^test_/gm)?.length ?? 0);
  expect(tested.coverage.rules.filter(({ fired }) => !fired)).toEqual([]);
});

interface Call {
  readonly tool: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly agent?: string;
  readonly at?: string;
  readonly context?: Partial<PolicyInput['context']>;
  readonly result?: Partial<PolicyInput['action']['result']>;
  /** Whether the limits that the call is charged to have no room. */
  readonly isOver?: boolean;
}

const CONFLICT = 'How a conflict is explained';
const REFUND = { tool: 'refund', args: { ticket: 7, cents: 900 } };
const ANSWER = { tool: 'answer_ticket', args: { ticket: 7, text: 'See https://status.example.com/' } };

const TOLD: readonly (readonly [heading: string, call: Call])[] = [
  ['The smallest bundle', ANSWER],
  ['Budgets', { ...REFUND, isOver: true }],
  ['Rate limits', { tool: 'answer_ticket', args: { ticket: 7, text: 'It is mended.' }, isOver: true }],
  ['Workflow facts, and loops', { tool: 'list_tickets', context: { identical_calls: 4 } }],
  ['Approvals', { tool: 'delete_ticket' }],
  ['Results', { tool: 'read_ticket', args: { ticket: 7 }, result: { data_classes: { card_number: 1 } } }],
  [
    'Labels: what the conversation has seen',
    { ...REFUND, context: { labels: [{ label: 'words_of_strangers', source: 'desk/DESK-401', age_seconds: 9 }] } },
  ],
  ['Agents and subagents', { ...REFUND, agent: 'trainee' }],
];

test.for(TOLD)('the agent is told what stands under “%s”', ([heading, call]) => {
  const lines = shownUnder(heading).split('\n');
  const told = advice(call).split('\n');
  expect(lines.filter((line) => !told.includes(line))).toEqual([]);
});

test('nothing is shown as said to an agent that is not checked here', () => {
  const showing = sections.filter((section) => section.includes('```text\n')).map((text) => text.split('\n', 1)[0]);
  expect(showing).toEqual([...TOLD.map(([heading]) => `## ${heading}`), `## ${CONFLICT}`]);
});

const TOOLS = ['list_tickets', 'read_ticket', 'read_customer', 'answer_ticket', 'refund', 'delete_ticket'];

test.for(TOOLS)('what a rule demands of a call of %s keeps no result of it back', (tool) => {
  expect(ruling({ tool, args: { ...ANSWER.args, ...REFUND.args }, result: {} }).decision.effect).toBe('allow');
});

test('as the page says, the permit lifts no limit', () => {
  const call: Call = { ...ANSWER, agent: 'clerk', at: '2026-03-04T09:00:00Z' };
  expect(ruling(call).record).toMatchObject({ effect: 'allow', lifted: [{ denial: 'desk/DESK-201' }] });
  expect(advice({ ...call, isOver: true })).toContain('[gateway.counter.agent.id,user.id/60s, says the gateway]');
});

test.for([
  [0, '2026-03-09T09:00:00Z'],
  [1, '2026-03-04T09:00:00Z'],
] as const)('block %i about a conflict is what `decision explain` prints', async ([block, at]) => {
  const printed = await explanation({ ...ANSWER, agent: 'clerk', at });
  const lines = shownUnder(CONFLICT, block).split('\n').map(withoutFigures);
  expect(lines.filter((line) => !printed.includes(line))).toEqual([]);
});

/** Writes the bundle of a page into a folder, which is returned. */
function written(text: string, folder: string, below = 'whole'): string {
  const path = join(home, below, folder);
  mkdirSync(path, { recursive: true });
  for (const [file, bytes] of filesOf(text, folder).files) writeFileSync(join(path, file), bytes);
  return path;
}

async function participant(id: string, path: string, place: Place): Promise<Participant> {
  const loaded = await loadBundle({ id, path, data: {} }, { toolchain, library, validate: validateAgainst });
  expect(loaded.warnings).toEqual([]);
  return { id, layer: loaded.bundle.layer, place, mode: 'enforce', ruleModes: {}, loaded };
}

function shownUnder(heading: string, block = 0): string {
  const section = sections.find((text) => text.startsWith(`## ${heading}\n`)) ?? '';
  const shown = [...section.matchAll(/^```text\n([\s\S]*?)\n```$/gm)][block]?.[1];
  if (shown === undefined) throw new Error(`nothing is shown under ${heading}`);
  return shown;
}

function ruling({ tool, args = {}, agent = 'assistant', at = '2026-03-02T12:00:00Z', context, result }: Call): Ruling {
  const action = result === undefined ? 'tool_call' : 'tool_result';
  const caller = aCaller(agent);
  const refunded = { used: 0, reserved: 0, limit: 50_000, remaining: 50_000, ratio: 0, resets_at: '' };
  const input: PolicyInput = {
    ...TOTAL_INPUT,
    agent: { ...TOTAL_INPUT.agent, id: agent },
    user: { ...TOTAL_INPUT.user, id: 'ana' },
    server: { ...TOTAL_INPUT.server, id: 'desk' },
    action: { ...TOTAL_INPUT.action, type: action, tool, args, result: { ...TOTAL_INPUT.action.result, ...result } },
    context: { ...TOTAL_INPUT.context, ...context },
    budgets: { 'desk/refunded': refunded },
    environment: { ...TOTAL_INPUT.environment, time: at, time_ms: Date.parse(at) },
  };
  const mask = {
    maskInput: () => ({ input, masked: [], hidden: new Set<string>() }),
    maskQuotes: <T>(value: T) => value,
  };
  return rule(
    { caller, action, server: 'desk', tool, own: [], input, dropped: [], traceId: '' },
    { policy, clock, newId: () => '0199a3f1', mask, labels: LABELS },
  );
}

/** What the agent is told of a call that does not go through. */
function advice(call: Call): string {
  const { record, ruleText, decision: free } = ruling(call);
  const reservations = record.combine.reservations.map((one) => ({ ...one, status: 'refused' as const }));
  const decision = call.isOver === true ? combine({ ...record, combine: { ...record.combine, reservations } }) : free;
  const facts = { decisionId: record.id, policyVersion: '', decision, subject: `the tool ${call.tool}`, ruleText };
  if (call.result !== undefined) return adviseWithheld(facts).text;
  return adviseAgainst({ ...facts, approvals: decision.obligations.approvals }).text;
}

/** The lines of `decision explain` on a terminal of 110 columns. */
async function explanation(call: Call): Promise<readonly string[]> {
  const record = { ...ruling(call).record, seq: 1, chain: '', instance: '', hash: '', outcome: null };
  const rules = policy.participants.flatMap(({ loaded }) => loaded ?? []);
  const words = new Map(rules.map((loaded) => [loaded.bundle.digest, readWords(writeWords(loaded.rules))]));
  const ran = await runCommand(
    (program, { terminal }) => {
      program.command('explain').action(() => printExplanation(terminal, record, { words, json: false }));
    },
    ['explain'],
    { home, cache: home, columns: 110 },
  );
  return ran.out.split('\n').map(withoutFigures);
}

/** How long a policy took is another time each time. */
function withoutFigures(line: string): string {
  return line.replace(/\d+\.\d\d ms/, '0.00 ms');
}
