import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, vi } from 'vitest';
import { aPlace, decisionsAbout, type Place, PATIENCE, runProgram, storeOf } from '../e2e/program.ts';
import { type RawClient, rawStdio } from '../e2e/raw-client.ts';
import { journal, textsIn } from '../e2e/servers.ts';
import { aReadyClient, expectTruth, type Figures, write } from './truth.ts';

const GATEWAYS = 5;

export interface Share {
  readonly durability: 'full' | 'normal';
  /** How many calls all of them together may make. */
  readonly limit: number;
  /** How often one of them is killed and another started in its place. */
  readonly kills: number;
}

/**
 * Five gateways at one store, each with a client that calls for as long as the common budget has room, while one after
 * another is killed and replaced. Checks that they share chain, budget and leases, and answers the figures.
 */
export async function shareAStore(share: Share): Promise<Figures & { readonly granted: number }> {
  const place = aPlace((folder) => configuration(folder, share));
  const current = await Promise.all(Array.from({ length: GATEWAYS }, () => aReadyClient(place)));
  const all = [...current];
  const loads = current.map((client) => callUntilRefused(client));
  for (let kill = 0; kill < share.kills; kill++) {
    const atCall = (share.limit * (kill + 1)) / (share.kills + 1);
    await vi.waitFor(() => expect(textsIn(place).length).toBeGreaterThanOrEqual(atCall), SLOW);
    const index = kill % GATEWAYS;
    current[index]?.signal('SIGKILL');
    await current[index]?.ended;
    const next = await rawStdio(place);
    current[index] = next;
    all.push(next);
    loads.push(callUntilRefused(next));
  }
  await Promise.all(loads);
  const granted = await expectShared(place, { ...share, started: all.length });
  return { ...(await expectTruth(place, all)), granted };
}

const SLOW = { timeout: 300_000, interval: 20 } as const;

async function expectShared(place: Place, { limit, started }: Share & { readonly started: number }): Promise<number> {
  // Whoever has the lease gives what the dead ones had in flight its outcome, and then forgets them.
  await vi.waitFor(() => expect(instancesIn(place)).toBe(GATEWAYS), PATIENCE);
  const records = await decisionsAbout(place, 'write');
  const allowed = records.filter(({ effect }) => effect === 'allow');
  expect(allowed).toHaveLength(limit);
  expect(allowed.filter(({ outcome }) => outcome === undefined || outcome === null)).toEqual([]);
  expect(new Set(records.map(({ instance }) => instance)).size).toBe(started);
  expect(new Set(records.map(({ chain }) => chain)).size).toBe(1);
  const { stdout } = await runProgram(place, ['budget', 'ls', '--json']);
  const budgets = (JSON.parse(stdout) as { readonly budgets: readonly object[] }).budgets;
  expect(budgets).toContainEqual(expect.objectContaining({ counter: 'share/calls', used: limit, reserved: 0 }));
  expect(budgets).toContainEqual(expect.objectContaining({ counter: 'share/work', reserved: 0 }));
  return allowed.length;
}

function instancesIn(place: Place): number {
  const database = new Database(storeOf(place), { readonly: true });
  try {
    return database.prepare('select id from instances').all().length;
  } finally {
    database.close();
  }
}

/** Eight calls at a time, until the budget is used up or the gateway has gone. */
async function callUntilRefused(client: RawClient): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    let kind = 'written';
    while (kind === 'written') ({ kind } = await write(client, `${client.pid} ${next++}`));
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

function configuration(folder: string, { durability, limit }: Share): string {
  return `version: 1
gateway: { toolNames: prefixed }
decisions: { durability: ${durability}, arguments: full }
policies: { org: [{ id: share, layer: workflow, source: ${writeShare(folder, limit)} }] }
mcpServers: { journal: { ${journal(folder)} } }
`;
}

/** A budget that each call uses at once, and one that is held until the call is over. */
function writeShare(folder: string, limit: number): string {
  const counter = { unit: 'calls', key: ['agent.id'], window: { kind: 'lifetime' } };
  const held = { reserve: 2, settle: { from: 'result.bytes' }, on_expire: 'refund' };
  const counters = [
    { ...counter, name: 'calls', limit },
    { ...counter, ...held, name: 'work', limit: 1_000_000_000 },
  ];
  const gateway = { contract: 1, layer: 'workflow', governs: ['tool_call'], counters };
  const bundle = join(folder, 'share');
  mkdirSync(bundle);
  writeFileSync(join(bundle, '.manifest'), JSON.stringify({ roots: ['share'], metadata: { gateway } }));
  writeFileSync(join(bundle, 'policy.rego'), RULES);
  return bundle;
}

const RULES = `package share

# METADATA
# title: Every call counts
# custom: {id: SH-301}
obligations contains {"id": "SH-301", "type": "counter", "name": "calls", "cost": 1} if input.action.tool == "write"

# METADATA
# title: The work of a call is held until it is over
# custom: {id: SH-302}
obligations contains {"id": "SH-302", "type": "counter", "name": "work"} if input.action.tool == "write"
`;
