import { expect, test } from 'vitest';
import type { Result } from './clients.ts';
import { northwind } from './northwind.ts';
import { aPlace, decisionsAbout, type Place, runProgram } from './program.ts';
import { type RawClient, rawStateless } from './raw-client.ts';

const CUSTOMERS = { sql: 'SELECT email FROM customers LIMIT 1' };
const MESSAGE = { to: 'kim@contoso.example', subject: 'Numbers', body: 'Here they are.' };
const COMMIT = { repository: 'website', branch: 'fix/title', path: 'index.html', content: 'x', message: 'Change it' };

/** One client for as long as it lasts, with a gateway process of its own. */
async function whileServing<T>(place: Place, work: (client: RawClient) => Promise<T>): Promise<T> {
  const client = rawStateless(place);
  await client.listTools();
  const done = await work(client);
  client.hangUp();
  await client.ended;
  return done;
}

async function reasonsOf(place: Place, tool: string): Promise<readonly string[]> {
  return (await decisionsAbout(place, tool))[0]?.reasons ?? [];
}

test('G-45 what a conversation has read stays with it over a restart, until a person clears it', async () => {
  const place = aPlace(northwind);
  await whileServing(place, async (client) => {
    await client.call('outbox__send_message', MESSAGE);
    expect(await reasonsOf(place, 'send_message')).toEqual(['recipient_outside']);
    expect(await client.call('warehouse__run_query', CUSTOMERS)).not.toHaveProperty('isError', true);
  });

  await whileServing(place, async (client) => {
    const denied: Result = await client.call('outbox__send_message', MESSAGE);
    expect(denied.content[0]?.text).toContain('personal_data_to_outside');
    expect(await reasonsOf(place, 'send_message')).toEqual(['personal_data_to_outside', 'recipient_outside']);

    const { labels } = JSON.parse((await runProgram(place, ['label', 'ls', '--json'])).stdout);
    // The server says so itself, a rule on the call does, and one on the result.
    expect(labels.map(({ label, source }: Record<string, string>) => [label, source])).toEqual([
      ['customer_pii', 'claim:warehouse'],
      ['customer_pii', 'warehouse/WH-401'],
      ['customer_pii', 'warehouse/WH-402'],
      ['private_data', 'compliance/CO-301'],
    ]);
    const { conversation } = labels[0];
    const clearing = ['customer_pii', '--conversation', conversation, '--reason', 'test data'];
    expect(await runProgram(place, ['label', 'clear', ...clearing])).toMatchObject({ code: 0 });
    await client.call('outbox__send_message', MESSAGE);
    expect(await reasonsOf(place, 'send_message')).toEqual(['recipient_outside']);

    // Alone it may be published; with what strangers wrote it may not.
    await client.call('code-host__commit_file', COMMIT);
    expect(await reasonsOf(place, 'commit_file')).not.toContain('untrusted_and_private_to_outside');
    await client.call('code-host__list_pull_requests', { repository: 'website' });
    await client.call('code-host__commit_file', COMMIT);
    expect(await reasonsOf(place, 'commit_file')).toContain('untrusted_and_private_to_outside');
  });
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});
