import { expect, test } from 'vitest';
import { pinOf, type ServerPins } from '../../src/catalog/pins.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { aGateway, type World } from './a-gateway.ts';

const READ: Tool = { name: 'read', description: 'Reads', inputSchema: { type: 'object' } };
const SEND: Tool = {
  name: 'send',
  description: 'Sends',
  inputSchema: { type: 'object', properties: { to: {} } },
};
const OTHER: Tool = { ...SEND, inputSchema: { type: 'object', properties: { to: {}, bcc: {} } } };

type Tool = JsonObject & { readonly name: string };

function pinsOf(tools: readonly Tool[], part: Partial<ServerPins> = {}): ServerPins {
  return { tools: new Map(tools.map((tool) => [tool.name, pinOf(tool)])), drift: '', text: 'warn', ...part };
}

interface Offering {
  readonly world: World;
  readonly offer: (tools: readonly Tool[]) => void;
}

/** A server of which these tools were accepted, and that offers others whenever it is told to. */
async function aPinned(accepted: readonly Tool[], part: Partial<ServerPins> = {}): Promise<Offering> {
  return offering(accepted, pinsOf(accepted, part));
}

async function offering(first: readonly Tool[], pins: ServerPins): Promise<Offering> {
  let tools = first;
  const list = (): RpcAnswer => ({ kind: 'result', result: { tools } });
  const world = await aGateway({ servers: { files: { answers: { 'tools/list': list } } }, pins: { files: pins } });
  return { world, offer: (next) => (tools = next) };
}

function call(world: World, name: string): Promise<RpcAnswer> {
  return world.ask({ method: 'tools/call', name, args: {}, task: undefined, answers: undefined, meta: {} });
}

function lastOf({ records }: World): object {
  const { effect, reasons, reason_internal: why, input } = records.at(-1) ?? {};
  const consent = (input as { action?: { consent?: string } } | undefined)?.action?.consent;
  return { effect, reasons, why, consent };
}

const ALLOWED = { effect: 'allow', reasons: [], why: '', consent: 'accepted' };

function quarantined(why: string): object {
  return { effect: 'deny', reasons: ['gateway.tool_quarantined'], why: `drift.${why}`, consent: 'changed' };
}

function callsOf(world: World): number {
  return world.heard('files').filter(({ method }) => method === 'tools/call').length;
}

test('what is as it was accepted is called, and policy is told so', async () => {
  const { world } = await aPinned([READ, SEND]);
  await call(world, 'send');
  expect(lastOf(world)).toEqual(ALLOWED);
  expect(callsOf(world)).toBe(1);
});

test('an instance is read before each call, but a busy one no more than twenty times a second', async () => {
  const { world } = await aPinned([READ]);
  for (let calls = 0; calls < 25; calls++) await call(world, 'read');
  const methods = world.heard('files').map(({ method }) => method);
  expect(methods.slice(0, 4)).toEqual(['tools/list', 'tools/call', 'tools/list', 'tools/call']);
  expect(methods.filter((method) => method === 'tools/list')).toHaveLength(20);
});

test.for<[string, readonly Tool[], Partial<ServerPins>, string]>([
  ['whose schema has changed', [OTHER], {}, 'contract'],
  ['of a package that was not accepted', [SEND], { drift: 'package' }, 'package'],
  ['whose text has changed, where that counts', [{ ...SEND, description: 'x' }], { text: 'quarantine' }, 'text'],
])('G-41 a tool %s is not called, and neither its text nor its schema is shown', async ([, offered, part, why]) => {
  const { world } = await offering(offered, pinsOf([SEND], part));
  await call(world, 'send');
  expect(lastOf(world)).toEqual(quarantined(why));
  expect(callsOf(world)).toBe(0);
  const listed = await world.ask({ method: 'tools/list', cursor: undefined, meta: {} });
  expect(listed).toMatchObject({
    result: {
      tools: [
        {
          name: 'send',
          description: expect.stringMatching(/^Cannot be used now/) as string,
          inputSchema: { type: 'object' },
        },
      ],
    },
  });
  expect(JSON.stringify(listed)).not.toMatch(/bcc|Sends/);
});

