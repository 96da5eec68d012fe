import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { LogLevel } from '../../src/core/protocol.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Audience, Caller, ClientRequest } from '../../src/gateway/port.ts';
import { aGateway, type World } from './a-gateway.ts';
import { aCaller } from './makers.ts';
import type { Script } from './scripted-server.ts';

const READ = { name: 'read', inputSchema: { type: 'object' } };
const CALL: ClientRequest = {
  method: 'tools/call',
  name: 'read',
  args: {},
  meta: {},
  answers: undefined,
  task: undefined,
};

describe('what the gateway says of itself', () => {
  test('is what all servers together can do, each instruction under its server', async () => {
    const { gateway } = await aGateway({
      servers: {
        files: { capabilities: { tools: {}, resources: { subscribe: true }, experimental: { x: {} } } },
        mail: { capabilities: { prompts: {}, extensions: { 'a/b': {} } } },
      },
    });
    expect(await gateway.introduce(aCaller())).toEqual({
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        extensions: { 'a/b': {} },
      },
      instructions: 'files: Be brief.',
    });
  });

  test('is everything that it can bridge while a server was never reached', async () => {
    const { gateway } = await aGateway({ servers: { files: {}, mail: { capabilities: { tools: {} } } } });
    expect((await gateway.introduce(aCaller())).capabilities).toEqual({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
    });
  });

  test('has what only one server’s own clients know where there is no other', async () => {
    const { gateway } = await aGateway({
      servers: { files: { capabilities: { tools: {}, experimental: { x: {} } } } },
    });
    const { capabilities } = await gateway.introduce(aCaller());
    expect(capabilities).toEqual({ tools: { listChanged: true }, experimental: { x: {} } });
  });

  test('speaks of no server that the agent may not reach', async () => {
    const { gateway } = await aGateway({
      servers: { files: { capabilities: { tools: {} } }, mail: { capabilities: { prompts: {} } } },
      agents: { assistant: { reach: { servers: ['mail'], tools: undefined } } },
    });
    expect(await gateway.introduce(aCaller())).toEqual({
      capabilities: { prompts: { listChanged: true } },
      instructions: '',
    });
  });
});

describe('a server that identity does not grant', () => {
  const servers = { files: { capabilities: { tools: {} } }, mail: { capabilities: { prompts: {} } } };
  const METHOD: ClientRequest = { method: 'other', asked: 'vendor/do', params: {}, meta: {} };

  test('is not spoken of', async () => {
    const { gateway } = await aGateway({ servers, rules: { grants: ['mail'] } });
    expect(await gateway.introduce(aCaller())).toEqual({
      capabilities: { prompts: { listChanged: true } },
      instructions: '',
    });
  });

  test.for([
    { name: 'gets no method that the gateway does not know', rules: { grants: ['mail'] }, kind: 'failure' },
    { name: 'nor does one while identity cannot be asked', rules: { isInDoubt: true }, kind: 'failure' },
    { name: 'while one that is granted does', rules: { grants: ['files'] }, kind: 'result' },
    { name: 'also where rules hide what it has', rules: { hides: () => true }, kind: 'result' },
  ])('$name', async ({ rules, kind }) => {
    const { ask, heard } = await aGateway({ servers, rules, allowedMethods: ['files:vendor/do'] });
    expect(await ask(METHOD)).toMatchObject({ kind });
    expect(heard('files')).toHaveLength(kind === 'result' ? 1 : 0);
  });
});

describe('a method that the gateway does not know', () => {
  const VENDOR: ClientRequest = { method: 'other', asked: 'vendor/do', params: { a: 1 }, meta: {} };

  test.for([
    { name: 'is refused and recorded where nobody lists it', allowed: [], server: undefined },
    { name: 'goes to the server that is listed with it', allowed: ['mail:vendor/do'], server: 'mail' },
    {
      name: 'is refused where it is not said which of several servers is meant',
      allowed: ['vendor/do'],
      server: undefined,
    },
    {
      name: 'is refused where several servers are listed with it',
      allowed: ['mail:vendor/do', 'files:vendor/do'],
      server: undefined,
    },
    { name: 'is refused where another one is listed', allowed: ['mail:vendor/other'], server: undefined },
  ])('$name', async ({ allowed, server }) => {
    const { ask, records, heard } = await aGateway({ servers: { files: {}, mail: {} }, allowedMethods: allowed });
    const answer = await ask(VENDOR);
    const isAllowed = server !== undefined;
    expect(answer).toMatchObject(
      isAllowed ? { kind: 'result', result: { done: 'vendor/do' } } : { kind: 'failure', error: { code: -32601 } },
    );
    expect(records).toMatchObject([
      { action: 'method', effect: isAllowed ? 'allow' : 'deny', server: server ?? '', input: { method: 'vendor/do' } },
    ]);
    expect(heard('mail')).toEqual(isAllowed ? [{ method: 'vendor/do', params: { a: 1 } }] : []);
    expect(heard('files')).toEqual([]);
  });

  test('goes to the only server there is', async () => {
    const { ask, outcomes } = await aGateway({ servers: { files: {} }, allowedMethods: ['vendor/do'] });
    expect(await ask(VENDOR)).toEqual({ kind: 'result', result: { done: 'vendor/do' } });
    expect(outcomes).toMatchObject([{ status: 'ok' }]);
  });
});

