import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';
import { anAuthorizationServer, aProtectedServer, browse, CANARY } from '../upstream/authorization-server.ts';
import type { Handler } from '../upstream/web.ts';
import { httpV2 } from './clients.ts';
import { aPlace, decisionsAbout, PATIENCE, type Place, PROGRAM, runProgram, serveHttp } from './program.ts';
import { permissiveBundle } from './servers.ts';

/** A server on the SDK that keeps no session: whoever has a token may call its one tool. */
const serveOrders: Handler = async (request, response, body) => {
  const server = new McpServer({ name: 'orders', version: '1.0.0' });
  server.registerTool('orders', { inputSchema: {} }, () => ({ content: [{ type: 'text', text: 'one order' }] }));
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  await transport.handleRequest(request, response, body === '' ? undefined : JSON.parse(body));
};

async function aShop() {
  const as = await anAuthorizationServer();
  const { url } = await aProtectedServer(as, serveOrders);
  const place = aPlace(
    (folder) => `version: 1
mcpServers:
  shop: { url: "${url.href}", policy: { source: ${permissiveBundle(folder)} } }
`,
  );
  return { as, place };
}

/** Runs `server login`, with a browser that says yes. */
function login(place: Place): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, 'server', 'login', 'shop', '--no-browser'], {
    env: place.env,
    cwd: place.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    const hadUrl = err.includes('\n\n  http');
    err += chunk.toString();
    const url = /^ {2}(http\S+)$/m.exec(err)?.[1];
    if (url !== undefined && !hadUrl) void browse(url);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve(`${code} ${out}`)));
}

function allFilesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test('a server is used after its user has signed in, while the gateway runs, and denied when the sign-in is over', async () => {
  const { as, place } = await aShop();
  const gateway = await serveHttp(place);
  const client = await httpV2(gateway.url);
  expect(await client.listTools()).toEqual([]);
  await expect.poll(() => gateway.stderr(), PATIENCE).toContain('mcp-gateway server login shop');

  expect(await login(place)).toBe('0 Signed in to shop.\n');
  await expect.poll(() => client.listTools(), PATIENCE).toEqual(['orders']);
  expect((await client.call('orders')).content).toEqual([{ type: 'text', text: 'one order' }]);

  as.access.clear();
  as.refresh.clear();
  const failed = await client.call('orders');
  expect([failed.isError, failed.content[0]?.text]).toEqual([
    true,
    expect.stringContaining('Ask the user to sign in to shop') as string,
  ]);
  const denied = await client.call('orders');
  expect([denied.isError, denied.content[0]?.text]).toEqual([
    true,
    expect.stringContaining('mcp-gateway server login shop') as string,
  ]);
  await expect
    .poll(
      async () => (await decisionsAbout(place, 'orders')).map(({ effect, reasons }) => [effect, ...reasons]),
      PATIENCE,
    )
    .toEqual([['deny', 'gateway.sign_in_required'], ['allow'], ['allow']]);

  expect(await login(place)).toBe('0 Signed in to shop.\n');
  expect((await client.call('orders')).isError).toBeFalsy();

  const logout = await runProgram(place, ['server', 'logout', 'shop']);
  expect(logout.stdout).toBe('Signed out of shop, and its tokens are revoked.\n');
  expect((await client.call('orders')).isError).toBe(true);

  const shown = [gateway.stderr(), JSON.stringify([failed, denied, logout])];
  const kept = allFilesIn(place.folder).map((path) => readFileSync(path, 'latin1'));
  expect([...shown, ...kept].filter((text) => text.includes(CANARY))).toEqual([]);
});

test.for([
  { era: 'in a session', mode: 'legacy' },
  { era: 'of 2026-07-28', mode: { pin: '2026-07-28' } },
] as const)(
  'a client $era that can open pages is given the page, and its call is made once the user has signed in',
  async ({ mode }) => {
    const { as, place } = await aShop();
    const gateway = await serveHttp(place);
    expect(await login(place)).toBe('0 Signed in to shop.\n');
    const capabilities = { elicitation: { url: {} } };
    const client = new Client({ name: 'opener', version: '1.0.0' }, { capabilities, versionNegotiation: { mode } });
    const opened: string[] = [];
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      if (params.mode !== 'url') return { action: 'decline' };
      opened.push(params.message);
      // A client that came back sooner would be refused once more, and that recorded, before it waits.
      await browse(params.url);
      return { action: 'accept' };
    });
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url)));
    onTestFinished(() => client.close());
    await expect.poll(async () => (await client.listTools()).tools.length, PATIENCE).toBe(1);
    as.access.clear();
    as.refresh.clear();
    expect((await client.callTool({ name: 'orders', arguments: {} })).isError).toBe(true);
    expect(opened).toEqual([]);
    const { content, isError } = await client.callTool({ name: 'orders', arguments: {} });
    expect([isError, content]).toEqual([undefined, [{ type: 'text', text: 'one order' }]]);
    expect(opened).toEqual(['Sign in to shop, so that what was asked for can be done.']);
    const about = (await decisionsAbout(place, 'orders')).map(({ effect, reasons }) => [effect, ...reasons]);
    expect([about.at(0), about.at(-1)]).toEqual([['allow'], ['allow']]);
    // A client without sessions repeats its call when the page is open, and its user may not have signed in by then.
    const between = new Set(about.slice(1, -1).map((words) => words.join(' ')));
    expect([...between]).toEqual(['deny gateway.sign_in_required']);
  },
);
