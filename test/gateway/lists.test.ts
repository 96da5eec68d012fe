import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { pageOf } from '../../src/gateway/cursors.ts';
import type { ListRequest } from '../../src/gateway/port.ts';
import { aGateway } from './a-gateway.ts';
import type { Script } from './scripted-server.ts';

const TOOL = { inputSchema: { type: 'object' } };
const ICONS = [{ src: 'https://example.com/icon.png', sizes: ['48x48'] }];
const FILES: Script = {
  tools: [
    { ...TOOL, name: 'write', execution: { taskSupport: 'optional' } },
    { ...TOOL, name: 'read', title: 'Read', icons: ICONS, _meta: { 'vendor/x': [1] } },
  ],
  prompts: [{ name: 'plan', 'x-vendor': true }],
  resources: [
    { uri: 'note://two', name: 'Two' },
    { uri: 'note://one', name: 'One', size: 3 },
  ],
  templates: [{ uriTemplate: 'note://{id}', name: 'Any' }],
};
const MAIL: Script = { tools: [{ ...TOOL, name: 'read' }], prompts: [{ name: 'plan' }] };

const CASES = [
  {
    method: 'tools/list',
    action: 'tool_list',
    names: ['files__read', 'files__write', 'mail__read'],
    hide: (input: PolicyInput) => input.action.tool === 'write',
    left: ['files__read', 'mail__read'],
  },
  {
    method: 'prompts/list',
    action: 'prompt_list',
    names: ['files__plan', 'mail__plan'],
    hide: (input: PolicyInput) => input.action.prompt === 'plan' && input.server.id === 'mail',
    left: ['files__plan'],
  },
  {
    method: 'resources/list',
    action: 'resource_list',
    names: ['note://one', 'note://two'],
    hide: (input: PolicyInput) => input.action.resource === 'note://one',
    left: ['note://two'],
  },
  {
    method: 'resources/templates/list',
    action: 'resource_list',
    names: ['note://{id}'],
    hide: (input: PolicyInput) => input.action.resource === 'note://{id}',
    left: [],
  },
] as const;

test.for(CASES)(
  '$method shows what all servers offer, in one order, with one record',
  async ({ method, action, names }) => {
    const { ask, records } = await aGateway({ servers: { mail: MAIL, files: FILES } });
    expect(namesIn(await ask(list(method)))).toEqual(names);
    expect(records).toMatchObject([{ action, effect: 'allow', input: { shown: names, withheld: [] } }]);
  },
);

test.for(CASES)('$method leaves out what a rule hides, and the record says so', async ({ method, hide, left }) => {
  const { ask, records } = await aGateway({ servers: { mail: MAIL, files: FILES }, rules: { hides: hide } });
  expect(namesIn(await ask(list(method)))).toEqual(left);
  expect(records).toMatchObject([
    { input: { shown: left, withheld: [{ why: 'hidden', rules: ['compliance/CO-H'] }] } },
  ]);
});

test.for(CASES)('$method takes no cursor that it did not give out', async ({ method }) => {
  const { ask, records } = await aGateway({ servers: { files: FILES } });
  for (const cursor of ['', 'MTA', 'bWNwLWdhdGV3YXkKb3RoZXIKeA', '../']) {
    expect(await ask(list(method, cursor))).toMatchObject({ kind: 'failure', error: { code: -32602 } });
  }
  expect(records).toEqual([]);
});

test('a definition is relayed whole, but for its name', async () => {
  const { ask } = await aGateway({ servers: { files: FILES } });
  const answer = await ask(list('tools/list'));
  expect(answer).toEqual({ kind: 'result', result: { tools: FILES.tools?.toReversed() } });
});

test('a listing that cannot be recorded is not answered', async () => {
  const { ask } = await aGateway({
    servers: { files: FILES },
    commit: () => {
      throw new Error('disk full');
    },
  });
  await expect(ask(list('prompts/list'))).rejects.toThrow('disk full');
});

test('pages together show everything once, whatever their size, and no cursor names what is hidden', () => {
  const items = new Map(Array.from({ length: 25 }, (_, index) => [`item-${String(index).padStart(2, '0')}`, index]));
  const isShown = (index: number): boolean => index % 3 !== 0;
  const expected = [...items.values()].filter(isShown);
  for (const size of [1, 2, 7, 17, 25, 100]) {
    const seen: number[] = [];
    const named: string[] = [];
    let cursor: string | undefined;
    do {
      const page = pageOf(items, isShown, { list: 'tools/list', cursor, size });
      if (page.kind === 'bad_cursor') throw new Error('a cursor of ours was refused');
      expect(page.items.length).toBeLessThanOrEqual(size);
      seen.push(...page.items);
      cursor = page.nextCursor;
      named.push(...namesIn64(cursor));
    } while (cursor !== undefined);
    expect(seen).toEqual(expected);
    expect(named.filter((name) => !isShown(items.get(name) ?? 0))).toEqual([]);
  }
});

test('a cursor of one list is none of another', () => {
  const items = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  const page = pageOf(items, () => true, { list: 'tools/list', cursor: undefined, size: 1 });
  const cursor = page.kind === 'page' ? page.nextCursor : undefined;
  expect(cursor).toBeDefined();
  expect(pageOf(items, () => true, { list: 'prompts/list', cursor })).toEqual({ kind: 'bad_cursor' });
});

/** The item that a cursor names. */
function namesIn64(cursor: string | undefined): readonly string[] {
  return (
    Buffer.from(cursor ?? '', 'base64url')
      .toString()
      .match(/item-\d+/g) ?? []
  );
}

function list(method: ListRequest['method'], cursor?: string): ListRequest {
  return { method, cursor, meta: {} };
}

function namesIn(answer: RpcAnswer): readonly unknown[] {
  if (answer.kind === 'failure') throw new Error(answer.error.message);
  const [items] = Object.values(answer.result) as unknown as readonly (readonly JsonObject[])[];
  return (items ?? []).map(({ uri, uriTemplate, name }) => uri ?? uriTemplate ?? name);
}
