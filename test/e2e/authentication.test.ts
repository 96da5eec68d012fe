import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  Client,
  type OAuthClientProvider,
  type OAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { BAD_TOKENS } from '../downstream/bad-tokens.ts';
import { anIssuer, AUDIENCE, type Issuer } from '../downstream/an-issuer.ts';
import { aCall, initialize, JSON_HEADERS, openSession, post } from '../downstream/http-client.ts';
import { anSdkServer } from '../upstream/web.ts';
import { aPlace, decisionsOf, PATIENCE, type Place, runProgram, serveHttp } from './program.ts';
import { fixture, permissiveBundle } from './servers.ts';

const PAGE = readFileSync('docs/authentication.md', 'utf8');

function blocksOf(language: string): readonly string[] {
  return [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);
}

const [WITH_TOKENS = '', WITH_KEYS = ''] = blocksOf('yaml').map((block) =>
  block.replaceAll('[servers/', `[${resolve('servers')}/`),
);

/** A place with what the page shows. */
function aPageOf(text: (folder: string) => string): Place {
  const place = aPlace(text);
  const bundle = join(place.folder, 'policies', 'scopes');
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, '.manifest'), blocksOf('json')[0] ?? '');
  writeFileSync(join(bundle, 'policy.rego'), blocksOf('rego')[0] ?? '');
  return place;
}

/** The page's first example with an issuer that is there, and further servers. */
function withIssuer({ issuer }: Issuer, more = ''): string {
  return WITH_TOKENS.replace('https://id.example.com/realms/work', issuer)
    .replace(/host: 0\.0\.0\.0, port: 3700, publicUrl: '[^']+'/, '')
    .replace('  auth:\n', '  auth:\n    apiKeys: true\n')
    .replace('servers: [outbox]', 'servers: [outbox, probe, web]')
    .replace('mcpServers:\n', `mcpServers:\n${more}`);
}

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
const DRAFT = { to: 'kim@northwind.example', subject: 'Hello', body: 'All is well.' };

/** A client's memory of its sign-in; `page` is where its user would be sent. */
function aSignIn(): OAuthClientProvider & { page: URL | undefined; readonly all: OAuthTokens[] } {
  const held: { information?: Parameters<NonNullable<OAuthClientProvider['saveClientInformation']>>[0] } = {};
  let verifier = '';
  const provider = {
    page: undefined as URL | undefined,
    all: [] as OAuthTokens[],
    redirectUrl: 'http://127.0.0.1:1/callback',
    clientMetadata: { redirect_uris: ['http://127.0.0.1:1/callback'], client_name: 'test-client' },
    clientInformation: () => held.information,
    saveClientInformation: (information: NonNullable<typeof held.information>) => void (held.information = information),
    tokens: () => provider.all.at(-1),
    saveTokens: (tokens: OAuthTokens) => void provider.all.push(tokens),
    redirectToAuthorization: (url: URL) => void (provider.page = url),
    saveCodeVerifier: (text: string) => void (verifier = text),
    codeVerifier: () => verifier,
  };
  return provider;
}

function scopeOf({ page }: { readonly page: URL | undefined }): string | null | undefined {
  return page?.searchParams.get('scope');
}

