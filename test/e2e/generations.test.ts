import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { aPlace, type Finished, type Place, runProgram } from './program.ts';
import { type RawClient, rawStdio } from './raw-client.ts';

const PAGE = readFileSync('docs/generations.md', 'utf8');

function fileOnPage(name: string): string {
  const text = PAGE.split(`\n\`${name}\`\n`)[1] ?? '';
  return /^\n```\w+\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? '';
}

/** The commands of the page, in their order, as somebody types them. */
const COMMANDS = [...PAGE.matchAll(/^\$ mcp-gateway (.+)$/gm)].map(([, line = '']) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
);

function aHouse(): Place {
  const place = aPlace(() => fileOnPage('mcp-gateway.yaml').replaceAll('servers/journal', resolve('servers/journal')));
  mkdirSync(join(place.folder, 'house'));
  for (const name of ['.manifest', 'policy.rego', 'data.json'])
    writeFileSync(join(place.folder, 'house', name), fileOnPage(`house/${name}`));
  return place;
}

async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await wait(100);
  }
}

async function readinessOf(client: RawClient): Promise<JsonObject> {
  const url = /"url":"(http:\/\/[^/"]+)/.exec(client.stderr())?.[1] ?? '';
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as JsonObject;
}

const LONG = { text: 'this is much longer than one line may be' };

test('a bundle changes, breaks, goes back and is promoted under a running gateway, as the page says', async () => {
  const place = aHouse();
  const client = await rawStdio(place, { args: ['--http', '127.0.0.1:0', '--agent', 'coder'] });
  const commands = COMMANDS.values();
  const next = async (): Promise<Finished> => {
    const done = await runProgram(place, commands.next().value ?? []);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    return done;
  };
  const tools = (): Promise<readonly string[]> => client.listTools();
  const has = (name: string) => (names: readonly string[]) => names.includes(name);
  await until(tools, has('slow'));

  const hiding = fileOnPage('house/data.json').replace('[]', '["slow"]');
  writeFileSync(join(place.folder, 'house', 'data.json'), hiding);
  await until(tools, (names) => !has('slow')(names));
  const changes = async (): Promise<number> => client.told('notifications/tools/list_changed').length;
  expect(await until(changes, (count) => count > 0)).toBeGreaterThan(0);
  expect((await client.call('slow', {})).content[0]?.text).toContain('slow');

  writeFileSync(join(place.folder, 'house', 'policy.rego'), 'package house\n\ndeny contains {');
  const ready = await until(
    () => readinessOf(client),
    ({ stale }) => Array.isArray(stale) && stale.length > 0,
  );
  expect(ready).toMatchObject({ ready: true, stale: [{ bundle: 'house', problem: expect.stringContaining('house') }] });
  expect(await tools()).not.toContain('slow');
  writeFileSync(join(place.folder, 'house', 'policy.rego'), fileOnPage('house/policy.rego'));
  await until(
    () => readinessOf(client),
    ({ stale }) => Array.isArray(stale) && stale.length === 0,
  );

  expect((await next()).stdout).toMatch(/bundle house changed +house [0-9a-f]{12} → [0-9a-f]{12}\n1 .* start /);
  expect((await next()).stdout).toContain('  data /config/hidden: [] → ["slow"]\n');
  expect((await next()).stdout).toContain('Nothing is different.');

  expect((await next()).stdout).toContain('stays there until it is cleared');
  await until(tools, has('slow'));
  expect((await next()).stdout).toContain('house follows its source again.');
  await until(tools, (names) => !has('slow')(names));

  expect((await client.call('write', LONG)).isError ?? false).toBe(false);
  expect((await next()).stdout).toMatch(
    /house\/HOUSE-202: would have changed 1 of 1 decisions[^]*allow to deny 1[^]*coder journal\/write[^]*because of too_long/,
  );
  expect((await next()).stdout).toContain('- shadow\n+ enforce\n');
  const said = await until(
    async () => (await client.call('write', LONG)).content[0]?.text ?? '',
    (text) => text.includes('at most 20 characters'),
  );
  expect(said).toContain('Decision ');
  expect(commands.next().done).toBe(true);
});
