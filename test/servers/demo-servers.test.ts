import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'demo-servers-'));
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Called {
  readonly text: string;
  readonly isError: boolean;
  readonly result: Record<string, unknown>;
}
type Call = (name: string, args?: Record<string, unknown>) => Promise<Called>;
const WHO = { name: 'test', version: '1.0.0' };

/** What `node servers/<name>/server.mjs …args` takes. */
function command(name: string, args: readonly string[]): { command: string; args: string[]; stderr: 'ignore' } {
  const script = fileURLToPath(new URL(`../../servers/${name}/server.mjs`, import.meta.url));
  return { command: process.execPath, args: [script, ...args], stderr: 'ignore' };
}

async function dialV1(name: string, args: readonly string[]): Promise<{ client: ClientV1; call: Call }> {
  const client = new ClientV1(WHO);
  open.push(client);
  await client.connect(new StdioV1(command(name, args)));
  return { client, call: async (tool, given = {}) => read(await client.callTool({ name: tool, arguments: given })) };
}

async function dialV2(
  name: string,
  { args, era }: { args: readonly string[]; era: 'legacy' | { pin: string } },
): Promise<{ client: ClientV2; call: Call }> {
  const client = new ClientV2(WHO, { versionNegotiation: { mode: era } });
  open.push(client);
  await client.connect(new StdioV2(command(name, args)));
  return { client, call: async (tool, given = {}) => read(await client.callTool({ name: tool, arguments: given })) };
}

function read(result: Record<string, unknown>): Called {
  const content = result['content'] as readonly { text?: string }[];
  return { text: content[0]?.text ?? '', isError: result['isError'] === true, result };
}

describe('code-host', () => {
  const dial = (): ReturnType<typeof dialV1> => dialV1('code-host', [join(folder, 'repositories'), '--seed']);

  test('takes a change from a branch through a pull request to main', async () => {
    const { call } = await dial();
    expect(JSON.parse((await call('list_repositories')).text)).toEqual(['checkout', 'website']);
    const at = { repository: 'website', branch: 'fix/title' };
    await call('create_branch', at);
    await call('commit_file', {
      ...at,
      path: 'src/title.js',
      content: 'export const title = 1;\n',
      message: 'Add title',
    });
    await call('open_pull_request', { repository: 'website', title: 'Add title', head: 'fix/title' });
    expect((await call('read_file', { repository: 'website', path: 'src/title.js' })).isError).toBe(true);
    expect(JSON.parse((await call('merge_pull_request', { repository: 'website', number: 1 })).text)).toMatchObject({
      state: 'merged',
    });
    expect((await call('read_file', { repository: 'website', path: '/src/title.js' })).text).toBe(
      'export const title = 1;\n',
    );
    expect(JSON.parse((await call('search_code', { repository: 'website', text: 'title =' })).text)).toEqual([
      'src/title.js:1:export const title = 1;',
    ]);
    await call('delete_branch', at);
    expect((await call('list_branches', { repository: 'website' })).text).not.toContain('fix/title');
    expect((await call('merge_pull_request', { repository: 'website', number: 1 })).text).toContain('already merged');
  });

  test('closes its input schemas and annotates every tool', async () => {
    const { client } = await dial();
    for (const { inputSchema, annotations } of (await client.listTools()).tools) {
      expect(inputSchema).toHaveProperty('additionalProperties', false);
      expect(annotations).toMatchObject({ readOnlyHint: expect.any(Boolean), destructiveHint: expect.any(Boolean) });
    }
  });

  test('fails in the way that a sentinel names', async () => {
    const { client, call } = await dial();
    const path = (sentinel: string): Promise<Called> => call('read_file', { repository: 'website', path: sentinel });
    expect(await path('/error')).toMatchObject({ isError: true });
    expect((await path('/junk')).text).toBe('answered after a line of junk');
    const hanging = client.callTool(
      { name: 'read_file', arguments: { repository: 'website', path: '/timeout' } },
      undefined,
      {
        timeout: 50,
      },
    );
    await expect(hanging).rejects.toThrow('timed out');
    await expect(path('/exit')).rejects.toThrow('Connection closed');
    await expect((await dial()).call('read_file', { repository: 'website', path: '/crash' })).rejects.toThrow('closed');
  });
});

