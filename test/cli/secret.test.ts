import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addConfigCommands } from '../../src/cli/config-commands.ts';
import { addSecretCommands } from '../../src/cli/secret-commands.ts';
import { type Ran, runCommand } from './command.ts';

const VALUE = 'value-that-nobody-may-see';
const VARIABLES = { MCP_GATEWAY_SECRETS: 'file' };

interface Place {
  readonly home: string;
  readonly config: string;
}

function aPlace(config?: string): Place {
  const home = mkdtempSync(join(tmpdir(), 'secret-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const path = join(home, 'mcp-gateway.yaml');
  if (config !== undefined) writeFileSync(path, config, { mode: 0o600 });
  return { home, config: path };
}

function run({ home }: Place, args: readonly string[], input = ''): Promise<Ran> {
  return runCommand(addSecretCommands, ['secret', ...args], { home, cache: home, variables: VARIABLES, input });
}

test('a secret that is piped in resolves in the configuration, is listed with its server, and is shown nowhere', async () => {
  const place = aPlace(
    'version: 1\nmcpServers: { shop: { url: "https://shop.example/mcp", headers: { Authorization: "Bearer ${secret:shop.token}" } } }\n',
  );
  const before = await run(place, ['check']);
  expect([before.exit, before.out]).toEqual([
    3,
    'UNSET  shop.token  mcp-gateway.yaml:2:82 mcpServers.shop.headers.Authorization\n       fix: mcp-gateway secret set shop.token\n',
  ]);
  const set = await run(place, ['set', 'shop.token'], `${VALUE}\n`);
  expect([set.exit, set.out]).toEqual([
    0,
    'Kept shop.token in the encrypted file. Write ${secret:shop.token} for it.\n',
  ]);
  const listed = await run(place, ['ls', '--json']);
  expect(JSON.parse(listed.out)).toMatchObject({
    schema: 'mcp-gateway/secret-ls/v1',
    ok: true,
    secrets: [{ name: 'shop.token', place: 'file', servers: ['shop'] }],
  });
  const shown = await runCommand(addConfigCommands, ['config', 'show'], {
    ...place,
    cache: place.home,
    variables: VARIABLES,
  });
  expect([shown.exit, shown.out.includes('Bearer ••••')]).toEqual([0, true]);
  const checked = await run(place, ['check']);
  expect(checked.exit).toBe(0);
  for (const { out, err } of [set, listed, shown, checked]) expect(out + err).not.toContain(VALUE);
});

test('what is removed is said to be asked for still', async () => {
  const place = aPlace('version: 1\nmcpServers: { a: { command: node, env: { X: "${secret:x:-}" } } }\n');
  await run(place, ['set', 'x'], VALUE);
  const removed = await run(place, ['rm', 'x']);
  expect(removed.out).toBe('Removed x.\n  mcp-gateway.yaml:2:45 still asks for it: mcpServers.a.env.X\n');
  const again = await run(place, ['rm', 'x']);
  expect([again.exit, again.err]).toEqual([2, expect.stringContaining('there is no secret "x"')]);
});

test.each([
  [['set', 'Bad Name'], VALUE, 'cannot be the name of a secret'],
  [['set', 'a'], '\n', 'there is no value'],
])('%j is refused', async (args, input, expected) => {
  const { exit, err } = await run(aPlace(), args, input);
  expect([exit, err]).toEqual([2, expect.stringContaining(expected)]);
});

test('secrets in the open are found, and moved with every comment staying where it is', async () => {
  const place = aPlace(`# mine
version: 1
include: [more.yaml]
mcpServers:
  shop: # the shop
    command: node
    args: [shop.mjs, --api-key, ${VALUE}-1] # with a key
    env: { DB_PASSWORD: '${VALUE}-2', LEVEL: info }
  search: { url: "https://search.example/mcp?token=${VALUE}-3" }
`);
  writeFileSync(join(place.home, 'more.yaml'), `mcpServers: { more: { command: node, env: { TOKEN: ${VALUE}-4 } } }\n`);
  const found = await run(place, ['check']);
  expect([found.exit, found.out.match(/stands in the open/g)?.length]).toEqual([3, 4]);
  expect(found.out).toContain('fix: mcp-gateway secret check --fix');
  chmodSync(place.config, 0o640);
  const moved = await run(place, ['check', '--fix', '--json']);
  expect(JSON.parse(moved.out)).toMatchObject({
    ok: true,
    plain: [],
    references: [{ state: 'ok' }, {}, {}, { name: 'more.token' }],
  });
  expect(readFileSync(place.config, 'utf8')).toBe(`# mine
version: 1
include: [more.yaml]
mcpServers:
  shop: # the shop
    command: node
    args: [shop.mjs, --api-key, "\${secret:shop.api-key}"] # with a key
    env: { DB_PASSWORD: "\${secret:shop.db_password}", LEVEL: info }
  search: { url: "https://search.example/mcp?token=\${secret:search.token}" }
`);
  expect(found.out + moved.out).not.toContain(VALUE);
});

test('a secret file that is damaged is said to be, by every command, and stays as it is', async () => {
  const place = aPlace('version: 1\nmcpServers: { a: { command: node, env: { X: "${secret:x}" } } }\n');
  const file = join(place.home, 'secrets.json');
  writeFileSync(file, '{', { mode: 0o600 });
  const runs = [await run(place, ['ls']), await run(place, ['rm', 'x']), await run(place, ['set', 'x'], VALUE)];
  expect(runs.map(({ exit, err }) => [exit, err.includes('is damaged; nothing was changed in it')])).toEqual([
    [1, true],
    [1, true],
    [1, true],
  ]);
  const checked = await run(place, ['check']);
  expect([checked.exit, checked.out]).toEqual([3, expect.stringContaining('is damaged')]);
  expect(readFileSync(file, 'utf8')).toBe('{');
});
