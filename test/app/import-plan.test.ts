import { expect, test } from 'vitest';
import { type ImportOptions, planImport, serverIdFor } from '../../src/app/import-plan.ts';
import type { ClientServer, FoundClient, LocalServer } from '../../src/clients/entry.ts';
import { isServerId } from '../../src/core/names.ts';

function aServer(part: Partial<LocalServer> = {}): ClientServer {
  return { kind: 'local', name: 'files', command: 'npx', args: ['-y', 'server-files'], env: {}, ...part };
}

function aClient(name: string, ...servers: readonly ClientServer[]): FoundClient {
  const id = name.toLowerCase();
  const state = { kind: 'read', servers, refused: [], isConnected: false, ownNames: [] } as const;
  return { id, name, scope: 'user', path: `/home/maya/${id}.json`, state };
}

const NOTHING: ImportOptions = { written: {}, isTaken: () => false, secretOf: () => undefined, variables: {} };

function planned(clients: readonly FoundClient[], options: Partial<ImportOptions> = {}) {
  return planImport(clients, { ...NOTHING, ...options });
}

test('the same server of two clients is taken over once, whatever they call it and however they write npx', () => {
  const { servers } = planned([
    aClient('Cursor', aServer()),
    aClient('Zed', aServer({ name: 'Dateien', command: '/usr/local/bin/npx', args: ['server-files@latest'] })),
  ]);
  expect(servers.map(({ id, from }) => [id, from.map(({ client, name }) => `${client}/${name}`)])).toEqual([
    ['files', ['Cursor/files', 'Zed/Dateien']],
  ]);
});

test('different servers of one name stand side by side', () => {
  const { servers, twins } = planned([
    aClient('Cursor', aServer()),
    aClient('Zed', aServer({ args: ['-y', 'server-files', '/srv'] })),
  ]);
  expect(servers.map(({ id }) => id)).toEqual(['files', 'files-2']);
  expect(twins).toEqual([]);
});

test('the same server with different secrets is kept twice, and said to be', () => {
  const { servers, secrets, twins } = planned([
    aClient('Cursor', aServer({ env: { API_TOKEN: 'token-of-work' } })),
    aClient('Zed', aServer({ env: { API_TOKEN: 'token-of-home' } })),
  ]);
  expect(servers.map(({ settings }) => settings['env'])).toEqual([
    { API_TOKEN: '${secret:files.api_token}' },
    { API_TOKEN: '${secret:files-2.api_token}' },
  ]);
  expect(secrets.map(({ name, value }) => [name, value])).toEqual([
    ['files.api_token', 'token-of-work'],
    ['files-2.api_token', 'token-of-home'],
  ]);
  expect(twins).toEqual([{ ids: ['files', 'files-2'], differing: ['API_TOKEN'] }]);
});

test('a secret that is kept already with another value stays, and the new one gets a name of its own', () => {
  const server = aServer({ env: { API_TOKEN: 'token-of-work' } });
  const kept = planned([aClient('Cursor', server)], {
    secretOf: (name) => (name === 'files.api_token' ? 'older' : undefined),
  });
  expect(kept.secrets.map(({ name }) => name)).toEqual(['files.api_token-2']);
});

test('what a client would ask for, and a variable that is not set, are empty until somebody gives them', () => {
  const env = { A: '${secret:GitHub_Token}', B: '${UNSET}', C: '${SET}', D: '${UNSET:-x}', E: 'US$$ 5' };
  const { servers } = planned([aClient('Cursor', aServer({ env }))], { variables: { SET: '1' } });
  expect(servers[0]).toMatchObject({
    settings: {
      env: { A: '${secret:github_token:-}', B: '${UNSET:-}', C: '${SET}', D: '${UNSET:-x}', E: 'US$$ 5' },
    },
    needed: ['github_token'],
    unset: ['UNSET'],
  });
});

test('what a configuration has already is not added again, though its secrets are references by now', () => {
  const server = aServer({ args: ['-y', 'server-files', '--api-key', 'abcdefgh12'] });
  const first = planned([aClient('Cursor', server)]);
  const [{ id, settings } = { id: '', settings: {} }] = first.servers;
  const again = planned([aClient('Cursor', server)], { written: { [id]: settings } });
  expect([again.servers, again.secrets]).toEqual([[], []]);
  expect(again.known.map(({ name, id: as }) => [name, as])).toEqual([['files', 'files']]);
});

test('an address keeps its kind, and a token in it is moved', () => {
  const { servers } = planned([
    aClient('Cursor', {
      kind: 'remote',
      name: 'search',
      transport: 'sse',
      url: 'https://search.example/sse?apiKey=abcdefgh12',
      headers: { Authorization: 'Bearer abcdefgh34', Accept: 'text/plain' },
    }),
  ]);
  expect(servers[0]?.settings).toEqual({
    type: 'sse',
    url: 'https://search.example/sse?apiKey=${secret:search.apikey}',
    headers: { Authorization: 'Bearer ${secret:search.authorization}', Accept: 'text/plain' },
  });
});

test.each([
  ['GitHub', 'github'],
  ['Größe & Maß', 'gro-e-ma'],
  ['@org/my_server', 'org-my-server'],
  ['--', 'server'],
  ['漢字', 'server'],
  ['a-very-long-name-of-a-server', 'a-very-long-name-of'],
])('a server called %s has the id %s', (name, id) => {
  expect([serverIdFor(name), isServerId(serverIdFor(name))]).toEqual([id, true]);
});

test('ids that something else has are not given', () => {
  const { servers } = planned([aClient('Cursor', aServer())], { isTaken: (id) => id === 'files' });
  expect(servers.map(({ id }) => id)).toEqual(['files-2']);
});

test('a server that is given something else in the open is another one than the configuration has', () => {
  const written = { files: { command: 'npx', args: ['server-files'], env: { STAGE: 'live', MORE: 'x' } } };
  const { known, servers } = planned(
    [
      aClient('Cursor', aServer({ env: { STAGE: 'live' } })),
      aClient('Zed', aServer({ name: 'trial', env: { STAGE: 'trial' } })),
    ],
    { written },
  );
  expect(known.map(({ client, id }) => [client, id])).toEqual([['Cursor', 'files']]);
  expect(servers.map(({ id, settings }) => [id, settings['env']])).toEqual([['trial', { STAGE: 'trial' }]]);
});
