import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { addStatusCommands } from '../../src/cli/status-commands.ts';
import { aRecord } from '../state/records.ts';
import { aFolder, aStore } from '../state/support.ts';
import { type Ran, runCommand } from './command.ts';

interface Place {
  readonly home: string;
  readonly config: string;
}

function aPlace(text?: string): Place {
  const home = join(aFolder(), 'home');
  mkdirSync(home, { mode: 0o700 });
  const config = join(home, 'mcp-gateway.yaml');
  const servers = { shop: { type: 'http', url: 'http://127.0.0.1:9/mcp' } };
  writeFileSync(config, text ?? JSON.stringify({ version: 1, mcpServers: servers, policies: { starter: false } }));
  return { home, config };
}

function run({ home }: Place, ...args: readonly string[]): Promise<Ran> {
  const cache = join(tmpdir(), 'mcp-gateway-test-cache');
  return runCommand(addStatusCommands, args, { home, cache, variables: { PATH: '' } });
}

test('status says what is, while nothing runs and before anything ran', async () => {
  const place = aPlace();
  const { exit, out } = await run(place, 'status', '--json');
  expect([exit, JSON.parse(out)]).toMatchObject([
    0,
    {
      schema: 'mcp-gateway/status/v1',
      ok: true,
      gateways: [],
      generation: null,
      pause: null,
      servers: [{ id: 'shop', last_call: '' }],
      last_hour: { decisions: 0 },
      checkpoint: null,
      unknown: [],
    },
  ]);
  expect((await run(place, 'status')).out).toContain('no gateway on this store');
});

test('status counts the gateways that live and what they decided, and shouts a pause', async () => {
  const place = aPlace();
  const store = await aStore({ home: place.home, path: join(place.home, 'decisions.db') });
  const time = new Date().toISOString();
  await store.log.append(aRecord({ time, server: 'shop', effect: 'deny' }));
  const pause = { sinceMs: Date.now(), untilMs: Date.now() + 600_000, actor: 'user:maya', reason: 'looking' };
  const act = { id: 'a', time, actor: 'user:maya', via: 'terminal', verb: 'pause.begin', subject: 'gateway' } as const;
  await store.log.act({ ...act, before: null, after: null, reason: '' }, [{ kind: 'begin_pause', pause }]);
  const status = JSON.parse((await run(place, 'status', '--json')).out);
  expect(status).toMatchObject({
    gateways: [{ id: store.instance, pid: process.pid, shadow: false }],
    pause: { actor: 'user:maya', reason: 'looking' },
    servers: [{ id: 'shop', last_call: time, last_status: 'deny' }],
    last_hour: { decisions: 1, allow: 0, deny: 1, pending: 0 },
  });
  const out = stripVTControlCharacters((await run(place, 'status')).out);
  expect(out).toMatch(/^PAUSED until .* \(10 min left\), by user:maya: looking\n/);
});

test('status says where gateways of one store decide by different policies', async () => {
  const place = aPlace();
  const path = join(place.home, 'decisions.db');
  const [one, other] = [await aStore({ home: place.home, path }), await aStore({ home: place.home, path })];
  const said = async (): Promise<string> => stripVTControlCharacters((await run(place, 'status')).out);
  const generation = 'a'.repeat(64);
  await one.decidesBy({ generation, facts: 'b'.repeat(64) });
  await other.decidesBy({ generation, facts: 'b'.repeat(64) });
  expect(await said()).not.toContain('do not decide by the same policies');
  // The same bundles, in another mode.
  await other.decidesBy({ generation, facts: 'c'.repeat(64) });
  expect(await said()).toMatch(/decides by a{12} \((bbbb|cccc)\)[^]*decides by a{12} \((bbbb|cccc)\)/);
  expect(await said()).toContain('do not decide by the same policies');
  const { gateways } = JSON.parse((await run(place, 'status', '--json')).out);
  expect(gateways.map(({ facts }: { facts: string }) => facts[0]).toSorted()).toEqual(['b', 'c']);
});

test('doctor answers without a configuration, with a broken one, and with none of its servers started', async () => {
  const place = aPlace('version: 1\nmcpServer: {}\n');
  const broken = await run(place, 'doctor', '--json', '--offline');
  const found = JSON.parse(broken.out);
  expect([broken.exit, found.ok, found.counts.fail]).toEqual([3, false, 1]);
  expect(found.findings.find(({ id }: { id: string }) => id === 'config')).toMatchObject({
    state: 'fail',
    mend: 'mcp-gateway config validate',
  });
  rmSync(place.config);
  const missing = await run(place, 'doctor', '--no-start');
  expect([missing.exit, missing.out]).toEqual([3, expect.stringContaining('fix: mcp-gateway init')]);
  expect(missing.err).toBe('');
});

test('doctor starts the servers, says why one cannot be reached, and mends what it may', async () => {
  const place = aPlace();
  const store = await aStore({ home: place.home, path: join(place.home, 'decisions.db') });
  await store.close();
  writeFileSync(join(place.home, 'chain.key.bak.key'), 'x', { mode: 0o644 });
  const { exit, out, err } = await run(place, 'doctor', '--fix', '--json');
  const { findings, fixed } = JSON.parse(out);
  const of = (wanted: string) => findings.find(({ id }: { id: string }) => id === wanted);
  expect(exit).toBe(3);
  expect(of('server.shop')).toMatchObject({ state: 'fail', mend: 'mcp-gateway server logs shop' });
  expect(of('home')).toMatchObject({ state: 'ok' });
  expect(of('chain')).toMatchObject({ state: 'ok', words: expect.stringContaining('records verified') });
  expect(fixed).toEqual([expect.stringContaining('closed ')]);
  expect(err).toContain('fixed: closed ');
  expect(statSync(join(place.home, 'chain.key.bak.key')).mode & 0o777).toBe(0o600);
});
