import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Command } from 'commander';
import type { CommandContext } from '../../src/cli/context.ts';
import { addApprovalCommands } from '../../src/cli/approval-commands.ts';
import { addBudgetCommands } from '../../src/cli/budget-commands.ts';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { addGenerationCommands } from '../../src/cli/generation-commands.ts';
import { addLabelCommands } from '../../src/cli/label-commands.ts';
import { addPauseCommand } from '../../src/cli/pause-command.ts';
import { addStatusCommands } from '../../src/cli/status-commands.ts';
import { factsHash } from '../../src/app/generation.ts';
import type { GenerationFacts } from '../../src/core/generation.ts';
import { openConnection } from '../../src/state/open-connection.ts';
import { leasesOfStore } from '../../src/state/under-lease.ts';
import { run as statement } from '../../src/state/work.ts';
import { type Ran, runCommand } from '../cli/command.ts';
import { aHold, aNewApproval, anAct, aRecord } from '../state/records.ts';
import { aFolder, aReader } from '../state/support.ts';
import { aStore, besides, type Host } from './hosts.ts';
import { freshDatabase } from './shared.ts';

const SUBJECTS = [addApprovalCommands, addBudgetCommands, addDecisionCommands, addLabelCommands, addPauseCommand];

function addAll(program: Command, context: CommandContext): void {
  for (const add of [...SUBJECTS, addStatusCommands]) add(program, context);
  addGenerationCommands(program.command('policy'), context);
}

function aHome(store: object): string {
  const home = join(aFolder(), 'home');
  mkdirSync(home, { mode: 0o700 });
  const config = { version: 1, mcpServers: {}, policies: { starter: false, pause: true }, decisions: { store } };
  writeFileSync(join(home, 'mcp-gateway.yaml'), JSON.stringify(config));
  return home;
}

function run(home: string, line: string): Promise<Ran> {
  return runCommand(addAll, line.split(' '), { home, cache: join(home, 'cache'), variables: { PATH: '' } });
}

async function json(home: string, line: string): Promise<Record<string, unknown>> {
  const { out } = await run(home, `${line} --json`);
  return JSON.parse(out) as Record<string, unknown>;
}

async function aHost(): Promise<Host> {
  const url = await freshDatabase();
  return { url, home: aHome({ driver: 'postgres', url }) };
}

test.for([
  'decision ls',
  'decision stats',
  'budget ls',
  'label ls',
  'approval ls',
  'pause',
  'policy generations',
  'status',
  'doctor --offline --no-start',
])('before the first start, `%s` ends as it does where there is no file yet', async (line) => {
  const { home } = await aHost();
  const onFile = aHome({ driver: 'sqlite', path: join(aFolder(), 'decisions.db') });
  const [said, expected] = [await run(home, line), await run(onFile, line)];
  expect([said.exit, said.out === '']).toEqual([expected.exit, expected.out === '']);
  const words = /there is no store in the database fresh_\S+ on 127\.0\.0\.1:\d+[^]*Start the gateway once/;
  expect(said.err).toMatch(expected.err === '' ? /^$/ : words);
});

test('before the first start doctor finds nothing wrong with an empty database', async () => {
  const { home } = await aHost();
  const { findings } = (await json(home, 'doctor --offline --no-start')) as { findings: readonly Finding[] };
  const states = findings.filter(({ id }) => ['store', 'chain', 'pause', 'gateways'].includes(id));
  expect(states.map(({ id, state }) => [id, state])).toEqual([
    ['store', 'skip'],
    ['chain', 'skip'],
    ['pause', 'skip'],
    ['gateways', 'skip'],
  ]);
});

interface Finding {
  readonly id: string;
  readonly state: string;
  readonly words: string;
}

