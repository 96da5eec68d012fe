import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { northwind } from './northwind.ts';
import { aPlace, PATIENCE, runProgram } from './program.ts';
import { type RawClient, rawStdio } from './raw-client.ts';
import { commandsUnder, typed, WALKS } from './page-walks.ts';

/** What compliance reads after each command of the page. */
const TOLD = [
  /rules speak of “personal data”[^]*compliance, by data protection officer[^]*Personal data is not sent to the outside[^]*fired +once/,
  /^DENIED .* may not call send_message on outbox\.[^]*Personal data is not sent to the outside[^]*owner data protection officer[^]*\nelse /,
  /^\d+ decisions since .*, \d+ rules in force[^]*Never fired/,
  /^\d+ decisions written to decisions\.csv\.\n$/,
  /^ok: \d+ records, #1 to #\d+, the last is /,
];

test('compliance is answered in plain words, and shown no Rego', async () => {
  // A busy machine may take longer over a query than the example lets it.
  const place = aPlace((folder) => northwind(folder).replace('query_ms: 5000', 'query_ms: 60000'));
  const client = await whenServed(await rawStdio(place));
  const people = await client.call('warehouse__run_query', { sql: 'SELECT name, email FROM customers LIMIT 1' });
  expect(people.content[0]?.text).toContain('email');
  const message = { to: 'kim@contoso.example', subject: 'A customer', body: 'Here is one.' };
  expect((await client.call('outbox__send_message', message)).isError).toBe(true);
  client.hangUp();
  await client.ended;

  const commands = commandsUnder(WALKS.compliance);
  expect(commands).toHaveLength(TOLD.length);
  for (const [index, line] of commands.entries()) {
    const done = await typed(place, line);
    expect({ line, ...done }).toMatchObject({ line, code: 0, stdout: expect.stringMatching(TOLD[index] ?? /^$/) });
    expect(done.stdout).not.toMatch(/:=|contains \{|\bif \{|input\./);
  }
  const rows = readFileSync(join(place.folder, 'decisions.csv'), 'utf8').trimEnd().split('\n');
  expect(rows[0]).toContain('effect');
  expect(rows.filter((row) => row.includes('send_message') && row.includes('deny'))).toHaveLength(1);
});

test('compliance goes from a number to one decision and its control, and an auditor verifies a quarter elsewhere', async () => {
  const place = aPlace((folder) => northwind(folder));
  const client = await whenServed(await rawStdio(place));
  expect((await client.call('warehouse__export_table', { table: 'customers', file: 'c.csv' })).isError).toBe(true);
  client.hangUp();
  await client.ended;

  const said = async (line: string): Promise<string> => {
    const { code, stdout } = await typed(place, line);
    expect({ line, code }).toEqual({ line, code: 0 });
    expect(stdout).not.toMatch(/:=|contains \{|\bif \{/);
    return stdout;
  };
  const [, reason = ''] = /^1 +(personal_\w+)$/m.exec(await said('mcp-gateway decision stats')) ?? [];
  const [, id = ''] = / (\S+) +deny +warehouse/.exec(await said(`mcp-gateway decision ls --reason ${reason}`)) ?? [];
  const explained = await said(`mcp-gateway decision explain ${id}`);
  expect(explained).toContain('DENIED  coding-assistant may not call export_table on warehouse.');
  const [, control = ''] = /, control ([\w-]+); says/.exec(explained) ?? [];
  expect(await said(`mcp-gateway policy explain ${control}`)).toMatch(new RegExp(`^control ${control}$`, 'm'));

  const log = commandsUnder(WALKS.quarter);
  // The home of this place is another than that of most people.
  for (const line of log.slice(0, -1)) await said(line.replaceAll('~/.mcp-gateway/', 'home/'));
  const elsewhere = aPlace(() => '');
  for (const name of ['quarter.jsonl', 'quarter.jsonl.seal', 'checkpoints.jsonl', 'checkpoint.pub'])
    cpSync(join(place.folder, name), join(elsewhere.folder, name));
  const verify = (log.at(-1) ?? '').split(' ').slice(1);
  expect(await runProgram(elsewhere, verify)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: /) });
  const exported = readFileSync(join(elsewhere.folder, 'quarter.jsonl'), 'utf8');
  writeFileSync(join(elsewhere.folder, 'quarter.jsonl'), exported.replace('"effect":"deny"', '"effect":"allow"'));
  expect(await runProgram(elsewhere, verify)).toMatchObject({ code: 3 });
});

/** A busy machine takes a while to start all servers, and what is not there yet is refused. */
async function whenServed(client: RawClient): Promise<RawClient> {
  const servers = async (): Promise<number> => new Set((await client.listTools()).map((name) => name.split('__')[0])).size;
  await expect.poll(servers, PATIENCE).toBe(4);
  return client;
}
