import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import type { Era } from '../../src/core/protocol.ts';
import { readClientRequest } from '../../src/downstream/client-request.ts';

function read(method: string, params: JsonObject, era: Era = 'session') {
  return readClientRequest({ kind: 'request', id: 1, method, params }, era);
}

describe('a request is read by its method', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['tools/list', {}, { method: 'tools/list', meta: {} }],
    ['prompts/list', { cursor: '' }, { method: 'prompts/list', cursor: '', meta: {} }],
    ['resources/list', { cursor: 'x' }, { method: 'resources/list', cursor: 'x', meta: {} }],
    ['resources/templates/list', {}, { method: 'resources/templates/list', meta: {} }],
    ['prompts/get', { name: 'a' }, { method: 'prompts/get', name: 'a', args: {}, meta: {} }],
    [
      'resources/read',
      { uri: 'a:b', _meta: { 'x/y': 1 } },
      { method: 'resources/read', uri: 'a:b', meta: { 'x/y': 1 } },
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt' }, argument: { name: 'a', value: '' }, context: {} },
      {
        method: 'completion/complete',
        ref: { type: 'ref/prompt' },
        argument: { name: 'a', value: '' },
        context: {},
        meta: {},
      },
    ],
    ['tasks/get', { taskId: 't' }, { method: 'tasks/get', params: { taskId: 't' }, meta: {} }],
    ['tasks/cancel', { taskId: 't' }, { method: 'tasks/cancel', params: { taskId: 't' }, meta: {} }],
    ['tasks/list', {}, { method: 'tasks/list', params: {}, meta: {} }],
    ['tasks/result', { taskId: 't' }, { method: 'tasks/result', params: { taskId: 't' }, meta: {} }],
    ['vendor/do', { a: 1, _meta: {} }, { method: 'other', asked: 'vendor/do', params: { a: 1 }, meta: {} }],
  ])('%s %j', (method, params, request) => {
    const answer = read(method, params);
    expect(answer).toMatchObject({ kind: 'ok', request, dropped: [] });
  });

  test.each<[string, JsonObject]>([
    ['tools/list', { cursor: 7 }],
    ['tools/call', { name: 'a', task: 1 }],
    ['prompts/get', { name: 1 }],
    ['prompts/get', { name: 'a', arguments: [] }],
    ['resources/read', {}],
    ['completion/complete', { argument: {} }],
    ['completion/complete', { ref: {}, argument: 'x' }],
    ['completion/complete', { ref: {}, argument: {}, context: 1 }],
    ['tasks/get', {}],
    ['vendor/do', { _meta: [] }],
  ])('%s refuses %j', (method, params) => {
    expect(read(method, params).kind).toBe('invalid');
  });
});

describe('in the other era', () => {
  test.each<[string, Era]>([
    ['ping', 'stateless'],
    ['initialize', 'stateless'],
    ['logging/setLevel', 'stateless'],
    ['resources/subscribe', 'stateless'],
    ['tasks/list', 'stateless'],
    ['tasks/result', 'stateless'],
    ['tasks/update', 'session'],
    ['server/discover', 'session'],
    ['subscriptions/listen', 'session'],
  ])('%s is unknown to clients that are %s', (method, era) => {
    expect(read(method, { taskId: 't' }, era)).toMatchObject({ request: { method: 'other', asked: method } });
  });

  test('tasks/update is known', () => {
    const params = { taskId: 't', inputResponses: {} };
    expect(read('tasks/update', params, 'stateless')).toMatchObject({ request: { method: 'tasks/update', params } });
  });

  test.each([
    ['tools/call', { name: 'a' }],
    ['prompts/get', { name: 'a' }],
    ['resources/read', { uri: 'a:b' }],
  ])('%s takes inputResponses and requestState where it is stateless, and no task', (method, params) => {
    const sent = { ...params, inputResponses: { a: { action: 'accept' } }, requestState: 's', task: {} };
    expect(read(method, sent, 'stateless')).toMatchObject({
      request: { answers: { responses: { a: { action: 'accept' } }, state: 's' } },
      dropped: ['/params/task'],
    });
    expect(read(method, { ...params, requestState: 's' }, 'stateless')).toMatchObject({
      request: { answers: { responses: {}, state: 's' } },
    });
    const inSession = read(method, { ...sent, task: undefined as never });
    expect(inSession).toMatchObject({ dropped: ['/params/inputResponses', '/params/requestState'] });
    expect(inSession).not.toHaveProperty('request.answers.state');
    for (const wrong of [{ inputResponses: [] }, { requestState: 1 }])
      expect(read(method, { ...params, ...wrong }, 'stateless').kind).toBe('invalid');
  });
});

test('_meta passes, traceparent too, less the token, the baggage, the envelope and our own keys', () => {
  const meta = {
    progressToken: 't',
    baggage: 'user=ada',
    traceparent: '00-1',
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': {},
    'io.modelcontextprotocol/logLevel': 'info',
    'io.modelcontextprotocol/related-task': { taskId: 't' },
    'mcp-gateway/decision': 1,
  };
  expect(read('tools/call', { name: 'a', _meta: meta }, 'stateless')).toMatchObject({
    progressToken: 't',
    request: { meta: { traceparent: '00-1', 'io.modelcontextprotocol/related-task': { taskId: 't' } } },
  });
  const kept = read('tools/list', { _meta: meta }, 'stateless');
  expect(kept.kind === 'ok' && Object.keys(kept.request.meta)).toHaveLength(2);
});

test('members that only the configuration knows go on beside the others', () => {
  expect(read('tools/call', { name: 'a', priority: 3 })).toMatchObject({ request: { extra: { priority: 3 } } });
  expect(read('completion/complete', { ref: {}, argument: {}, x: 1 })).toMatchObject({ request: { extra: { x: 1 } } });
});
