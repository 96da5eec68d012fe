import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addConfigCommands } from '../../src/cli/config-commands.ts';
import { aFolder } from '../upstream/parts.ts';
import { type Ran, runCommand } from './command.ts';

const TOKEN = 'ghp_exampleexampleexampleexampleexample1';

function run(home: string, ...args: readonly string[]): Promise<Ran> {
  const variables = { MCP_GATEWAY_SECRETS: 'file' };
  return runCommand(addConfigCommands, ['config', ...args], { home, cache: home, variables });
}

test('a configuration of the newest version is said to be one, and stays as it is', async () => {
  const home = aFolder();
  const text = '# mine\nversion: 1\nmcpServers: {}\n';
  writeFileSync(join(home, 'mcp-gateway.yaml'), text);
  const { exit, out } = await run(home, 'migrate');
  expect([exit, out]).toEqual([0, expect.stringContaining('is of version 1, the newest; nothing was changed')]);
  expect(readFileSync(join(home, 'mcp-gateway.yaml'), 'utf8')).toBe(text);
});

test.each([
  'vscode.json',
  'claude-desktop.json',
  'codex.toml',
  'zed.jsonc',
  'goose.yaml',
  'continue.yaml',
  'opencode.json',
])('the servers of %s become a configuration that holds', async (name) => {
  const home = aFolder();
  const { exit, out } = await run(home, 'migrate', `${process.cwd()}/fixtures/clients/${name}`, '--out', 'new.yaml');
  expect([exit, out]).toEqual([0, expect.stringMatching(/^Wrote [1-9]/)]);
  expect(readFileSync(join(home, 'new.yaml'), 'utf8')).not.toContain(TOKEN);
  const validated = await run(home, 'validate', '--config', 'new.yaml');
  expect([validated.exit, validated.err]).toEqual([0, '']);
});

test('what VS Code asks its user for is a secret that has to be given', async () => {
  const { out, err } = await run(aFolder(), 'migrate', `${process.cwd()}/fixtures/clients/vscode.json`);
  expect(out).toContain('headers: { Authorization: "Bearer ${secret:github_token:-}" }');
  expect(err).toContain('mcp-gateway secret set github_token');
});

test.each([
  ['is no file of servers', '{"editor.fontSize": 12}', 3],
  ['is broken', '{"mcpServers": ', 3],
  ['is newer', 'version: 2\nmcpServers: {}\n', 3],
])('a file that %s is refused, and one that is there is not written over', async (_, text, expected) => {
  const home = aFolder();
  writeFileSync(join(home, 'given.json'), text);
  expect((await run(home, 'migrate', 'given.json')).exit).toBe(expected);
  const taken = await run(home, 'migrate', `${process.cwd()}/fixtures/clients/cursor.json`, '--out', 'given.json');
  expect([taken.exit, readFileSync(join(home, 'given.json'), 'utf8')]).toEqual([2, text]);
});

const HELD = 'tr0ub4dor-and-3-horses';

test.each([
  [
    'mcp.json',
    `// of my laptop\n{\n  "theme": "dark", // not the light one\n  // from the README\n  "mcpServers": {\n    // read-only on purpose\n    "files": { "command": "node", /* LTS */ "args": [] }, // keep\n    "db": { "command": "db" },\n    // "DB_PASSWORD": "${HELD}"\n  },\n  /* "size": 15 */\n}`,
    ['# from the README', '# read-only on purpose', '# LTS', '# keep', 'files:'],
  ],
  [
    'config.toml',
    `# of my laptop\nmodel = "x" # fast\n\n# from the README\n# read-only on purpose\n[mcp_servers.files]\ncommand = "node" # LTS\nargs = [] # keep\n\n[mcp_servers.db]\ncommand = "db"\n# DB_PASSWORD = "${HELD}"\n\n# what I trust\n[tui]\nx = 1\n`,
    ['# from the README', '# read-only on purpose', '# LTS', '# keep', 'files:'],
  ],
  [
    'config.yaml',
    `# of my laptop\nmodel: x # fast\nextensions:\n  # from the README\n  # read-only on purpose\n  files: # LTS\n    type: stdio\n    cmd: node # keep\n    args: []\n  db:\n    type: stdio\n    cmd: db\n    # DB_PASSWORD: ${HELD}\n# what I trust\nother: 1\n`,
    ['# from the README', '# read-only on purpose', '# LTS', '# keep', 'files:'],
  ],
])('what is written about a server of %s goes with it, less what may be a secret', async (name, text, expected) => {
  const home = aFolder();
  writeFileSync(join(home, name), text);
  const { exit, out, err } = await run(home, 'migrate', name);
  expect(exit).toBe(0);
  const lines = out.split('\n').map((line) => line.trim());
  expect(lines.slice(lines.indexOf('mcpServers:') + 1, lines.indexOf('files:') + 1)).toEqual(expected);
  for (const other of ['laptop', 'fast', 'light', 'trust', 'size', HELD]) expect(out).not.toContain(other);
  expect(err).toContain('1 line of comments');
  expect(readFileSync(join(home, name), 'utf8')).toBe(text);
});
