import type { Client } from '@modelcontextprotocol/client';
import { expect } from 'vitest';
import type { FakeGateway } from './fake-gateway.ts';

/** Over whatever road: progress is seen before the result, and an aborted call is cancelled at the gateway. */
export async function expectProgressAndCancellation(client: Client, gateway: FakeGateway): Promise<void> {
  const seen: number[] = [];
  await client.callTool({ name: 'progress' }, { onprogress: ({ progress }) => seen.push(progress) });
  expect(seen).toEqual([1, 2, 3]);
  const controller = new AbortController();
  const call = client.callTool({ name: 'wait' }, { signal: controller.signal });
  await expect.poll(() => gateway.calls.length).toBe(2);
  controller.abort();
  await expect(call).rejects.toThrow(/abort/i);
  await expect.poll(() => gateway.calls[1]?.exchange.signal.aborted).toBe(true);
}
