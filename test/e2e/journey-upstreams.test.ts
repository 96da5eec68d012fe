import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AnyClient, stdioV1 } from './clients.ts';
import { aPlace, outcomeOf, runProgram } from './program.ts';

/** A server with one tool. What it is called says how it behaves; where a file is there, its tool is another one. */
const SERVER = `
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
const [kind, mark] = process.argv.slice(2);
if (kind === 'noisy') console.log('Listening on stdio, have fun!');
const properties = existsSync(mark) ? { to: { type: 'string' } } : {};
const tool = { name: 'read', annotations: { readOnlyHint: true }, inputSchema: { type: 'object', properties } };
const results = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: kind, version: '1' } }),
  'tools/list': () => ({ tools: [tool] }),
  'tools/call': () => ({ content: [{ type: 'text', text: kind + ' has read' }] }),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || (kind === 'slow' && method === 'tools/call')) continue;
  if (kind === 'noisy') console.log('DEBUG ' + method);
  const result = results[method]?.(params);
  const answer = result === undefined ? { error: { code: -32601, message: 'no' } } : { result };
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
}
`;

async function said(client: AnyClient, server: string): Promise<readonly [isError: boolean, text: string]> {
  const { isError = false, content } = await client.call(`${server}__read`);
  return [isError, content[0]?.text ?? ''];
}

test('J-6 servers that are down, slow, noisy or other than was accepted harm no other one, and each says what to do', async () => {
  const place = aPlace((folder) => {
    writeFileSync(join(folder, 'server.mjs'), SERVER);
    const server = (kind: string): string =>
      `${kind}: { command: node, args: [${join(folder, 'server.mjs')}, ${kind}, ${join(folder, `${kind}-changed`)}]`;
    return `version: 1
gateway: { toolNames: prefixed }
mcpServers:
  down: { command: node, args: [${join(folder, 'nowhere.mjs')}] }
  ${server('noisy')} }
  ${server('slow')}, timeout: 1s }
  ${server('moody')} }
`;
  });
  const down = await runProgram(place, ['server', 'approve', 'down', '--all']);
  expect([down.code, down.stderr]).toEqual([5, expect.stringContaining('mcp-gateway server logs down')]);
  for (const id of ['noisy', 'slow', 'moody']) await runProgram(place, ['server', 'approve', id, '--all']);

  const client = await stdioV1(place);
  expect([...(await client.listTools())].toSorted()).toEqual(['moody__read', 'noisy__read', 'slow__read']);
  expect(await said(client, 'noisy')).toEqual([false, 'noisy has read']);
  expect(await said(client, 'moody')).toEqual([false, 'moody has read']);
  const [isError, slow] = await said(client, 'slow');
  expect([isError, slow]).toEqual([
    true,
    expect.stringMatching(/no sign of life for 1 s after tools\/call\. The call may have run/),
  ]);
  expect(await outcomeOf(place, 'read')).toMatchObject({ server: 'slow', outcome: { status: 'timeout' } });
  const logs = await runProgram(place, ['server', 'logs', 'noisy']);
  expect(logs.stdout).toContain('(stdout) Listening on stdio, have fun!');

  writeFileSync(join(place.folder, 'moody-changed'), '');
  const again = await stdioV1(place);
  expect(await said(again, 'noisy')).toEqual([false, 'noisy has read']);
  expect(await said(again, 'moody')).toEqual([true, expect.stringContaining('gateway.tool_quarantined')]);
  const inspected = await runProgram(place, ['server', 'inspect', 'moody']);
  expect(inspected.stdout).toContain('/inputSchema/properties/to');
  await runProgram(place, ['server', 'approve', 'moody', '--all']);
  expect(await said(await stdioV1(place), 'moody')).toEqual([false, 'moody has read']);
});
