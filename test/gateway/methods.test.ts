import { describe, expect, test } from 'vitest';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { ClientRequest } from '../../src/gateway/port.ts';
import { aGateway, type WorldOptions } from './a-gateway.ts';
import { aCaller } from './makers.ts';
import type { Script } from './scripted-server.ts';

const FILES: Script = {
  tools: [{ name: 'read', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }],
  prompts: [{ name: 'plan', description: 'Makes a plan.' }],
  resources: [{ uri: 'note://one', name: 'One', annotations: { audience: ['user'] } }],
  templates: [{ uriTemplate: 'note://{id}', name: 'Any' }],
};

interface Governed {
  readonly method: string;
  readonly request: ClientRequest;
  readonly unknown: ClientRequest;
  readonly action: string;
  /** What policy reads in `action`, beside what all have. */
  readonly seen: Partial<PolicyInput['action']>;
  readonly sent: { readonly method: string; readonly params: object };
  /** Reason on record for what is not there. */
  readonly unknownReason: string;
  /** Code of the error by which the client learns that a thing is not there; undefined for a result. */
  readonly unknownCode: number | undefined;
}

const META = { 'vendor/key': 1 };

const GOVERNED: readonly Governed[] = [
  {
    method: 'tools/call',
    request: {
      method: 'tools/call',
      name: 'read',
      args: { path: 'a' },
      meta: META,
      answers: undefined,
      task: undefined,
    },
    unknown: { method: 'tools/call', name: 'nope', args: {}, meta: {}, answers: undefined, task: undefined },
    action: 'tool_call',
    seen: { tool: 'read', args: { path: 'a' }, effect: 'read', annotations: { readOnlyHint: true } },
    sent: { method: 'tools/call', params: { name: 'read', arguments: { path: 'a' }, _meta: META } },
    unknownReason: 'gateway.unknown_tool',
    unknownCode: undefined,
  },
  {
    method: 'prompts/get',
    request: { method: 'prompts/get', name: 'plan', args: { day: 'monday' }, meta: META, answers: undefined },
    unknown: { method: 'prompts/get', name: 'nope', args: {}, meta: {}, answers: undefined },
    action: 'prompt_get',
    seen: { tool: '', prompt: 'plan', args: { day: 'monday' }, effect: 'read' },
    sent: { method: 'prompts/get', params: { name: 'plan', arguments: { day: 'monday' }, _meta: META } },
    unknownReason: 'gateway.unknown_prompt',
    unknownCode: -32602,
  },
  {
    method: 'resources/read',
    request: { method: 'resources/read', uri: 'note://one', meta: META, answers: undefined },
    unknown: { method: 'resources/read', uri: 'other://nope', meta: {}, answers: undefined },
    action: 'resource_read',
    seen: { tool: '', resource: 'note://one', effect: 'read', annotations: { audience: ['user'] } },
    sent: { method: 'resources/read', params: { uri: 'note://one', _meta: META } },
    unknownReason: 'gateway.unknown_resource',
    unknownCode: -32002,
  },
  {
    method: 'completion/complete',
    request: {
      method: 'completion/complete',
      ref: { type: 'ref/prompt', name: 'plan' },
      argument: { name: 'day', value: 'm' },
      context: undefined,
      meta: META,
    },
    unknown: {
      method: 'completion/complete',
      ref: { type: 'ref/prompt', name: 'nope' },
      argument: { name: 'day', value: 'm' },
      context: undefined,
      meta: {},
    },
    action: 'completion',
    seen: {
      prompt: 'plan',
      ref: { type: 'ref/prompt', name: 'plan' },
      args: { argument: { name: 'day', value: 'm' } },
      effect: 'read',
    },
    sent: {
      method: 'completion/complete',
      params: { ref: { type: 'ref/prompt', name: 'plan' }, argument: { name: 'day', value: 'm' }, _meta: META },
    },
    unknownReason: 'gateway.unknown_prompt',
    unknownCode: -32602,
  },
];

// A second server with resources, so that a URI that nobody knows is nobody's.
const world = (options: Partial<WorldOptions> = {}) =>
  aGateway({ servers: { files: FILES, mail: {} }, toolNames: 'plain', ...options });