/** What the user's browser comes back with. */
async function codeAt(page: URL | undefined): Promise<string> {
  const response = await fetch(page ?? '', { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

function allFilesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

test('the examples of the page are valid', async () => {
  expect(WITH_TOKENS).toContain(`audience: ${AUDIENCE}`);
  for (const example of [WITH_TOKENS, WITH_KEYS]) {
    const { code, stderr } = await runProgram(
      aPageOf(() => example),
      ['config', 'validate'],
    );
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('warning') as string]);
  }
});

test('G-25 a client of the SDK signs in, agrees to more when a rule asks, and its tokens go nowhere', async () => {
  const issuer = await anIssuer('support');
  const web = await anSdkServer();
  const place = aPageOf((folder) => {
    const policy = `policy: { source: ${permissiveBundle(folder)} }`;
    return withIssuer(
      issuer,
      `  probe: { ${fixture('orderly')}, ${policy} }\n  web: { url: "${web.url.href}", ${policy} }\n`,
    );
  });
  const gateway = await serveHttp(place);
  const signIn = aSignIn();
  const connect = async (): Promise<Client> => {
    const client = new Client({ name: 'test-client', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(gateway.url), { authProvider: signIn });
    const finish = async (): Promise<Client> => {
      await transport.finishAuth(await codeAt(signIn.page));
      return connect();
    };
    const thrown = await client.connect(transport).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown === undefined) {
      onTestFinished(() => client.close());
      return Object.assign(client, { finish });
    }
    expect(thrown).toBeInstanceOf(UnauthorizedError);
    return finish();
  };
  issuer.gives = 'openid';
  const first = await connect();
  await expect
    .poll(async () => (await first.listTools()).tools.map(({ name }) => name), PATIENCE)
    .toContain('web__echo');
  const call = (client: Client, name: string, args: Record<string, unknown> = {}): Promise<unknown> =>
    client.callTool({ name, arguments: args });

  signIn.page = undefined;
  await expect(call(first, 'outbox__save_draft', DRAFT)).rejects.toBeInstanceOf(UnauthorizedError);
  expect(scopeOf(signIn)).toBe('openid drafts:write');
  issuer.gives = undefined;
  const again = new StreamableHTTPClientTransport(new URL(gateway.url), { authProvider: signIn });
  await again.finishAuth(await codeAt(signIn.page));
  const second = await connect();
  expect(await call(second, 'outbox__save_draft', DRAFT)).not.toMatchObject({ isError: true });

  const seen = [
    await call(second, 'probe__environment'),
    await call(second, 'probe__request'),
    await call(second, 'web__echo', { text: 'hello' }),
  ];
  const made = (await decisionsOf(place))
    .filter(({ tool }) => tool === 'save_draft')
    .map(({ effect, reasons, principal }) => {
      return [effect, reasons, principal.agent.id, principal.agent.scope, principal.user.id];
    });
  expect(made).toEqual([
    ['allow', [], 'support', 'drafts:write openid', 'ana'],
    ['deny', ['insufficient_scope'], 'support', 'openid', 'ana'],
  ]);

  const tokens = signIn.all.map(({ access_token: token }) => token);
  expect(tokens).toHaveLength(2);
  expect(web.seen.length).toBeGreaterThan(0);
  const shown = [JSON.stringify(seen), JSON.stringify(web.seen), gateway.stderr()];
  const kept = allFilesIn(place.folder).map((path) => readFileSync(path, 'latin1'));
  // The signature alone is enough to know it by.
  const found = tokens.filter((token) =>
    [...shown, ...kept].some((text) => text.includes(token.split('.')[2] ?? token)),
  );
  expect(found).toEqual([]);
});

test('what is no good token reaches nothing and decides nothing, and a subagent gets what its parents reach', async () => {
  const issuer = await anIssuer('support');
  const place = aPageOf(() => withIssuer(issuer));
  const gateway = await serveHttp(place);
  for (const { name, make, why } of BAD_TOKENS) {
    const response = await post(gateway.url, initialize(), bearer(await make(issuer)));
    expect([name, response.status, response.headers.get('www-authenticate')]).toEqual([
      name,
      401,
      expect.stringContaining(why) as string,
    ]);
  }
  expect((await fetch(gateway.url, { method: 'POST', body: '{}', headers: JSON_HEADERS })).status).toBe(401);
  expect(await decisionsOf(place)).toEqual([]);

  const act = { sub: 'support-drafts', act: { sub: 'support' } };
  const toolsOf = async (claims: Record<string, unknown>): Promise<readonly string[]> => {
    const session = await openSession(gateway.url, bearer(await issuer.sign({ claims })));
    const response = await post(gateway.url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, session);
    const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
    return result.tools.map(({ name }) => name).toSorted();
  };
  await expect.poll(() => toolsOf({ act }), PATIENCE).toEqual(['list_messages', 'save_draft']);
  expect(await toolsOf({})).toContain('send_message');
  const strange = await post(gateway.url, initialize(), bearer(await issuer.sign({ claims: { act: { sub: 'x' } } })));
  expect(strange.status).toBe(403);
  expect(gateway.stderr()).toContain(String.raw`there is no agent \"x\" in the configuration`);
});

test('G-22 an agent’s key is a hash at rest, and worth nothing once another process has revoked it', async () => {
  const place = aPageOf(() => WITH_KEYS);
  const gateway = await serveHttp(place);
  const make = async (...args: string[]): Promise<{ readonly id: string; readonly key: string }> => {
    const { stdout } = await runProgram(place, ['key', 'create', '--json', ...args]);
    return JSON.parse(stdout) as { id: string; key: string };
  };
  const agent = await make('--role', 'agent', '--agent', 'nightly-report', '--user', 'ops', '--groups', 'reporting');
  const approver = await make('--role', 'approver', '--user', 'ops');
  expect((await post(gateway.url, initialize())).headers.get('www-authenticate')).toBe('Bearer realm="mcp-gateway"');
  expect((await post(gateway.url, initialize(), bearer(approver.key))).status).toBe(401);

  const session = await openSession(gateway.url, bearer(agent.key));
  const call = async (): Promise<string> => (await post(gateway.url, aCall(1, 'list_messages'), session)).text();
  await expect.poll(call, PATIENCE).toContain('"allow":true');
  const [made] = await decisionsOf(place);
  expect(made?.principal).toMatchObject({
    agent: { id: 'nightly-report' },
    user: { id: 'ops', groups: ['reporting'] },
  });
  expect(made?.session).not.toBe(session['Mcp-Session-Id']);

  const listed = await runProgram(place, ['key', 'ls']);
  expect(listed.stdout).toMatch(/agent +nightly-report +ops +reporting/);
  expect((await runProgram(place, ['key', 'revoke', agent.id])).code).toBe(0);
  expect((await post(gateway.url, aCall(2, 'list_messages'), session)).status).toBe(401);
  expect((await post(gateway.url, initialize(), bearer(agent.key))).status).toBe(401);

  const kept = allFilesIn(place.folder).map((path) => readFileSync(path, 'latin1'));
  expect([...kept, gateway.stderr(), listed.stdout].filter((text) => text.includes(agent.key.slice(5, 30)))).toEqual(
    [],
  );
});

test('G-22 a gateway that other hosts could reach asks who they are, or does not start', async () => {
  const open = aPageOf(() => WITH_KEYS.replace('  auth: { apiKeys: true }\n', ''));
  const refused = await runProgram(open, ['serve', '--http', '0.0.0.0:0']);
  expect([refused.code, refused.stdout]).toEqual([6, '']);
  expect(refused.stderr).toMatch(/^error UNSAFE_BINDING 0\.0\.0\.0 can be reached from other hosts/);

  const guarded = await serveHttp(
    aPageOf(() => WITH_KEYS),
    { args: ['--http', '0.0.0.0:0'] },
  );
  const url = guarded.url.replace('0.0.0.0', '127.0.0.1');
  expect((await post(url, initialize())).status).toBe(401);
});
