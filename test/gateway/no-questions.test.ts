import { describe, expect, test } from 'vitest';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { ClientRequest } from '../../src/gateway/port.ts';
import { aGateway, type World } from './a-gateway.ts';
import { aCaller, anExchange } from './makers.ts';

const PARAMS = { mode: 'url', message: 'Open this', url: 'https://example.test/', elicitationId: 'e1' };
const ASKS: RpcAnswer = {
  kind: 'result',
  result: { resultType: 'input_required', inputRequests: { a: { method: 'elicitation/create', params: PARAMS } } },
};
const WANTS_ADDRESS: RpcAnswer = {
  kind: 'failure',
  error: { code: -32042, message: 'First', data: { elicitations: [PARAMS] } },
};
const COMPLETE: ClientRequest = {
  method: 'completion/complete',
  ref: { type: 'ref/prompt', name: 'plan' },
  argument: { name: 'day', value: 'm' },
  context: undefined,
  meta: {},
};
const VENDOR: ClientRequest = { method: 'other', asked: 'vendor/do', params: {}, meta: {} };

describe.each([
  { name: 'a result that asks for input', answer: ASKS },
  { name: 'an error that wants an address opened', answer: WANTS_ADDRESS },
])('where nobody decides on what servers ask, $name', ({ answer }) => {
  test.for([COMPLETE, VENDOR])('does not reach the client of $method', async (request) => {
    const { ask } = await aWorldThatAnswers(answer);
    const said = await ask(request, { ...aCaller(), era: 'stateless' });
    expect(JSON.stringify(said)).not.toContain('example.test');
    expect(said).toMatchObject({ kind: 'failure', error: { code: -32603 } });
  });
});

test('an error that wants an address opened does not reach whoever wants to watch a resource', async () => {
  const { gateway } = await aWorldThatAnswers(WANTS_ADDRESS);
  const request = { uri: 'note://1', meta: {}, onUpdated: () => undefined };
  expect(await gateway.watch(request, aCaller(), anExchange())).toEqual({
    kind: 'refused',
    error: { code: -32603, message: 'First' },
  });
});

function aWorldThatAnswers(answer: RpcAnswer): Promise<World> {
  const methods = ['completion/complete', 'vendor/do', 'resources/subscribe'];
  return aGateway({
    servers: {
      files: {
        prompts: [{ name: 'plan' }],
        resources: [{ uri: 'note://1', name: 'One' }],
        answers: Object.fromEntries(methods.map((method) => [method, () => answer])),
      },
    },
    allowedMethods: ['vendor/do'],
  });
}
