import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { evidenceLines } from '../../src/app/export-lines.ts';
import { ChainKeys, readChainKey } from '../../src/state/chain-key.ts';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { obtainCheckpointKey } from '../../src/state/checkpoint-key.ts';
import { CHECKPOINT_EVERY } from '../../src/state/checkpointer.ts';
import { decisionIds } from '../../src/state/decision-id.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { sealExport, sealPath } from '../../src/state/export-seal.ts';
import { LogChecker } from '../../src/state/log-checker.ts';
import { openConnection } from '../../src/state/open-connection.ts';
import { prepareKey } from '../../src/state/prepared-key.ts';
import { rotateKey } from '../../src/state/rotate-key.ts';
import { Store } from '../../src/state/store.ts';
import { verifyExport } from '../../src/state/verify-export.ts';
import { verifyLog, type WholeLog } from '../../src/state/verify.ts';
import { anAct, aRecord, realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';
import { asSuperuser, freshDatabase } from './shared.ts';
import { aStore, besides, call, chainsIn, type Host, whole } from './hosts.ts';

const CHAINS = 3;
const ROWS = 24;

/** Three processes that took turns, and went on after all of them had been witnessed. */
async function aLogOfThree(home: string): Promise<Host> {
  const host = { url: await freshDatabase(), home };
  const stores: Store[] = [];
  for (let count = 0; count < CHAINS; count += 1) {
    stores.push(await Store.open({ ...host, durability: 'full', clock: realClock, logger: silent }));
  }
  for (let turn = 0; turn < 3; turn += 1) for (const store of stores) await call(store);
  for (const store of stores) await store.log.act(anAct());
  await asSuperuser(BACK_UP('old'), host.url);
  for (const store of stores) await store.log.append(aRecord({ effect: 'deny' }));
  for (const store of stores) await store.close();
  await asSuperuser(BACK_UP('whole'), host.url);
  return host;
}

const BACK_UP = (name: string): string =>
  `create table ${name}_log as select * from mcp_gateway.log; create table ${name}_heads as select * from mcp_gateway.heads`;

const RESTORE = `set session_replication_role = replica; set search_path = mcp_gateway, public;
  delete from log; delete from heads;
  insert into log select * from whole_log; insert into heads select * from whole_heads;`;

const forAll = mkdtempSync(join(tmpdir(), 'mcp-gateway-postgres-'));
afterAll(() => rmSync(forAll, { recursive: true, force: true }));

let host: Host;
let chains: WholeLog['chains'];
beforeAll(async () => {
  host = await aLogOfThree(forAll);
  ({ chains } = await whole(host));
});

test('each chain is walked from its beginning and held to the checkpoints', async () => {
  const verdict = await whole(host);
  expect(verdict).toMatchObject({ rows: ROWS, notes: [] });
  expect(verdict.chains).toHaveLength(CHAINS);
  for (const chain of verdict.chains) {
    expect(chain).toMatchObject({ rows: ROWS / CHAINS, last_checkpoint: { seq: chain.seq } });
    expect(chain.checkpoints).toBeGreaterThanOrEqual(1);
  }
  expect(verdict.seq).toBe(Math.max(...verdict.chains.map(({ seq }) => seq)));
});

const ROW = (chain: string, which: number): string =>
  `(select seq from whole_log where chain = '${chain}' order by seq offset ${which} limit 1)`;
const PUT_BACK = (
  chain: string,
): string => `delete from log where chain = '${chain}'; delete from heads where chain = '${chain}';
  insert into log select * from old_log where chain = '${chain}';
  insert into heads select * from old_heads where chain = '${chain}';`;
const COLUMNS = `kind, key, id, time, instance, effect, status, server, tool, reasons, action, agent, "user", session, us, prev, hash, body`;

describe.each([0, 1, 2])('whatever is done to one of three chains is found and named (chain %s)', (index) => {
  test.each<readonly [what: string, kind: string, sql: (chain: string) => string]>([
    [
      'an edited row',
      'edited',
      (chain) => `update log set body = replace(body, '"ms"', '"mx"'), agent = 'eve' where seq = ${ROW(chain, 3)}`,
    ],
    ['a missing row', 'missing', (chain) => `delete from log where seq = ${ROW(chain, 3)}`],
    ['a missing first row', 'missing', (chain) => `delete from log where seq = ${ROW(chain, 0)}`],
    ['a last row cut off', 'truncated', (chain) => `delete from log where seq = ${ROW(chain, 7)}`],
    [
      'last rows cut off, with the end moved back',
      'truncated',
      (chain) => `delete from log where chain = '${chain}' and seq > ${ROW(chain, 5)};
        update heads set seq = o.seq, hash = o.hash from whole_log o where heads.chain = '${chain}' and o.seq = ${ROW(chain, 5)}`,
    ],
    ['all rows cut off', 'truncated', (chain) => `delete from log where chain = '${chain}'`],
    ['an older state put back', 'replaced', PUT_BACK],
    [
      'the whole chain removed',
      'missing',
      (chain) => `delete from log where chain = '${chain}'; delete from heads where chain = '${chain}'`,
    ],
    ['its end removed', 'missing', (chain) => `delete from heads where chain = '${chain}'`],
    ['a row given to no chain', 'replaced', (chain) => `update log set chain = 'nobody' where seq = ${ROW(chain, 7)}`],
    [
      'a row played again under its number',
      'edited',
      (
        chain,
      ) => `insert into log (seq, chain, ${COLUMNS}) select seq, chain, ${COLUMNS.replace('time', `'1999-01-01T00:00:00.000Z'`)}
        from whole_log where seq = ${ROW(chain, 3)}`,
    ],
    ['an end that nobody set', 'edited', (chain) => `update heads set mac = hash where chain = '${chain}'`],
  ])('%s: %s', async (...[, kind, sql]) => {
    const { chain } = chains[index] ?? { chain: '' };
    await asSuperuser(`${RESTORE} ${sql(chain)}`, host.url);
    const verdict = await verifyLog(host);
    expect(verdict).toMatchObject({ kind, chain: expect.stringMatching(`^(${chain}|nobody)$`) });
    await asSuperuser(RESTORE, host.url);
    expect(await verifyLog(host)).toMatchObject({ kind: 'ok' });
  });
});

test('hosts witness one another’s chains: what one has lost the other tells', async () => {
  const one: Host = { url: await freshDatabase(), home: aFolder() };
  const first = await aStore(one);
  const other = besides(one);
  const second = await aStore(other);
  await call(first);
  await call(second);
  await second.close();
  expect(chainsIn(other).size).toBe(2);
  await first.close();
  expect(chainsIn(one)).toEqual(chainsIn(other));
  expect(await whole(one)).toMatchObject({ rows: 4, notes: [] });
  const {
    chains: [lost],
  } = await whole(other);
  await asSuperuser(
    `set session_replication_role = replica; set search_path = mcp_gateway;
     delete from log where chain = '${lost?.chain}'; delete from heads where chain = '${lost?.chain}'`,
    one.url,
  );
  for (const each of [one, other]) expect(await verifyLog(each)).toMatchObject({ kind: 'missing', chain: lost?.chain });
});

test('after so many records of one process a checkpoint is there although it goes on', async () => {
  const busy: Host = { url: await freshDatabase(), home: aFolder() };
  const store = await aStore(busy);
  await call(store);
  await Promise.all(Array.from({ length: CHECKPOINT_EVERY }, () => store.log.append(aRecord({ effect: 'deny' }))));
  await expect.poll(async () => (await whole(busy)).checkpoints).toBeGreaterThan(0);
});

test('a check goes on behind what was checked, chain by chain', async () => {
  const shared: Host = { url: await freshDatabase(), home: aFolder() };
  const [first, second] = [await aStore(shared), await aStore(shared)];
  await call(first);
  await call(second);
  const checker = new LogChecker(shared);
  const look = () => expect.poll(async () => (await checker.look()).words);
  await look().toContain('4 records');
  await call(first);
  await aStore(shared).then(call);
  await look().toContain('8 records');
  await asSuperuser(`set session_replication_role = replica; update mcp_gateway.heads set mac = hash`, shared.url);
  await look().toContain('not whole (edited)');
});

describe('an export of several chains', () => {
  async function anExport(): Promise<string> {
    const file = join(aFolder(), 'log.jsonl');
    const reader = new DecisionReader(host);
    const pages = reader.evidence({ filter: { limit: Number.MAX_SAFE_INTEGER }, keys: new ChainKeys(host.home) });
    let text = '';
    const never = (): void => expect.unreachable('a row is not what was written');
    for await (const lines of evidenceLines(pages, { onChanged: never, onWritten: () => undefined })) text += lines;
    await reader.close();
    writeFileSync(file, text);
    writeFileSync(sealPath(file), await sealExport(file, obtainCheckpointKey(host.home), Date.now()));
    return file;
  }

  const check = (file: string, home = host.home) =>
    verifyExport({ file, home, checkpoints: checkpointPath(host.home), reader: obtainCheckpointKey(host.home) });

  test('is whole, with the key and with the seal alone', async () => {
    const file = await anExport();
    expect(await check(file)).toMatchObject({ kind: 'ok', proof: 'key', rows: ROWS, chains });
    expect(await check(file, aFolder())).toMatchObject({ kind: 'ok', proof: 'seal', rows: ROWS });
  });

  test('any line that is taken out is found, and a chain of which nothing is left', async () => {
    const file = await anExport();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const bare = join(aFolder(), 'log.jsonl');
    for (const home of [host.home, aFolder()]) {
      // What chains begin with is told by nothing but what comes after it.
      for (let gone = CHAINS; gone < lines.length; gone += 1) {
        writeFileSync(bare, `${lines.toSpliced(gone, 1).join('\n')}\n`);
        const kind = gone < lines.length - CHAINS ? 'missing' : 'truncated';
        expect(await check(bare, home), `line ${gone}`).toMatchObject({ kind });
      }
      const [, lost] = chains;
      writeFileSync(bare, `${lines.filter((line) => !line.includes(`"chain":"${lost?.chain}"`)).join('\n')}\n`);
      expect(await check(bare, home)).toMatchObject({ kind: 'missing', chain: lost?.chain });
    }
  });
});

function rotated(host: Host): ReturnType<typeof rotateKey> {
  const connection = openConnection(host, { access: 'write' });
  onTestFinished(() => connection.close());
  const time = new Date().toISOString();
  const act = {
    id: decisionIds(realClock)(),
    time,
    actor: 'user:ada',
    via: 'terminal',
    reason: 'Sam has left',
  } as const;
  return rotateKey({ connection, home: host.home, act });
}

test('all chains are handed over to another key at once, and gateways that run go on with it', async () => {
  const shared: Host = { url: await freshDatabase(), home: aFolder() };
  const stores = [await aStore(shared), await aStore(shared), await aStore(shared)];
  const ending = new AbortController();
  let calls = 0;
  const busy = stores.map(async (store) => {
    while (!ending.signal.aborted) {
      await call(store);
      calls += 1;
    }
  });
  await expect.poll(() => calls).toBeGreaterThan(10);
  const { to } = await rotated(shared);
  const before = calls;
  await expect.poll(() => calls).toBeGreaterThan(before + 10);
  ending.abort();
  await Promise.all(busy);
  expect(await keysOf(shared)).toEqual([to]);
  for (const store of stores) await store.close();
  expect(await whole(shared)).toMatchObject({ rows: calls * 2 + CHAINS, notes: [] });
});

test('a host that lacks the next key refuses calls, says which file to copy, and goes on once it is there', async () => {
  const one: Host = { url: await freshDatabase(), home: aFolder() };
  await call(await aStore(one));
  const other = besides(one);
  const store = await aStore(other);
  await call(store);
  const { to } = await rotated(one);
  await expect(store.log.append(aRecord())).rejects.toMatchObject({
    code: 'CHAIN_KEY',
    mend: expect.stringContaining(`chain-${to}.key`),
  });
  copyFileSync(join(one.home, `chain-${to}.key`), join(other.home, `chain-${to}.key`));
  await call(store);
  expect(await verifyLog(other)).toMatchObject({ kind: 'ok' });
});

test('a key that was prepared and copied is gone over to without a refused call, and new chains begin with it', async () => {
  const one: Host = { url: await freshDatabase(), home: aFolder() };
  const first = await aStore(one);
  await call(first);
  const other = besides(one);
  const second = await aStore(other);
  await call(second);
  const { id, path } = prepareKey(one.home);
  expect(prepareKey(one.home)).toEqual({ id, path });
  // What is prepared is not used.
  await call(await aStore(one));
  expect(await keysOf(one)).toEqual([readChainKey(one.home).id]);
  copyFileSync(path, join(other.home, `chain-${id}.key`));
  expect(await rotated(one)).toMatchObject({ to: id, wasPrepared: true });
  for (const store of [first, second]) await call(store);
  const later = await aStore(other);
  await call(later);
  expect(await keysOf(one)).toEqual([id]);
  expect(readChainKey(other.home).id).not.toBe(id);
  const next = await rotated(other);
  expect(next).toMatchObject({ from: id, wasPrepared: false });
  copyFileSync(join(other.home, `chain-${next.to}.key`), join(one.home, `chain-${next.to}.key`));
  for (const store of [first, second, later]) await call(store);
  for (const host of [one, other]) expect(await verifyLog(host)).toMatchObject({ kind: 'ok' });
});

async function keysOf({ url }: Host): Promise<readonly unknown[]> {
  return (await asSuperuser('select distinct key from mcp_gateway.heads', url)).map(({ key }) => key);
}

test('a row that is committed late is followed', async () => {
  const shared: Host = { url: await freshDatabase(), home: aFolder() };
  const store = await aStore(shared);
  const reader = new DecisionReader(shared);
  onTestFinished(() => reader.close());
  await store.log.append(aRecord());
  const begun = await reader.lastSeq();
  const slow = new pg.Client({
    connectionString: `${inject('postgres').admin}${new URL(shared.url).pathname.slice(1)}`,
  });
  await slow.connect();
  onTestFinished(() => slow.end());
  await slow.query('begin; set local search_path = mcp_gateway');
  const {
    rows: [early],
  } = await slow.query<{ seq: string }>('select seq_base() as seq');
  await store.log.append(aRecord());
  expect(await reader.tail(begun)).toEqual({ records: [], lastSeq: begun });
  expect(await reader.lastSeq()).toBe(begun);
  await slow.query(`insert into log (seq, chain, ${COLUMNS}) select $1, chain, ${COLUMNS} from log where seq > $2`, [
    early?.seq,
    begun,
  ]);
  await slow.query('commit');
  const { records } = await reader.tail(begun);
  expect(records.map(({ seq }) => seq)).toEqual([Number(early?.seq), await reader.lastSeq()]);
});
