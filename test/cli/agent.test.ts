import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { addAgentCommands } from '../../src/cli/agent-commands.ts';
import { Store } from '../../src/state/store.ts';
import { realClock, silent } from '../state/records.ts';
import { aFolder } from '../upstream/parts.ts';
import { type Ran, runCommand } from './command.ts';

interface Place {
  readonly home: string;
  readonly config: string;
}

const aTool = (name: string) => ({ name, inputSchema: { type: 'object' } });

/** Three servers, of which one was never listed, and a line of three agents. */
async function aTeam(): Promise<Place> {
  const place = aConfiguration({
    mcpServers: {
      files: { command: 'node', tools: { exclude: ['purge'] } },
      mail: { command: 'node' },
      notes: { command: 'node' },
    },
    agents: {
      lead: { scope: 'research', owner_team: 'web', model: 'big', tools: ['files/*', 'notes/*'] },
      middle: { parent: 'lead' },
      worker: { parent: 'middle', tools: ['files/read', 'mail/send'], policy: { source: '/etc/gateway/worker' } },
    },
    policies: {
      org: [
        { id: 'people', layer: 'identity', source: 'people' },
        { id: 'leads', layer: 'identity', source: 'leads', for: { agents: ['lead'] } },
        { id: 'pace', layer: 'workflow', source: 'pace' },
      ],
    },
  });
  const path = join(place.home, 'decisions.db');
  const store = await Store.open({ path, home: place.home, durability: 'normal', clock: realClock, logger: silent });
  await store.catalog.writeCatalog('files', ['read', 'write', 'purge'].map(aTool));
  await store.catalog.writeCatalog('mail', [aTool('send')]);
  await store.close();
  return place;
}

function aConfiguration(config: object): Place {
  const folder = aFolder();
  const file = join(folder, 'mcp-gateway.yaml');
  writeFileSync(file, JSON.stringify({ version: 1, ...config }));
  const home = join(folder, 'home');
  mkdirSync(home);
  return { home, config: file };
}

/** Runs `agent …` on a terminal of 80 columns. */
async function run({ home, config }: Place, ...args: readonly string[]): Promise<Ran> {
  const ran = await runCommand(addAgentCommands, ['agent', ...args, '--config', config], {
    home,
    cache: home,
    columns: 80,
  });
  return { ...ran, out: stripVTControlCharacters(ran.out) };
}

test('the agents are listed with how much each reaches; a plus where some are not known yet', async () => {
  const { out } = await run(await aTeam(), 'ls');
  expect(out).toMatchInlineSnapshot(`
    "agent   servers  tools  parent  scope
    lead    2 of 3   2+     -       research
    middle  2 of 3   2+     lead    -
    worker  1 of 3   1      middle  -
    "
  `);
});

test('an agent is shown with the line it asks for, who is asked about it, and what it reaches', async () => {
  const place = await aTeam();
  const { out } = await run(place, 'show', 'worker');
  expect(out).toMatchInlineSnapshot(`
    "worker
    for     middle, lead
    policy  agent-worker at /etc/gateway/worker
    asked   agent-worker, people; of middle: people; of lead: people, leads

    files  1 of 2 tools
            read
    mail   out of reach
    notes  out of reach
    "
  `);
  expect((await run(place, 'show', 'lead')).out).toMatchInlineSnapshot(`
    "lead
    scope   research
    team    web
    model   big
    asked   people, leads

    files  2 of 2 tools
            read, write
    mail   out of reach
    notes  its tools are not known yet
    "
  `);
});

test('both give one JSON object', async () => {
  const place = await aTeam();
  const listed = JSON.parse((await run(place, 'ls', '--json')).out) as { agents: readonly unknown[] };
  expect(listed).toMatchObject({ schema: 'mcp-gateway/agent-ls/v1', ok: true });
  expect(listed.agents[2]).toEqual({
    id: 'worker',
    parent: 'middle',
    scope: '',
    owner_team: '',
    model: '',
    servers: ['files'],
    tools: 1,
    unlisted: [],
  });
  expect(listed.agents[0]).toMatchObject({ servers: ['files', 'notes'], tools: 2, unlisted: ['notes'] });
  expect(JSON.parse((await run(place, 'show', 'worker', '--json')).out)).toEqual({
    schema: 'mcp-gateway/agent-show/v1',
    ok: true,
    agent: {
      id: 'worker',
      parent: 'middle',
      delegated_by: ['middle', 'lead'],
      scope: '',
      owner_team: '',
      model: '',
      bundle: { id: 'agent-worker', path: '/etc/gateway/worker' },
      identity: [
        { agent: 'worker', bundles: ['agent-worker', 'people'] },
        { agent: 'middle', bundles: ['people'] },
        { agent: 'lead', bundles: ['people', 'leads'] },
      ],
      servers: [
        { id: 'files', reached: true, tools: ['read'], of: 2 },
        { id: 'mail', reached: false, tools: [], of: 1 },
        { id: 'notes', reached: false, tools: null, of: null },
      ],
    },
  });
});

test('an agent that is not configured is said to be so, with those that are', async () => {
  const { exit, err } = await run(await aTeam(), 'show', 'wroker');
  expect([exit, err]).toEqual([
    2,
    'error USAGE there is no agent "wroker" in the configuration\n  = help: It has lead, middle, worker.\n',
  ]);
});

test('without agents or a store there is little to say, and it is said', async () => {
  const place = aConfiguration({ mcpServers: { files: { command: 'node' } } });
  expect(await run(place, 'ls')).toMatchObject({
    exit: 0,
    out: 'No agents are configured; every client reaches every server.\n',
  });
  const alone = aConfiguration({ mcpServers: { files: { command: 'node' } }, agents: { lead: {} } });
  expect((await run(alone, 'show', 'lead')).out).toBe('lead\n\nfiles  its tools are not known yet\n');
});
