import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addApprovalCommands } from '../../src/cli/approval-commands.ts';
import { printError } from '../../src/cli/exit.ts';
import { addKeyCommands } from '../../src/cli/key-commands.ts';
import type { NewApproval } from '../../src/core/approval.ts';
import type { Act } from '../../src/core/act.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { aNewApproval, aRecord } from '../state/records.ts';
import { aFolder, aStore } from '../state/support.ts';

interface Place {
  readonly home: string;
  readonly path: string;
  readonly config: string;
}

interface Running {
  /** The user of the operating system. */
  readonly user?: string;
  readonly key?: string;
  /** What the person types; without it there is no terminal. */
  readonly types?: string;
}

/** A store with calls of `ana` that wait, by the id of the decision that asks. */
async function aPlace(...approvals: readonly Partial<NewApproval>[]): Promise<Place> {
  const home = aFolder();
  const place = { home, path: join(home, 'decisions.db'), config: join(home, 'mcp-gateway.yaml') };
  const config = { version: 1, mcpServers: {}, approvals: { groups: { leads: ['ben', 'cem', 'ana'] } } };
  writeFileSync(place.config, JSON.stringify(config));
  const store = await aStore(place);
  for (const part of approvals) {
    const record = aRecord({ effect: 'pending', ...(part.id === undefined ? {} : { id: part.id }) });
    const nowMs = Date.now();
    const approval = aNewApproval({ createdMs: nowMs, expiresMs: nowMs + 600_000, ...part });
    await store.log.commit(record, '{}', [{ kind: 'open_approval', approval }]);
  }
  await store.close();
  return place;
}

async function run(
  { home, config }: Place,
  args: readonly string[],
  { user = 'ana', key, types }: Running = {},
): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const isTTY = types !== undefined;
  const stream = (name: 'out' | 'err'): NodeJS.WriteStream => {
    const written = new PassThrough().on('data', (chunk: Buffer) => (said[name] += chunk.toString()));
    return Object.assign(written, { isTTY, columns: 200 }) as unknown as NodeJS.WriteStream;
  };
  const input = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.ReadStream & PassThrough;
  const terminal = { in: input, out: stream('out'), err: stream('err') };
  const variables = { MCP_GATEWAY_APPROVER_KEY: key };
  const environment = { variables, workingFolder: home, userHome: home, home, cache: home, user };
  const program = new Command().exitOverride();
  let exit = 0;
  const context = { terminal, environment, setExit: (code: number) => (exit = code) };
  addApprovalCommands(program, context);
  addKeyCommands(program, context);
  if (types !== undefined) input.write(`${types}\n`);
  try {
    await program.parseAsync([...args, '--config', config], { from: 'user' });
  } catch (thrown) {
    exit = printError(terminal, thrown);
  }
  await new Promise(setImmediate);
  return { exit, ...said };
}

interface Listed {
  readonly approvals: readonly {
    readonly id: string;
    readonly status: string;
    readonly approved_by: readonly string[];
  }[];
}

async function statuses(place: Place): Promise<readonly string[]> {
  const { out } = await run(place, ['approval', 'ls', '--json']);
  const { approvals } = JSON.parse(out) as Listed;
  return approvals.map(({ id, status, approved_by: by }) => [id, status, ...by].join(' '));
}

function actsIn({ path }: Place): readonly Act[] {
  const database = chooseDriver().open(path, 'read');
  const rows = database.prepare("select body from log where kind = 'act' order by seq").all();
  database.close();
  return rows.map(({ body }) => JSON.parse(String(body)) as Act);
}

async function aKey(place: Place, ...args: readonly string[]): Promise<string> {
  const { out } = await run(place, ['key', 'create', '--role', 'approver', ...args]);
  return out.trim();
}

const BY_GROUP = { by: 'group:leads' };

