import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { SealedRecord } from '../../src/core/record.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { aPlace, type Place, runProgram } from '../e2e/program.ts';
import { journal, textsIn } from '../e2e/servers.ts';
import { PASSWORD, type PostgresServer, startPostgres } from '../postgres/a-server.ts';
import { callOn, callUntilKilled, KILL_WITHIN_MS, startGateway } from './killing.ts';

/** How many rounds; the figures in docs/scale.md are of as many as stand here. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 100);
const REPLICAS = 3;

// What is committed lies on the disk, as on a server that people use.
const server = await startPostgres({ settings: ['fsync = on', 'full_page_writes = on'] });
afterAll(() => server.close());

test(`F-01 kill -9 of a replica, ${ROUNDS} rounds beside two others: nothing goes upstream without a committed allow`, async () => {
  const database = await server.createDatabase();
  const places = await replicasOn(server, database);
  let rounds = 0;
  const killOften = async (place: Place, index: number): Promise<void> => {
    while (rounds < ROUNDS) await callUntilKilled(place, rounds++, `${index}-`);
  };
  await Promise.all(places.map(killOften));
  expect(await unauditedIn('replica killed', places, database)).toEqual([]);
  expect(await verified(places)).toMatchObject({ code: 0 });
});

test(`F-14 kill -9 of PostgreSQL, ${ROUNDS} rounds under three replicas: what is not recorded is not done, and service returns by itself`, async () => {
  const database = await server.createDatabase();
  const places = await replicasOn(server, database);
  const answers = places.map(() => 0);
  const gateways = places.map(startGateway);
  onTestFinished(() => gateways.forEach((gateway) => gateway.kill('SIGKILL')));
  await Promise.all(
    gateways.map((gateway, index) =>
      callOn(gateway, `${index}`, (line) => {
        if (!line.includes('"isError":true')) answers[index] = (answers[index] ?? 0) + 1;
      }),
    ),
  );
  for (let round = 0; round < ROUNDS; round++) {
    await wait(Math.random() * KILL_WITHIN_MS);
    await server.kill();
    await server.start();
    const before = [...answers];
    await expect.poll(() => answers.every((count, index) => count > (before[index] ?? 0)), SERVICE).toBe(true);
  }
  for (const gateway of gateways) gateway.kill('SIGTERM');
  await Promise.all(gateways.map((gateway) => new Promise((settle) => gateway.once('close', settle))));
  expect(await unauditedIn('PostgreSQL killed', places, database)).toEqual([]);
  expect(await verified(places)).toMatchObject({ code: 0 });
});

/** Until the replicas have noticed, and have connected anew. */
const SERVICE = { timeout: 60_000, interval: 20 } as const;

/** Each a host of its own, with a folder, a home and a server; the key of the log is copied from the first. */
async function replicasOn({ port }: PostgresServer, database: string): Promise<readonly Place[]> {
  const url = `postgres://gateway:\${PGPASSWORD}@127.0.0.1:${port}/${database}`;
  const places = Array.from({ length: REPLICAS }, () => {
    const place = aPlace(
      (folder) => `version: 1
gateway: { toolNames: plain }
decisions: { arguments: full, store: { driver: postgres, url: '${url}' } }
mcpServers: { journal: { ${journal(folder)} } }
`,
    );
    return { ...place, env: { ...place.env, PGPASSWORD: encodeURIComponent(PASSWORD) } };
  });
  const [first, ...others] = places;
  // The store is begun by one, as an administrator does it.
  expect(first && (await runProgram(first, ['key', 'ls']))).toMatchObject({ code: 0 });
  for (const other of others) {
    mkdirSync(join(other.folder, 'home'), { recursive: true, mode: 0o700 });
    copyFileSync(join(first?.folder ?? '', 'home', 'chain.key'), join(other.folder, 'home', 'chain.key'));
  }
  return places;
}

/** What reached the servers without an allow in the log, or twice; the figures are printed. */
async function unauditedIn(what: string, places: readonly Place[], database: string): Promise<readonly string[]> {
  const records = await recordsIn(database);
  const allowed = new Set(records.filter(({ effect }) => effect === 'allow').map(textOf));
  const received = places.flatMap((place) => textsIn(place).map(String));
  const counts: Record<string, number> = {};
  for (const { outcome } of records) counts[outcome?.status ?? 'none'] = (counts[outcome?.status ?? 'none'] ?? 0) + 1;
  process.stdout.write(`${JSON.stringify({ what, received: received.length, recorded: records.length, ...counts })}\n`);
  expect(received.length).toBeGreaterThan(ROUNDS);
  return received.filter((text, index) => !allowed.has(text) || received.indexOf(text) !== index);
}

async function verified([place]: readonly Place[]): Promise<unknown> {
  return place && (await runProgram(place, ['decision', 'verify']));
}

async function recordsIn(database: string): Promise<readonly SealedRecord[]> {
  const reader = new DecisionReader({ url: server.url(database) });
  try {
    return (await reader.list({ limit: Number.MAX_SAFE_INTEGER })).filter(({ tool }) => tool === 'write');
  } finally {
    await reader.close();
  }
}

function textOf({ input }: SealedRecord): string {
  return (input as { readonly action: { readonly args: { readonly text: string } } }).action.args.text;
}