describe.each(GOVERNED)('$method', ({ request, unknown, action, seen, sent, unknownReason, unknownCode }) => {
  test('is decided with its own type and facts, recorded, forwarded and settled', async () => {
    const { ask, records, outcomes, heard } = await world();
    const answer = await ask(request);
    expect(records).toMatchObject([
      { action, effect: 'allow', server: 'files', input: { action: { type: action, ...seen } } },
    ]);
    expect(heard('files')).toMatchObject([sent]);
    expect(outcomes).toMatchObject([{ id: records[0]?.id, status: 'ok' }]);
    expect(answer).toMatchObject({
      kind: 'result',
      result: { done: sent.method, _meta: { 'mcp-gateway/decision': { allow: true } } },
    });
  });

  test('goes nowhere when a rule denies it', async () => {
    const { ask, records, outcomes, heard } = await world({ rules: { denies: () => true } });
    const answer = await ask(request);
    expect(records).toMatchObject([{ action, effect: 'deny', reasons: ['not_wanted'] }]);
    expect(heard('files')).toEqual([]);
    expect(outcomes).toEqual([]);
    expect(refusalIn(answer)).toMatchObject({
      code: unknownCode === undefined ? undefined : 4030,
      reasons: ['not_wanted'],
    });
  });

  test('goes nowhere when its decision cannot be recorded', async () => {
    const { ask, heard } = await world({
      commit: () => {
        throw new Error('disk full');
      },
    });
    const answer = await ask(request);
    expect(heard('files')).toEqual([]);
    expect(refusalIn(answer)).toMatchObject({ reasons: ['gateway.audit_unavailable'] });
  });

  test('of what is hidden is answered in the words of what is not there, and only the record knows why', async () => {
    const hidden = await world({ rules: { hides: () => true } });
    const nothing = await aGateway({ servers: { files: {}, mail: {} }, toolNames: 'plain' });
    const ofHidden = await hidden.ask(request);
    const ofNothing = await nothing.ask(request);
    expect(withoutGeneration(ofHidden)).toEqual(withoutGeneration(ofNothing));
    expect(hidden.records).toMatchObject([
      { action, reasons: [unknownReason], reason_internal: 'hidden', matched_rules: ['compliance/CO-H'] },
    ]);
    expect(hidden.heard('files')).toEqual([]);
  });

  test('of what is not there is decided as a denial', async () => {
    const { ask, records } = await world();
    const answer = await ask(unknown);
    expect(records).toMatchObject([{ action, effect: 'deny', reasons: [unknownReason], server: '' }]);
    expect(refusalIn(answer).code).toBe(unknownCode);
  });

  test('of a server that wants its user to sign in is a recorded denial that says how', async () => {
    const { ask, records, heard } = await world({ signsIn: 'required' });
    const answer = await ask(request);
    expect(records).toMatchObject([{ action, reasons: ['gateway.sign_in_required'] }]);
    expect(heard('files')).toEqual([]);
    expect(refusalIn(answer).text).toContain('mcp-gateway server login files');
  });

  test('of an agent that may not reach the server is of what is not there', async () => {
    const { ask, records } = await world({ agents: { assistant: { reach: { servers: ['mail'], tools: undefined } } } });
    await ask(request);
    expect(records).toMatchObject([{ reasons: [unknownReason], reason_internal: 'gateway.out_of_scope' }]);
  });

  test('keeps code, message and data of the server’s own error', async () => {
    const error = { code: -31234, message: 'Not today.', data: { until: 'monday' } };
    const fails = (): RpcAnswer => ({ kind: 'failure', error });
    const { ask, outcomes } = await world({
      servers: { files: { ...FILES, answers: { [sent.method]: fails } }, mail: {} },
    });
    expect(await ask(request)).toEqual({ kind: 'failure', error });
    expect(outcomes).toMatchObject([{ status: 'protocol_error' }]);
  });
});