test('a person at a terminal sees the exact call and confirms it', async () => {
  const place = await aPlace({
    shown: { ...aNewApproval().shown, arguments: { title: 'a\u202Eb\u001b[2J' }, why: ['Confirm it [x/AP-1]'] },
  });
  const { exit, out } = await run(place, ['approval', 'approve', 'd-1'], { types: 'yes' });
  expect(exit).toBe(0);
  expect(out).toContain('claude for ana wants to use the tool create_issue of github');
  expect(out).toContain(String.raw`title: "a\u{202e}b\u001b[2J"`);
  expect(out).toContain('why    Confirm it [x/AP-1]');
  expect(await statuses(place)).toEqual(['d-1 approved ana']);
  expect(actsIn(place)).toMatchObject([
    { actor: 'user:ana', via: 'terminal', verb: 'approval.approve', subject: 'd-1', after: { person: 'ana' } },
  ]);
});

test('whatever else is typed answers nothing', async () => {
  const place = await aPlace({});
  for (const types of ['', 'y', 'no']) await run(place, ['approval', 'approve', 'd-1'], { types });
  expect([await statuses(place), actsIn(place)]).toEqual([['d-1 pending'], []]);
});

test('a refusal is recorded with its reason', async () => {
  const place = await aPlace({});
  await run(place, ['approval', 'deny', 'd-1', '--reason', 'not today'], { types: 'yes' });
  expect(await statuses(place)).toEqual(['d-1 denied']);
  expect(actsIn(place)).toMatchObject([{ verb: 'approval.deny', reason: 'not today' }]);
  const { out } = await run(place, ['approval', 'show', 'd-1']);
  expect(out).toMatch(/no {5}ana at .* \(terminal\): not today/);
});

test('without a terminal and without a key nothing is answered', async () => {
  const place = await aPlace({});
  expect(await run(place, ['approval', 'approve', 'd-1'])).toMatchObject({
    exit: 4,
    err: expect.stringContaining('APPROVER_NEEDED') as string,
  });
  expect(await run(place, ['approval', 'approve', 'd-1'], { key: 'mcpg_wrong' })).toMatchObject({ exit: 4 });
  expect(await statuses(place)).toEqual(['d-1 pending']);
});

test.for([
  ['who asks', 'ana', BY_GROUP],
  ['who asks, as the system knows it', 'ana-login', BY_GROUP],
  ['somebody outside of the group', 'eve', BY_GROUP],
  ['another user', 'ben', {}],
] as const)('%s cannot answer', async ([, user, part]) => {
  const place = await aPlace(part);
  for (const verdict of ['approve', 'deny']) {
    const { exit, err } = await run(place, ['approval', verdict, 'd-1'], { user, types: 'yes' });
    expect([exit, err]).toEqual([6, expect.stringContaining('NOT_AN_APPROVER')]);
  }
  expect([await statuses(place), actsIn(place)]).toEqual([['d-1 pending'], []]);
});

test('a quorum counts people, not keys', async () => {
  const place = await aPlace({ ...BY_GROUP, quorum: 2 });
  await run(place, ['approval', 'approve', 'd-1'], { user: 'ben', types: 'yes' });
  const key = await aKey(place, '--user', 'ben');
  const again = await run(place, ['approval', 'approve', 'd-1'], { key });
  expect([again.exit, again.err]).toEqual([1, expect.stringContaining('ben has answered it already')]);
  expect(await statuses(place)).toEqual(['d-1 pending ben']);
  await run(place, ['approval', 'approve', 'd-1'], { user: 'cem', types: 'yes' });
  expect(await statuses(place)).toEqual(['d-1 approved ben cem']);
});

