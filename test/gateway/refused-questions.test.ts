import { expect, test } from 'vitest';
import type { ServerId } from '../../src/core/names.ts';
import type { InstanceOf } from '../../src/upstream/instance-host.ts';
import { aGateway } from './a-gateway.ts';
import { aRequest, aSessionCaller, aWorld, result, ROOTS, type Send } from './dialogue-makers.ts';
import { aCaller, anExchange } from './makers.ts';

const CALL = { method: 'tools/call', name: 'read', args: {}, meta: {}, answers: undefined, task: undefined } as const;

test.for(['session', 'stateless'] as const)(
  'G-48 what a server asks without having been offered it is recorded with the call of a client of era %s',
  async (era) => {
    const send: Send = async ({ options }) => {
      options.onRefused?.(aRequest(ROOTS));
      return result({});
    };
    const ask = era === 'session' ? () => Promise.resolve(result({})) : undefined;
    const world = aWorld({ send });
    await world.call({ caller: aSessionCaller({ era }), exchange: anExchange({ ask }) });
    await expect
      .poll(() => world.records)
      .toMatchObject([
        { action: 'method', effect: 'deny', reasons: ['gateway.method_not_allowed'], tool: 'read', input: ROOTS_ASKED },
      ]);
    expect(world.records[0]?.call).toMatch(/./);
  },
);

test('what a server asks outside of requests without having been offered it is recorded with its session', async () => {
  const world = await aGateway({ servers: { files: { tools: [{ name: 'read', inputSchema: { type: 'object' } }] } } });
  const caller = aCaller();
  await world.ask(CALL, caller);
  const audience = { listChanged: () => undefined, notify: () => undefined, logLevel: () => undefined, ask: undefined };
  world.gateway.attend(caller, audience);
  const upstream = world.servers['files']?.upstream;
  if (upstream === undefined) throw new Error('there is no server');
  const from: InstanceOf = { server: 'files' as ServerId, kind: 'session', holder: undefined, upstream };
  world.gateway.host.onRefused?.(from, aRequest(ROOTS));
  await expect
    .poll(() => world.records.slice(1))
    .toMatchObject([
      { action: 'method', effect: 'deny', reasons: ['gateway.method_not_allowed'], session: caller.session, call: '' },
    ]);
});

const ROOTS_ASKED = { method: 'roots/list' };
