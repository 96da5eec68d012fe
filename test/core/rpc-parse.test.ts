import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { findIdAtEdges, parseClientMessage, parseRpcMessage } from '../../src/core/rpc-parse.ts';

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { a: 1 } } };

describe('a message of a client is refused', () => {
  test.each<[string, JsonObject, number | string | null]>([
    ['without jsonrpc', { id: 1, method: 'ping' }, 1],
    ['with another jsonrpc', { ...call, jsonrpc: '1.0' }, 1],
    ['with the id null', { ...call, id: null }, null],
    ['with a fraction as id', { ...call, id: 1.5 }, null],
    ['with an object as id', { ...call, id: {} }, null],
    ['with a method that is no text', { ...call, method: 7 }, 1],
    ['with params in a list', { ...call, params: ['echo'] }, 1],
    ['with params null', { ...call, params: null }, 1],
    ['with a method and a result', { ...call, result: {} }, 1],
    ['with neither method nor answer', { jsonrpc: '2.0', id: 1 }, 1],
    ['with result and error', { jsonrpc: '2.0', id: 1, result: {}, error: { code: 1, message: '' } }, 1],
    ['that answers without an id', { jsonrpc: '2.0', result: {} }, null],
    ['with a result that is no object', { jsonrpc: '2.0', id: 'a', result: 7 }, 'a'],
    ['G-04 that calls without an id', { jsonrpc: '2.0', method: 'tools/call', params: call.params }, null],
    ['G-04 that initializes without an id', { jsonrpc: '2.0', method: 'initialize' }, null],
    ['G-07 that names __proto__', { ...call, params: { name: '__proto__' } }, 1],
    ['G-07 that names constructor', { ...call, method: 'prompts/get', params: { name: 'constructor' } }, 1],
  ])('%s', (_name, value, id) => {
    expect(parseClientMessage(value)).toMatchObject({ kind: 'refused', id });
  });
});

describe('a message of a client is', () => {
  test('a request with its id as it was sent', () => {
    expect(parseClientMessage({ ...call, id: '1' })).toEqual({
      kind: 'ok',
      message: { kind: 'request', id: '1', method: 'tools/call', params: call.params },
      dropped: [],
    });
  });

  test('a notification of its own or of a vendor', () => {
    for (const method of ['notifications/initialized', 'vendor/hello']) {
      expect(parseClientMessage({ jsonrpc: '2.0', method })).toMatchObject({
        message: { kind: 'notification', method, params: {} },
      });
    }
  });

  test('an answer', () => {
    expect(parseClientMessage({ jsonrpc: '2.0', id: 3, error: { code: -1, message: 'no', data: [1] } })).toMatchObject({
      message: { kind: 'failure', id: 3, error: { code: -1, message: 'no', data: [1] } },
    });
  });
});

describe('what the protocol does not know', () => {
  const strange = {
    ...call,
    'x-top': 1,
    params: { ...call.params, _meta: { 'any/thing': 1 }, bcc: 'me', 'a/b~c': 2, task: {} },
  };

  test('is dropped from a client’s message and named', () => {
    expect(parseClientMessage(strange)).toEqual({
      kind: 'ok',
      message: {
        kind: 'request',
        id: 1,
        method: 'tools/call',
        params: { ...call.params, _meta: { 'any/thing': 1 }, task: {} },
      },
      dropped: ['/x-top', '/params/bcc', '/params/a~1b~0c'],
    });
  });

  test('is all of the params of an unknown method', () => {
    const value = { jsonrpc: '2.0', id: 1, method: 'vendor/do', params: { a: 1, _meta: {} } };
    expect(parseClientMessage(value)).toMatchObject({ message: { params: { _meta: {} } }, dropped: ['/params/a'] });
  });

  test('passes where the configuration says so', () => {
    const passes = (method: string, member: string): boolean => method === 'tools/call' && member === 'bcc';
    expect(parseClientMessage(strange, passes)).toMatchObject({
      message: { params: { bcc: 'me', task: {} } },
      dropped: ['/x-top', '/params/a~1b~0c'],
    });
  });

  test('stays in what an upstream sends', () => {
    expect(parseRpcMessage(strange)).toMatchObject({ message: { params: strange.params } });
  });
});

test('an error of a peer that is not well formed is an error all the same', () => {
  expect(parseRpcMessage({ jsonrpc: '2.0', id: 1, error: { code: 'x' } })).toEqual({
    kind: 'ok',
    message: { kind: 'failure', id: 1, error: { code: -32603, message: '' } },
  });
});

test.each([
  ['{"jsonrpc":"2.0","id":5,"method":"x…', '', 5],
  ['{"id":"a-1","jsonrpc":"2.0",', '', 'a-1'],
  ['{"method":"tools/call","params":{', '…"}},"jsonrpc":"2.0","id":7}', 7],
  ['{"method":"tools/call"', '…}},"id":"x","jsonrpc":"2.0"}', 'x'],
  ['{"method":"tools/call","params":{"id":3,', '…,"id":4}}}', null],
  ['[{"jsonrpc":"2.0","id":1,', ',"id":2}]', null],
  ['{"jsonrpc":"2.0","id":1.5,', '', null],
  ['', '', null],
])('the id of a message that begins with %s and ends with %s is %j', (head, tail, id) => {
  expect(findIdAtEdges(Buffer.from(head), Buffer.from(tail))).toBe(id);
});