describe('URIs of resources', () => {
  const LISTED: Script = { capabilities: { tools: {}, resources: {} }, resources: [{ uri: 'note://1', name: 'One' }] };
  const linking = (uri: string): Script => ({
    ...LISTED,
    tools: [READ],
    answers: {
      'tools/call': () =>
        resultOf({
          content: [
            { type: 'resource_link', uri, name: 'x', _meta: { v: 1 } },
            { type: 'resource', resource: { uri, text: 'y' } },
            { type: 'text', text: uri },
          ],
        }),
      'resources/read': (params) => resultOf({ contents: [{ uri: params['uri'] ?? null, text: 'z' }] }),
    },
  });
  const call: ClientRequest = { ...CALL, name: 'files__read' };

  test('that two servers list are wrapped wherever they stand, and lead back', async () => {
    const { ask, heard } = await aGateway({ servers: { files: linking('note://1'), mail: LISTED } });
    const wrapped = 'mcp-gateway+files:note://1';
    expect(await ask(call)).toMatchObject({
      result: {
        content: [
          { type: 'resource_link', uri: wrapped, name: 'x', _meta: { v: 1 } },
          { type: 'resource', resource: { uri: wrapped, text: 'y' } },
          { type: 'text', text: 'note://1' },
        ],
      },
    });
    const read: ClientRequest = { method: 'resources/read', uri: wrapped, meta: {}, answers: undefined };
    expect(await ask(read)).toMatchObject({ result: { contents: [{ uri: wrapped, text: 'z' }] } });
    expect(heard('files')).toMatchObject([{}, { method: 'resources/read', params: { uri: 'note://1' } }]);
  });

  test('that no list has are known from the result that mentioned them', async () => {
    const mail: Script = { capabilities: { resources: {} } };
    const { ask, heard } = await aGateway({ servers: { files: linking('made://up'), mail } });
    const read: ClientRequest = { method: 'resources/read', uri: 'made://up', meta: {}, answers: undefined };
    expect(await ask(read)).toMatchObject({ error: { code: -32002 } });
    expect(await ask(call)).toMatchObject({ result: { content: [{ uri: 'made://up' }, {}, {}] } });
    expect(await ask(read)).toMatchObject({ result: { contents: [{ uri: 'made://up' }] } });
    expect(heard('mail')).toEqual([]);
  });

  test('that nobody knows go to the only server that has resources', async () => {
    const { ask, heard } = await aGateway({ servers: { files: LISTED, mail: { capabilities: { tools: {} } } } });
    await ask({ method: 'resources/read', uri: 'made://up', meta: {}, answers: undefined });
    expect(heard('files')).toMatchObject([{ params: { uri: 'made://up' } }]);
  });

  test('of a server without resources stay as they are', async () => {
    const script = { ...linking('note://1'), capabilities: { tools: {} }, resources: [] };
    const { ask } = await aGateway({ servers: { files: script, mail: { capabilities: { tools: {} } } } });
    expect(await ask(call)).toMatchObject({ result: { content: [{ uri: 'note://1' }, {}, {}] } });
  });
});

