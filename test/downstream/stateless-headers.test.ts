import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { anEnvelope } from './fake-gateway.ts';
import { anHttpDoor, answerTo, ask, post, type StatelessCall, tool } from './http-client.ts';

describe('the envelope', () => {
  const without = (key: string): JsonObject => {
    const { [`io.modelcontextprotocol/${key}`]: _, ...kept } = anEnvelope();
    return kept;
  };
  const wrong = (key: string, value: JsonObject[string]): JsonObject =>
    anEnvelope({}, { [`io.modelcontextprotocol/${key}`]: value });

  test.each<[string, JsonObject | undefined]>([
    ['nothing', undefined],
    ['no version', without('protocolVersion')],
    ['no capabilities', without('clientCapabilities')],
    ['a version that is no text', wrong('protocolVersion', 7)],
    ['capabilities in a list', wrong('clientCapabilities', [])],
    ['a client that is a text', wrong('clientInfo', 'me')],
    ['a log level that nobody knows', wrong('logLevel', 'loud')],
  ])('with %s is refused with 400 and reaches nobody', async (_name, meta) => {
    const { url, gateway } = await anHttpDoor();
    const params = meta === undefined ? {} : { _meta: meta };
    const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/list' };
    const response = await post(url, { jsonrpc: '2.0', id: 101, method: 'tools/list', params }, headers);
    expect([response.status, await response.json()]).toMatchObject([400, { id: 101, error: { code: -32602 } }]);
    expect(gateway.requests).toEqual([]);
  });

  test('needs no clientInfo', async () => {
    const { url } = await anHttpDoor();
    const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/list' };
    const params = { _meta: without('clientInfo') };
    expect((await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list', params }, headers)).status).toBe(200);
  });

  test('of another version is refused with those that are spoken', async () => {
    const { url } = await anHttpDoor();
    for (const requested of ['v999.0.0', '2025-11-25']) {
      const meta = { 'io.modelcontextprotocol/protocolVersion': requested };
      const answer = await answerTo(url, {
        method: 'tools/list',
        meta,
        headers: { 'MCP-Protocol-Version': requested },
      });
      expect(answer).toMatchObject([400, { error: { code: -32022, data: { requested, supported: ['2026-07-28'] } } }]);
    }
  });
});

describe('headers', () => {
  const list = { method: 'tools/list' };

  test.each<[string, StatelessCall]>([
    ['another version', { ...list, headers: { 'MCP-Protocol-Version': '2025-11-25' } }],
    ['no version', { ...list, headers: { 'MCP-Protocol-Version': '' } }],
    ['another method', { ...list, headers: { 'Mcp-Method': 'prompts/list' } }],
    ['a method in other letters', { ...list, headers: { 'Mcp-Method': 'TOOLS/LIST' } }],
    ['no method', { ...list, headers: { 'Mcp-Method': '' } }],
    ['another name', { ...tool('echo'), headers: { 'Mcp-Name': 'wait' } }],
    ['no name', { ...tool('echo'), headers: { 'Mcp-Name': '' } }],
    ['a name in bad base64', { ...tool('echo'), headers: { 'Mcp-Name': '=?base64?ZWNobw?=' } }],
    ['no uri', { method: 'resources/read', params: { uri: 'a:b' }, headers: { 'Mcp-Name': '' } }],
    ['another task', { method: 'tasks/get', params: { taskId: 'a' }, headers: { 'Mcp-Name': 'b' } }],
    ['no parameter', tool('headed', { region: 'eu' })],
    ['another parameter', { ...tool('headed', { region: 'eu' }), headers: { 'Mcp-Param-Region': 'us' } }],
    [
      'a parameter in bad base64',
      { ...tool('headed', { region: 'eu' }), headers: { 'Mcp-Param-Region': '=?base64?!!?=' } },
    ],
    ['another number', { ...tool('headed', { deep: { count: 4 } }), headers: { 'Mcp-Param-Count': '5' } }],
    ['a number in words', { ...tool('headed', { deep: { count: 4 } }), headers: { 'Mcp-Param-Count': '0x4' } }],
  ])('that say %s than the body are refused with 400 and reach nobody', async (_name, call) => {
    const { url, gateway } = await anHttpDoor();
    expect(await answerTo(url, call)).toMatchObject([400, { id: 1, error: { code: -32020 } }]);
    expect([gateway.calls, gateway.requests]).toEqual([[], []]);
  });

  test.each<[string, StatelessCall]>([
    ['with space around', { ...tool('echo'), headers: { 'Mcp-Name': '  echo  ' } }],
    ['in base64', { ...tool('echo'), headers: { 'Mcp-Name': '=?base64?ZWNobw==?=' } }],
    ['under names in other letters', { ...list, headers: { 'Mcp-Method': '', 'MCP-METHOD': 'tools/list' } }],
    ['with a parameter that is not among the arguments', { ...tool('headed'), headers: { 'Mcp-Param-Region': 'us' } }],
    [
      'with a number written otherwise',
      { ...tool('headed', { deep: { count: 4 } }), headers: { 'Mcp-Param-Count': '4.0' } },
    ],
    [
      'with half a mark of base64',
      { ...tool('headed', { region: '=?base64?eA==' }), headers: { 'Mcp-Param-Region': '=?base64?eA==' } },
    ],
  ])('are good %s', async (_name, call) => {
    const { url } = await anHttpDoor();
    expect((await ask(url, call)).status).toBe(200);
  });
});