describe('where the store’s clock is a day ahead of this machine’s', () => {
  const DAY_MS = 86_400_000;

  async function aHostAhead() {
    const host = await aHost();
    const connection = openConnection(host, { access: 'write' });
    const ahead = `select (extract(epoch from clock_timestamp()) * 1000)::bigint + ${DAY_MS}`;
    await connection.ask(() =>
      statement(`create or replace function store_ms() returns bigint language sql volatile as '${ahead}'`),
    );
    await connection.close();
    return { ...host, store: await aStore(host) };
  }

  test('what expired there is not shown and not answered, and what holds there is', async () => {
    const { url, home, store } = await aHostAhead();
    const now = store.clock.now();
    expect(now).toBeGreaterThan(Date.now() + DAY_MS - 60_000);
    const label = { conversation: 'c', source: 'team/T-1', attachedMs: now - 10_000 };
    const window = { startsMs: now - 10_000, endsMs: now + 600_000 };
    const times = { createdMs: now - 10_000, expiresMs: now + 600_000 };
    const requester = { agent: 'claude', user: 'maya', login: 'maya' };
    const binding = { call: 'another', tool: 't', conversation: 'c' };
    await store.log.commit(aRecord(), '{}', [
      { kind: 'attach_label', label: { ...label, label: 'holds', expiresMs: now + 600_000 } },
      { kind: 'attach_label', label: { ...label, label: 'over', expiresMs: now - 1 } },
      { kind: 'take', charge: aHold({ window }) },
      { kind: 'open_approval', approval: aNewApproval({ id: 'd-open', requester, ...times }) },
      {
        kind: 'open_approval',
        approval: aNewApproval({ id: 'd-over', requester, binding, createdMs: now - 10_000, expiresMs: now - 1 }),
      },
    ]);
    await store.log.act(anAct(), [
      { kind: 'begin_pause', pause: { sinceMs: now - 10_000, untilMs: now + 600_000, actor: 'user:ada', reason: 'x' } },
    ]);
    const labels = (await json(home, 'label ls'))['labels'] as readonly { readonly label: string }[];
    expect(labels.map(({ label: name }) => name)).toEqual(['holds']);
    expect((await json(home, 'budget ls'))['budgets']).toHaveLength(1);
    const approvals = (await json(home, 'approval ls'))['approvals'] as readonly Record<string, string>[];
    expect(new Map(approvals.map(({ id, status }) => [id, status]))).toEqual(
      new Map([
        ['d-open', 'pending'],
        ['d-over', 'expired'],
      ]),
    );
    expect((await json(home, 'pause'))['pause']).toMatchObject({ reason: 'x' });
    expect(await json(home, 'status')).toMatchObject({ gateways: [{ id: store.instance }], pause: { reason: 'x' } });
    expect(await run(home, 'label clear holds --conversation c --reason done')).toMatchObject({ exit: 0 });
    const [act] = await aReader({ url }).acts({ limit: 1 });
    expect(act?.verb).toBe('label.clear');
    expect(Date.parse(act?.time ?? '')).toBeGreaterThanOrEqual(now);
  });
});

const BUNDLE: GenerationFacts['bundles'][number] = {
  id: 'limits',
  layer: 'workflow',
  place: { kind: 'organisation', scope: { servers: ['*'], agents: ['*'], tools: ['*'] } },
  mode: 'enforce',
  ruleModes: {},
  digest: 'd'.repeat(64),
  dataDigest: 'e'.repeat(64),
  source: './limits',
};

function factsOf(mode: 'enforce' | 'warn', digest: string): GenerationFacts {
  const bundles = [{ ...BUNDLE, mode, digest: digest.repeat(64) }];
  return { bundles, required: [], evaluationFuel: 1, library: 'f'.repeat(64), toolchain: 'a'.repeat(64) };
}