describe('what belongs to no request', () => {
  const message = (level: LogLevel): JsonObject => ({ level, logger: 'db', data: { text: level } });

  test('reaches the session whose instance says it, from the level on that it wants', async () => {
    const world = await aGateway({ servers: { files: { tools: [READ] } } });
    const [mine, other] = [listener(world, aCaller(), 'warning'), listener(world, { ...aCaller(), session: 'other' })];
    await world.ask(CALL);
    for (const level of ['info', 'warning', 'error'] as const)
      world.say('files', 'notifications/message', message(level));
    world.say('files', 'notifications/vendor', { a: 1 });
    expect(mine.told).toEqual([
      ['notifications/message', message('warning')],
      ['notifications/message', message('error')],
      ['notifications/vendor', { a: 1 }],
    ]);
    expect(other.told).toEqual([]);
  });

  test('reaches nobody where two users share an instance', async () => {
    const world = await aGateway({ servers: { files: { tools: [READ] } } });
    const { principal } = aCaller();
    const other = {
      ...aCaller(),
      session: 'other',
      principal: { ...principal, user: { ...principal.user, id: 'bob' } },
    };
    const listeners = [listener(world, aCaller()), listener(world, other)];
    await world.ask(CALL);
    await world.ask(CALL, other);
    world.say('files', 'notifications/message', message('error'));
    expect(listeners.map(({ told }) => told)).toEqual([[], []]);
  });

  test('a shared server says what the most curious of its sessions wants', async () => {
    const { gateway, ask, servers } = await aGateway({ servers: { files: { tools: [READ] } } });
    const [one, two] = [aCaller(), { ...aCaller(), session: 'two' }];
    const levels = (): readonly unknown[] =>
      (servers['files']?.heard ?? [])
        .filter(({ method }) => method === 'logging/setLevel')
        .map(({ params }) => params['level']);
    await ask(CALL, one);
    await ask(CALL, two);
    gateway.tell({ kind: 'log_level', level: 'error' }, one);
    gateway.tell({ kind: 'log_level', level: 'info' }, two);
    gateway.tell({ kind: 'log_level', level: 'warning' }, one);
    await expect.poll(levels).toEqual(['error', 'info']);
  });

  test('servers that were offered roots hear that they have changed', async () => {
    const { gateway, ask, servers } = await aGateway({ servers: { files: { tools: [READ] } }, allow: { roots: true } });
    const caller = { ...aCaller(), capabilities: { roots: { listChanged: true } } };
    await ask(CALL, caller);
    gateway.tell({ kind: 'roots_changed' }, caller);
    await expect
      .poll(() => servers['files']?.heard.at(-1))
      .toEqual({ method: 'notifications/roots/list_changed', params: {} });
  });
});

test('another policy decides at once, and clients are told that their lists may have changed', async () => {
  const world = await aGateway({ servers: { files: { tools: [READ], prompts: [{ name: 'plan' }] } } });
  const told = listener(world, aCaller());
  const shown = async (): Promise<unknown> => world.ask({ method: 'tools/list', cursor: undefined, meta: {} });
  expect(await shown()).toMatchObject({ result: { tools: [{ name: 'read' }] } });
  await world.enforce({ hides: (input: PolicyInput) => input.action.tool === 'read' });
  expect(new Set(told.lists)).toEqual(new Set(['tools', 'prompts', 'resources']));
  expect(await shown()).toMatchObject({ result: { tools: [] } });
  expect(await world.ask(CALL)).toMatchObject({ result: { isError: true } });
});

test('a call that was found under one generation is judged by it, too, whatever is put in force meanwhile', async () => {
  let enforce = async (): Promise<void> => undefined;
  const world = await aGateway({
    servers: { files: { tools: [READ] } },
    rules: { ofResults: () => ({}) },
    commit: ({ action }) => void (action === 'tool_call' && enforce()),
  });
  enforce = () => world.enforce({ ofResults: () => ({}), denies: () => true });
  expect(JSON.stringify(await world.ask(CALL))).not.toContain('isError');
  const [call, result] = world.records;
  expect([call?.action, result?.action]).toEqual(['tool_call', 'tool_result']);
  expect(result?.generation).toBe(call?.generation);
  expect(await world.ask(CALL)).toMatchObject({ result: { isError: true } });
  expect(world.records.at(-1)?.generation).not.toBe(call?.generation);
});

test('the headers of a tool that the caller may not see are those of one that is not there', async () => {
  const inputSchema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
  const script: Script = { tools: [{ name: 'read', inputSchema }] };
  const open = await aGateway({ servers: { files: script } });
  await open.ask(CALL);
  expect(open.gateway.headerParams('read', aCaller())).toEqual([{ name: 'Region', path: ['region'] }]);
  const closed = await aGateway({ servers: { files: script }, rules: { hides: () => true } });
  await closed.ask(CALL);
  expect(closed.gateway.headerParams('read', aCaller())).toEqual([]);
});

interface Heard {
  readonly told: (readonly [string, JsonObject])[];
  readonly lists: string[];
}

function listener({ gateway }: World, caller: Caller, level: LogLevel = 'debug'): Heard {
  const heard: Heard = { told: [], lists: [] };
  const audience: Audience = {
    listChanged: (list) => heard.lists.push(list),
    notify: (method, params) => heard.told.push([method, params]),
    logLevel: () => level,
    ask: undefined,
  };
  gateway.attend(caller, audience);
  return heard;
}

function resultOf(result: JsonObject): RpcAnswer {
  return { kind: 'result', result };
}
