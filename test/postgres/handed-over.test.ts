import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { atEndOfFile, type HttpGateway, aPlace, PATIENCE, type Place, runProgram, serveHttp } from '../e2e/program.ts';
import { journal, JOURNAL_POLICY, textsIn } from '../e2e/servers.ts';
import { PASSWORD, startPostgres } from './a-server.ts';

const server = await startPostgres();
afterAll(() => server.close());
const atEnd = atEndOfFile();

const hosts: Place[] = [];
const gateways: HttpGateway[] = [];

beforeAll(async () => {
  const database = await server.createDatabase();
  for (let index = 0; index < 3; index += 1) {
    const host = aHost(database);
    const [first] = hosts;
    if (first !== undefined) shareKey(first, host);
    hosts.push(host);
    gateways.push(await serveHttp(host, { args: ['--sse'], atEnd }));
  }
});

/** A machine with a home and a journal server of its own. */
function aHost(database: string): Place {
  const place = aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain, principal: { user: { id: ada } } }
mcpServers:
  journal:
    ${journal(folder).replace(', args', '\n    args')}
    policy: { source: ${JOURNAL_POLICY}, data: { forbidden_texts: [forbidden] } }
decisions:
  store: { driver: postgres, url: 'postgres://gateway:\${PGPASSWORD}@127.0.0.1:${server.port}/${database}' }
`,
    atEnd,
  );
  return { ...place, env: { ...place.env, PGPASSWORD: encodeURIComponent(PASSWORD) } };
}

function shareKey(from: Place, to: Place): void {
  const [source, target] = [from, to].map(({ folder }) => join(folder, 'home'));
  mkdirSync(target ?? '', { recursive: true, mode: 0o700 });
  copyFileSync(join(source ?? '', 'chain.key'), join(target ?? '', 'chain.key'));
}

/** A load balancer without a rule: each request goes to the next gateway that it has. */
function aBalancer(over: readonly HttpGateway[] = gateways) {
  const seen: { readonly port: string; readonly status: number }[] = [];
  let next = 0;
  const fetchNext = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const to = new URL(url);
    to.port = new URL(over[next % over.length]?.url ?? '').port;
    next += 1;
    const response = await fetch(to, init);
    seen.push({ port: to.port, status: response.status });
    return response;
  };
  return { fetch: fetchNext, seen };
}

type Transport = Parameters<Client['connect']>[0];

async function aClient(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'roaming', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  await expect.poll(async () => (await client.listTools()).tools.map(({ name }) => name), PATIENCE).toContain('write');
  return client;
}

async function write(client: Client, text: string): Promise<string | undefined> {
  const { content } = (await client.callTool({ name: 'write', arguments: { text } })) as {
    content: readonly { readonly text?: string }[];
  };
  return content[0]?.text;
}

const addressOf = (gateway: HttpGateway | undefined): URL => new URL(gateway?.url ?? '');

test('a session goes on whichever gateway each of its requests comes to', async () => {
  const balancer = aBalancer();
  const client = await aClient(new StreamableHTTPClientTransport(addressOf(gateways[0]), { fetch: balancer.fetch }));
  const texts = Array.from({ length: 9 }, (_, index) => `roaming ${index}`);
  for (const text of texts) expect(await write(client, text)).toBe('written');
  expect(await write(client, 'forbidden')).toContain('forbidden_text');
  expect(new Set(balancer.seen.map(({ port }) => port)).size).toBe(3);
  expect(balancer.seen.filter(({ status }) => status >= 300)).toEqual([]);
  // All of a session is done where it lives, by one instance of the server.
  const reached = hosts.map((host) => textsIn(host).filter((text) => text?.startsWith('roaming')));
  expect(reached.filter((each) => each.length > 0)).toEqual([texts]);
});

test('a session of the old transport goes on whichever gateway its messages come to', async () => {
  const balancer = aBalancer();
  const transport = new SSEClientTransport(new URL('/sse', addressOf(gateways[0])), { fetch: balancer.fetch });
  const client = await aClient(transport);
  for (let index = 0; index < 4; index += 1) expect(await write(client, `old ${index}`)).toBe('written');
  expect(balancer.seen.filter(({ status }) => status >= 300)).toEqual([]);
});

test('the gateways are shown with the addresses at which they reach one another', async () => {
  const { stdout } = await runProgram(hosts[2] ?? aHost(''), ['status', '--json']);
  const status = JSON.parse(stdout) as { readonly gateways: readonly { readonly address: string }[] };
  expect(status.gateways.map(({ address }) => address).toSorted()).toEqual(
    gateways.map(({ url }) => new URL(url).origin).toSorted(),
  );
});

test('a session whose gateway was killed is unknown to the others at once, and begun again it goes on', async () => {
  const [first, ...others] = gateways;
  const client = new Client({ name: 'bereft', version: '1' });
  const held = aBalancer(first === undefined ? [] : [first]);
  let { fetch: go } = held;
  const switching = (url: string | URL, init?: RequestInit): Promise<Response> => go(url, init);
  await client.connect(new StreamableHTTPClientTransport(addressOf(first), { fetch: switching }));
  onTestFinished(() => client.close());
  expect(await write(client, 'before')).toBe('written');
  const left = aBalancer(others);
  go = left.fetch;
  expect(await write(client, 'handed over')).toBe('written');
  const ended = new Promise((resolve) => first?.process.once('exit', resolve));
  first?.process.kill('SIGKILL');
  await ended;
  await expect(write(client, 'to nobody')).rejects.toThrow(/no such session/);
  expect(left.seen.at(-1)?.status).toBe(404);
  const again = await aClient(new StreamableHTTPClientTransport(addressOf(others[0]), { fetch: left.fetch }));
  expect(await write(again, 'after')).toBe('written');
  expect(hosts.flatMap((host) => textsIn(host))).not.toContain('to nobody');
});