test.for(GOVERNED.filter(({ method }) => method !== 'completion/complete'))(
  '$method of what is hidden is answered as of what is not there also when it comes with a requestState',
  async ({ request }) => {
    const hidden = await world({ rules: { hides: () => true } });
    const nothing = await aGateway({ servers: { files: {}, mail: {} }, toolNames: 'plain' });
    const guess = { ...request, answers: { responses: {}, state: 'guessed' } } as ClientRequest;
    const ofHidden = await hidden.ask(guess);
    expect(withoutGeneration(ofHidden)).toEqual(withoutGeneration(await nothing.ask(guess)));
    expect(hidden.records).toMatchObject([{ effect: 'deny', reason_internal: 'hidden' }]);
  },
);

test('a resource that is not there has the code of the client’s era', async () => {
  const { ask } = await world();
  const request: ClientRequest = { method: 'resources/read', uri: 'other://x', meta: {}, answers: undefined };
  const [session, stateless] = [await ask(request), await ask(request, { ...aCaller(), era: 'stateless' })];
  expect([session, stateless]).toMatchObject([
    { error: { code: -32002, message: 'Resource not found', data: { uri: 'other://x' } } },
    { error: { code: -32602, message: 'Resource not found', data: { uri: 'other://x' } } },
  ]);
});

test('a resource is hidden with the template that it is known by', async () => {
  const rules = { hides: (input: PolicyInput) => input.action.resource === 'note://{id}' };
  const { ask, records } = await world({ rules });
  await ask({ method: 'resources/read', uri: 'note://two', meta: {}, answers: undefined });
  expect(records).toMatchObject([{ reasons: ['gateway.unknown_resource'], reason_internal: 'hidden' }]);
});

test('the arguments of a prompt are texts', async () => {
  const { ask, records, heard } = await world();
  const answer = await ask({ method: 'prompts/get', name: 'plan', args: { day: 1 }, meta: {}, answers: undefined });
  expect(records).toMatchObject([{ reasons: ['gateway.invalid_arguments'] }]);
  expect(refusalIn(answer)).toMatchObject({ code: -32602, reasons: ['gateway.invalid_arguments'] });
  expect(heard('files')).toEqual([]);
});

test('a completion at a server that cannot complete proposes nothing', async () => {
  const answers = {
    'completion/complete': (): RpcAnswer => ({ kind: 'failure', error: { code: -32601, message: 'no such method' } }),
  };
  const { ask } = await world({ servers: { files: { ...FILES, answers } } });
  const request = GOVERNED.find(({ method }) => method === 'completion/complete')?.request;
  expect(request && (await ask(request))).toMatchObject({ kind: 'result', result: { completion: { values: [] } } });
});

test('a completion refers to a template under the server’s own text', async () => {
  const { ask, heard, records } = await world();
  await ask({
    method: 'completion/complete',
    ref: { type: 'ref/resource', uri: 'note://{id}' },
    argument: { name: 'id', value: '' },
    context: { arguments: { a: 'b' } },
    meta: {},
  });
  expect(heard('files')).toMatchObject([
    { params: { ref: { type: 'ref/resource', uri: 'note://{id}' }, context: { arguments: { a: 'b' } } } },
  ]);
  expect(records).toMatchObject([{ input: { action: { resource: 'note://{id}' } } }]);
});

test('only calls of tools are counted as calls', async () => {
  const { ask, records } = await world();
  for (const { request } of GOVERNED) await ask(request);
  expect(records.map(({ input }) => input['context'])).toMatchObject(
    GOVERNED.map(() => ({ turn_count: 1, calls_in_a_row: 1 })),
  );
});

interface Refused {
  readonly code: number | undefined;
  readonly text: string;
  readonly reasons: unknown;
}

function refusalIn(answer: RpcAnswer): Refused {
  if (answer.kind === 'result') {
    const { structuredContent, content } = answer.result as unknown as {
      readonly structuredContent: { readonly reasons: unknown };
      readonly content: readonly { readonly text: string }[];
    };
    return { code: undefined, text: content[0]?.text ?? '', reasons: structuredContent.reasons };
  }
  const { code, message, data } = answer.error;
  const object = data as unknown as Readonly<Record<string, { readonly reasons: unknown }>> & { reasons: unknown };
  return { code, text: message, reasons: object['mcp-gateway/decision']?.reasons ?? object.reasons };
}

/** Two worlds have two policies; all else must be the same. */
function withoutGeneration(answer: RpcAnswer): string {
  return JSON.stringify(answer).replaceAll(/"policy_version":"[^"]*"/g, '');
}