test('another description alone keeps nobody from calling', async () => {
  const { world } = await offering([{ ...SEND, description: 'Sends away' }], pinsOf([SEND]));
  await call(world, 'send');
  expect(lastOf(world)).toEqual(ALLOWED);
});

test('what came later is new, and what bears the name of nothing that was accepted but is like it is renamed', async () => {
  const late = { name: 'late', inputSchema: { type: 'object', properties: { a: {} } } };
  const { world } = await offering([READ, late, { ...SEND, name: 'post' }], pinsOf([READ, SEND]));
  await call(world, 'late');
  expect(lastOf(world)).toEqual({ ...ALLOWED, consent: 'new' });
  await call(world, 'post');
  expect(lastOf(world)).toEqual(quarantined('renamed'));
});

test.for([['without a word'], ['and says so']])(
  'G-41 a server that changes between the list and the call %s does not get it',
  async ([how]) => {
    const { world, offer } = await aPinned([SEND]);
    await call(world, 'send');
    offer([OTHER]);
    if (how === 'and says so') world.servers['files']?.say('notifications/tools/list_changed', {});
    await call(world, 'send');
    expect(lastOf(world)).toMatchObject({
      effect: 'deny',
      reasons: ['gateway.tool_quarantined'],
      why: 'drift.contract',
    });
    expect(callsOf(world)).toBe(1);
    // From then on it is shown as what it is.
    await expect
      .poll(async () => JSON.stringify(await world.ask({ method: 'tools/list', cursor: undefined, meta: {} })))
      .toContain('Cannot be used now');
    offer([SEND]);
  },
);

test.for<[string, Tool, Partial<ServerPins>]>([
  ['schema', OTHER, {}],
  ['text', { ...SEND, description: 'x' }, { text: 'quarantine' }],
])('G-41 a tool that was quarantined for its %s runs again once it is what was accepted', async ([, other, part]) => {
  const { world, offer } = await offering([other], pinsOf([SEND], part));
  offer([SEND]);
  await call(world, 'send');
  expect(lastOf(world)).toMatchObject({ effect: 'deny', reasons: ['gateway.tool_quarantined'] });
  await expect.poll(async () => (await call(world, 'send')).kind === 'result' && lastOf(world)).toEqual(ALLOWED);
  expect(callsOf(world)).toBe(1);
});

test('G-41 a server that changes after the decision does not get the call', async () => {
  const { world, offer } = await aPinned([SEND]);
  await call(world, 'send');
  const upstream = world.servers['files']?.upstream;
  const { epoch } = (await upstream?.readTools()) ?? { epoch: -1 };
  offer([OTHER]);
  world.servers['files']?.say('notifications/tools/list_changed', {});
  await new Promise(setImmediate);
  await expect(
    upstream?.request('tools/call', { name: 'send', arguments: {} }, { offers: {}, toolsEpoch: epoch }),
  ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  expect(callsOf(world)).toBe(1);
});

test('an instance whose tools cannot be read gets no call', async () => {
  let isBroken = false;
  const list = (): RpcAnswer =>
    isBroken
      ? { kind: 'failure', error: { code: -32603, message: 'no' } }
      : { kind: 'result', result: { tools: [SEND] } };
  const servers = { files: { answers: { 'tools/list': list } } };
  const world = await aGateway({ servers, pins: { files: pinsOf([SEND]) } });
  await call(world, 'send');
  isBroken = true;
  const answer = await call(world, 'send');
  expect(answer).toMatchObject({ result: { isError: true } });
  expect(world.outcomes.at(-1)?.status).not.toBe('ok');
  expect(callsOf(world)).toBe(1);
});
