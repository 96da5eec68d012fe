import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aPlace, decisionsAbout } from './program.ts';
import { rawStdio } from './raw-client.ts';
import { commandsUnder, typed, WALKS, write } from './readme-walks.ts';

const AUTHORING = readFileSync('docs/write-a-bundle.md', 'utf8');

/** A server without rules, with four tools that say what they do and one that does not. */
function onPage(file: string): string {
  return new RegExp(`^\`\`\`\\w+ ${file}\\n([^]*?)^\`\`\`$`, 'm').exec(AUTHORING)?.[1] ?? '';
}

/** What the author reads after each command of the README. */
const TOLD = [
  /wrote \.manifest, data\.json, policy\.rego, policy_test\.rego.*\nnotes has 5 tools: 2 read, 1 write, 1 destroy, 1 say/,
  /^mcp-policy is good: layer server, 9 rules/,
  /^8 of 8 tests pass; 100\.0 % of rules.*\n13 of 13 inputs have the same answer in OPA and in the gateway/,
  /^policy\.html: 9 rules in words/,
  /^policy\.tar\.gz: \d+ bytes, \d+ files/,
];

test('an author publishes a server with its bundle, and a gateway that finds both decides by it', async () => {
  const place = aPlace(() => 'version: 1\nmcpServers:\n  notes: { command: node, args: [server.mjs] }\n');
  write(place, 'server.mjs', onPage('server.mjs'));
  write(place, 'package.json', onPage('package.json'));

  const commands = commandsUnder(WALKS.author);
  expect(commands).toHaveLength(TOLD.length);
  for (const [index, line] of commands.entries())
    expect({ line, ...(await typed(place, line)) }).toMatchObject({
      line,
      code: 0,
      stdout: expect.stringMatching(TOLD[index] ?? /^$/),
    });
  expect(readFileSync(join(place.folder, 'policy.html'), 'utf8')).toContain('<title>');
  expect(existsSync(join(place.folder, 'policy.tar.gz'))).toBe(true);

  const client = await rawStdio(place);
  expect((await client.call('list_notes')).content[0]?.text).toBe('list_notes: done');
  const destroying = await client.call('delete_note', { name: 'a' });
  expect(destroying.isError).toBe(true);
  expect(destroying.content[0]?.text).toContain('waits for approval. It has not run.');
  const [asked] = await decisionsAbout(place, 'delete_note');
  expect(asked).toMatchObject({ effect: 'pending' });
  expect(asked?.layers.filter(({ layer }) => layer === 'server').map(({ bundle }) => bundle)).toEqual(['notes']);
});
