import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { blocksOf, commandsIn } from '../docs/pages.ts';
import { typed, write } from './page-walks.ts';
import { aPlace, decisionsAbout } from './program.ts';
import { aPublishingRegistry } from './publishing-registry.ts';
import { rawStdio } from './raw-client.ts';

const PAGE = 'docs/write-a-bundle.md';
/** Those that publish and add: what comes before them is run, command by command, in test/bundles/authoring.test.ts. */
const [PUBLISH = '', ADD = ''] = blocksOf(PAGE)
  .flatMap((block) => commandsIn(block))
  .map(({ command }) => command)
  .filter((command) => /^npm publish|server add/.test(command));

test('an author publishes a server with its bundle, and another machine finds it, pins it and decides by it', async () => {
  const registry = await aPublishingRegistry(onTestFinished);
  const author = aPlace(() => '');
  for (const { file, text } of blocksOf(PAGE)) if (file !== '' && !file.includes('sharing')) write(author, file, text);
  expect(await typed(author, 'mcp-gateway bundle init mcp-policy -- node server.mjs')).toMatchObject({ code: 0 });
  for (const { file, text } of blocksOf(PAGE)) if (file.includes('sharing')) write(author, file, text);
  expect(await typed(author, 'mcp-gateway bundle check mcp-policy --deny-warnings')).toMatchObject({ code: 0 });
  write(author, '.npmrc', `registry=${registry}\n${registry.replace('http:', '')}:_authToken=a-token\n`);
  expect(await typed(author, PUBLISH)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('@example/notes-mcp'),
  });

  const user = aPlace(() => 'version: 1\nmcpServers: {}\n');
  const place = { ...user, env: { ...user.env, npm_config_registry: registry } };
  expect(await typed(place, ADD)).toMatchObject({ code: 0, stdout: expect.stringContaining('list_notes') });
  const lock = JSON.parse(readFileSync(join(place.folder, 'mcp-gateway.lock'), 'utf8')) as Lock;
  expect(lock.servers.notes).toMatchObject({
    package: { name: '@example/notes-mcp', version: '1.0.0', integrity: expect.stringContaining('sha512-') },
    bundle: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });

  const client = await rawStdio(place);
  expect((await client.call('notes__list_notes')).content[0]?.text).toBe('list_notes: done');
  const shared = await client.call('notes__share_note', { name: 'a', with: 'sam', days: 400 });
  expect(shared.content[0]?.text).toContain('Share it for 30 days or less.');
  expect((await client.call('notes__delete_note', { name: 'a' })).content[0]?.text).toContain('It has not run.');
  const [asked] = await decisionsAbout(place, 'share_note');
  expect(asked).toMatchObject({ effect: 'deny', matched_rules: ['notes/NOT-204'] });
});

interface Lock {
  readonly servers: { readonly notes: object };
}