test('an approver’s key stands for a terminal, until it is revoked', async () => {
  const place = await aPlace({ ...BY_GROUP, quorum: 2 });
  const key = await aKey(place, '--groups', 'leads, others', '--user', 'dana');
  expect(key).toMatch(/^mcpg_[A-Za-z0-9_-]{43}$/);
  expect(await run(place, ['approval', 'approve', 'd-1'], { key })).toMatchObject({ exit: 0 });
  expect(await statuses(place)).toEqual(['d-1 pending dana']);
  const [made, used] = actsIn(place);
  expect(used).toMatchObject({ actor: `key:${made?.subject ?? ''}`, via: 'approver_key', verb: 'approval.approve' });

  await run(place, ['key', 'revoke', made?.subject ?? '']);
  expect(await run(place, ['approval', 'deny', 'd-1'], { key })).toMatchObject({ exit: 4 });
  const { out } = await run(place, ['key', 'ls', '--json']);
  expect(JSON.parse(out)).toMatchObject({ keys: [{ user: 'dana', groups: ['leads', 'others'] }] });
  expect(out + JSON.stringify(actsIn(place))).not.toContain(key.slice(5, 20));
  expect(actsIn(place).map(({ verb }) => verb)).toEqual(['key.create', 'approval.approve', 'key.revoke']);
});

test('a key of the requester does not count for a group', async () => {
  const place = await aPlace(BY_GROUP);
  const own = await aKey(place, '--groups', 'leads');
  expect(await run(place, ['approval', 'approve', 'd-1'], { key: own })).toMatchObject({ exit: 6 });
});

test('an approval is found by its beginning, and a beginning of two is refused', async () => {
  const place = await aPlace(
    { id: 'd-1', ...BY_GROUP },
    { id: 'd-20', by: 'group:leads', binding: { ...aNewApproval().binding, call: 'another call' } },
  );
  expect(await run(place, ['approval', 'show', 'd-2'])).toMatchObject({
    exit: 0,
    out: expect.stringContaining('id     d-20') as string,
  });
  expect(await run(place, ['approval', 'show', 'd-'])).toMatchObject({ exit: 1 });
  expect(await run(place, ['approval', 'show', 'x'])).toMatchObject({ exit: 1 });
});

test('the list says what is open, who answers how many, and how fast', async () => {
  const place = await aPlace({}, { id: 'd-2', ...BY_GROUP });
  await run(place, ['approval', 'approve', 'd-1'], { types: 'yes' });
  const all = await run(place, ['approval', 'ls']);
  expect(all.out).toMatch(/d-1 +approved +github\.create_issue +user +claude \(ana\) +1\/1/);
  expect(all.out).toMatch(/ana: 1 answer in the last hour, after \d+ s \(median\)/);
  const { out } = await run(place, ['approval', 'ls', '--status', 'pending', '--json']);
  expect(JSON.parse(out)).toMatchObject({
    schema: 'mcp-gateway/approval-ls/v1',
    ok: true,
    approvals: [{ id: 'd-2', by: 'group:leads', status: 'pending', arguments: { title: 'Hello' } }],
    answering: [{ person: 'ana', answers_last_hour: 1 }],
  });
});

test('an agent’s key approves nothing, and names its agent', async () => {
  const place = await aPlace(BY_GROUP);
  const made = await run(place, ['key', 'create', '--role', 'agent', '--agent', 'nightly report', '--groups', 'leads']);
  expect(made.err).toContain('stands for the agent nightly report of ana');
  expect(made.err).toContain('set gateway.auth.apiKeys to true');
  expect(await run(place, ['approval', 'approve', 'd-1'], { key: made.out.trim() })).toMatchObject({ exit: 4 });
  const [listed] = (JSON.parse((await run(place, ['key', 'ls', '--json'])).out) as { keys: unknown[] }).keys;
  expect(listed).toMatchObject({
    role: 'agent',
    agent: 'nightly report',
    user: 'ana',
    groups: ['leads'],
    data_classes: [],
  });
});

test.for([
  { args: ['--role', 'agent'], says: 'an agent’s key names its agent' },
  { args: ['--role', 'agent', '--agent', 'a/b'], says: 'an agent’s key names its agent' },
  { args: ['--role', 'approver', '--agent', 'a'], says: 'an approver’s key is no agent’s' },
])('`key create $args` is refused', async ({ args, says }) => {
  const { exit, err, out } = await run(await aPlace(), ['key', 'create', ...args]);
  expect([exit, out]).toEqual([2, '']);
  expect(err).toContain(says);
});