describe('payments', () => {
  test('charges, and refunds no more than was charged', async () => {
    const book = join(folder, 'book.json');
    const { call } = await dialV1('payments', [book]);
    const charged = await call('create_charge', { customer: 'cus_9', amount: 500, currency: 'EUR' });
    expect(charged.result['structuredContent']).toMatchObject({ id: 'ch_1005', amount: 500, refunded: 0 });
    await call('create_refund', { charge_id: 'ch_1005', amount: 200 });
    expect((await call('create_refund', { charge_id: 'ch_1005', amount: 301 })).text).toContain('only 300 cents');
    expect((await call('create_refund', { charge_id: 'ch_1005' })).result['structuredContent']).toMatchObject({
      amount: 300,
    });
    expect(JSON.parse(readFileSync(book, 'utf8')).charges.at(-1)).toMatchObject({ refunded: 500 });
    expect((await call('list_charges', { customer: 'cus_17' })).text).toContain('ch_1001');
  });
});

describe.each([['legacy' as const], [{ pin: '2026-07-28' }]])('in the era %o', (era) => {
  test('warehouse answers queries, names the class of what it shows and writes nothing', async () => {
    const { client, call } = await dialV2('warehouse', { args: [':memory:', join(folder, 'exports')], era });
    expect(client.getProtocolEra()).toBe(era === 'legacy' ? 'legacy' : 'modern');
    const counted = await call('run_query', { sql: 'SELECT count(*) AS n FROM customers' });
    expect(counted.result['structuredContent']).toMatchObject({ columns: ['n'], rows: [[120]] });
    expect(counted.result['_meta']).toMatchObject({ 'mcp-gateway/labels': [] });
    const shown = await call('run_query', { sql: 'SELECT email FROM customers LIMIT 1' });
    expect(shown.result['_meta']).toMatchObject({ 'mcp-gateway/labels': ['customer_pii'] });
    expect((await call('run_query', { sql: 'DELETE FROM customers' })).isError).toBe(true);
    const written = await call('export_table', { table: 'customers', file: 'all.csv' });
    expect(written.result['structuredContent']).toMatchObject({ rows: 120 });
    expect(readFileSync(join(folder, 'exports/all.csv'), 'utf8').split('\n')).toHaveLength(122);
  });

  test('outbox keeps what was sent apart from drafts', async () => {
    const box = mkdtempSync(join(folder, 'outbox-'));
    const { call } = await dialV2('outbox', { args: [box], era });
    const message = { to: 'lee@northwind.example', subject: 'Hello', body: 'All is well.' };
    await call('save_draft', message);
    expect((await call('send_message', message)).result['structuredContent']).toEqual({ id: '000001' });
    expect(JSON.parse((await call('list_messages')).text)).toEqual({
      messages: [{ id: '000001', to: message.to, subject: 'Hello' }],
    });
    expect(JSON.parse((await call('read_message', { id: '000001' })).text)).toMatchObject(message);
    expect((await call('read_message', { id: '../x' })).isError).toBe(true);
  });
});

describe('journal', () => {
  test('writes every call down before it answers, reports progress and can be cancelled', async () => {
    const file = join(folder, 'journal.jsonl');
    const { client, call } = await dialV1('journal', [file]);
    expect((await call('write', { text: 'one' })).text).toBe('written');
    const echoed = await call('echo', { a: [1, { b: null }] });
    expect(echoed.result['structuredContent']).toEqual({ a: [1, { b: null }] });
    const seen: number[] = [];
    const slow = { name: 'slow', arguments: { ms: 20, steps: 2 } };
    await client.callTool(slow, undefined, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2]);
    const aborted = new AbortController();
    const cancelled = client.callTool({ ...slow, arguments: { ms: 60_000 } }, undefined, { signal: aborted.signal });
    aborted.abort(new Error('cancelled by the test'));
    await expect(cancelled).rejects.toThrow('cancelled by the test');
    const lines = (await call('read')).text.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(['write', 'echo', 'slow', 'slow', 'read']);
    await expect(call('exit', { code: 3 })).rejects.toThrow('Connection closed');
    expect(readFileSync(file, 'utf8')).toContain('"arguments":{"code":3}');
  });
});

test('the tools that decision cases are tried with are those that the servers list', async () => {
  const [code, payments] = [
    await dialV1('code-host', [join(folder, 'listed'), '--seed']),
    await dialV1('payments', []),
  ];
  const legacy = { era: 'legacy' } as const;
  const warehouse = await dialV2('warehouse', { args: [], ...legacy });
  const outbox = await dialV2('outbox', { args: [join(folder, 'listed')], ...legacy });
  const listed = {
    'code-host': (await code.client.listTools()).tools,
    warehouse: (await warehouse.client.listTools()).tools,
    payments: (await payments.client.listTools()).tools,
    outbox: (await outbox.client.listTools()).tools,
  };
  const cases: unknown = JSON.parse(readFileSync('policy-bundles/northwind/cases/tools.json', 'utf8'));
  expect(cases).toEqual(JSON.parse(JSON.stringify(listed)));
});
