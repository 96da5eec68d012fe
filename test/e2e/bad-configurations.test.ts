import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aPlace, runProgram } from './program.ts';

const BAD = [
  {
    what: 'broken YAML',
    config: 'version: 1\nmcpServers:\n  a: { command: x\n  b: [\n',
    says: /mcp-gateway\.yaml:4:3 error E_SYNTAX[\s\S]*\n {2}4 \| {3}b: \[/,
  },
  {
    what: 'a key that nobody knows',
    config: 'version: 1\nmcpServers: { a: { command: x } }\ndecisons: { durability: full }\n',
    says: /mcp-gateway\.yaml:3:1 error E_\w+ .*decisons[\s\S]*decisions/,
  },
  {
    what: 'a value of another kind',
    config: 'version: 1\nmcpServers: { a: { command: x, timeout: soon } }\n',
    says: /mcp-gateway\.yaml:2:41 error E_\w+ .*timeout/,
  },
  {
    what: 'what this version does not have',
    config: 'version: 1\nmcpServers: { a: { command: x } }\ndecisions: { store: { driver: postgres } }\n',
    says: /mcp-gateway\.yaml:3:\d+ error E_\w+ /,
  },
  {
    what: 'an address that others can reach',
    config: "version: 1\nmcpServers: { a: { command: x } }\ngateway: { transports: { http: { host: '0.0.0.0' } } }\n",
    says: /mcp-gateway\.yaml:3:\d+ error E_\w+ [\s\S]*127\.0\.0\.1/,
  },
] as const;

test.for(BAD)('$what is named with its place, and nothing starts', async ({ config, says }) => {
  const place = aPlace(() => config);
  const served = await runProgram(place, ['serve', '--stdio']);
  expect(served).toMatchObject({ code: 3, stdout: '' });
  expect(served.stderr).toMatch(says);
  expect(existsSync(join(place.folder, 'home'))).toBe(false);
});

test('`config validate` names all problems at once, and serves nothing', async () => {
  const place = aPlace(() => 'version: 2\nmcpServers: { a: { command: x, timeout: soon } }\n');
  const { code, stdout, stderr } = await runProgram(place, ['config', 'validate']);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/:1:10 error [\s\S]*:2:41 error [\s\S]*\b2 errors in .*mcp-gateway\.yaml/);
});

test('a configuration that is not there is named, with the way to one', async () => {
  const place = aPlace(() => '');
  const { code, stdout, stderr } = await runProgram(place, ['serve', '--stdio', '--config', 'nowhere.yaml']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error CONFIG_NOT_FOUND .*nowhere\.yaml[\s\S]*= help: /);
});

test('a bundle that breaks the contract is refused with file, row and column', async () => {
  const place = aPlace(() => 'version: 1\nmcpServers: { a: { command: x } }\n');
  const manifest = { roots: ['broken'], metadata: { gateway: { contract: 1, layer: 'server' } } };
  writeFileSync(join(place.folder, '.manifest'), JSON.stringify(manifest));
  writeFileSync(join(place.folder, 'policy.rego'), 'package broken\n\nallow contains x if {\n\tx = = 1\n}\n');
  const { code, stdout, stderr } = await runProgram(place, ['bundle', 'check', place.folder]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/policy\.rego:4:\d+: /);
  expect(stderr).toContain('mcp-gateway bundle check');
});