describe('two gateways with different configurations', () => {
  async function twoGateways() {
    const host = await aHost();
    const strict = await aStore(host);
    const loose = await aStore(besides(host, aHome({ driver: 'postgres', url: host.url })));
    const put = async (store: typeof strict, generation: string, facts: GenerationFacts) => {
      const at = store.clock.now();
      await store.generations.activate({ generation, at, instance: store.instance, why: 'start', facts });
      await store.decidesBy({ generation, facts: factsHash(facts) });
    };
    const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
    await put(strict, a, factsOf('enforce', '1'));
    await put(loose, b, factsOf('warn', '2'));
    return { ...host, strict, loose, put, a, b };
  }

  test('are both shown with what each decides by since when, and the stricter one is not hidden', async () => {
    const { home, strict, loose, a, b } = await twoGateways();
    const status = (await json(home, 'status')) as {
      readonly deciding: readonly { readonly generation: string; readonly relaxed: readonly unknown[] }[];
      readonly gateways: readonly {
        readonly id: string;
        readonly generation: string;
        readonly deciding_since: string;
      }[];
    };
    expect(new Map(status.gateways.map(({ id, generation }) => [id, generation]))).toEqual(
      new Map([
        [strict.instance, a],
        [loose.instance, b],
      ]),
    );
    for (const { deciding_since: since } of status.gateways) expect(since).toMatch(/^\d{4}-/);
    expect(new Map(status.deciding.map(({ generation, relaxed }) => [generation, relaxed.length]))).toEqual(
      new Map([
        [a, 0],
        [b, 1],
      ]),
    );
    const { out } = await run(home, 'status');
    for (const generation of [a, b]) expect(out).toContain(`generation ${generation.slice(0, 12)} (`);
    expect(out).toContain('do not decide by the same policies');
    const { findings } = (await json(home, 'doctor --offline --no-start')) as { findings: readonly Finding[] };
    expect(findings.find(({ id }) => id === 'gateways')).toMatchObject({ state: 'warn' });
  });

  test('are listed with what each uses, also when the other one has started often since', async () => {
    const { home, strict, loose, put, a, b } = await twoGateways();
    for (const digest of ['3', '4', '5']) await put(loose, digest.repeat(64), factsOf('warn', digest));
    await put(loose, b, factsOf('warn', '2'));
    const { generations } = (await json(home, 'policy generations --limit 2')) as {
      readonly generations: readonly Listed[];
    };
    const used = generations.map(({ generation, in_force, used_by }) => [
      generation.slice(0, 1),
      in_force,
      used_by.map(({ instance }) => instance),
    ]);
    expect(used).toEqual([
      ['b', true, [loose.instance]],
      ['5', false, []],
      ['a', true, [strict.instance]],
    ]);
    expect(generations[2]?.generation).toBe(a);
    expect((await run(home, 'policy generations')).out).toContain(`pid ${process.pid} on `);
  });

  test('are not rolled back to “the one before”, which would be what the other one decides by', async () => {
    const { home } = await twoGateways();
    const { exit, err } = await run(home, 'policy rollback --reason wrong');
    expect(exit).not.toBe(0);
    expect(err).toMatch(/do not decide by the same policies[^]*not clear what the one before is/);
  });

  interface Listed {
    readonly generation: string;
    readonly in_force: boolean;
    readonly used_by: readonly { readonly instance: string }[];
  }
});

test('a lease that a gateway holds is not taken by a command whose machine’s clock stands elsewhere', async () => {
  const host = await aHost();
  const store = await aStore(host);
  const behind = { now: () => Date.now() - 3_600_000, monotonic: () => performance.now() };
  const leases = leasesOfStore(host, behind);
  const events: string[] = [];
  let isDone = (): void => undefined;
  let held: Promise<void> | undefined;
  await new Promise<void>((begins) => {
    held = store.withLease('sign-in', async () => {
      begins();
      await new Promise<void>((resolve) => (isDone = resolve));
      events.push('gateway');
    });
  });
  const waiting = leases.withLease('sign-in', async () => void events.push('command'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  isDone();
  await Promise.all([held, waiting]);
  await leases.close();
  expect(events).toEqual(['gateway', 'command']);
});
