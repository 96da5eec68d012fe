import { PassThrough, type Writable } from 'node:stream';

import { onTestFinished } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { serveStdio } from '../../src/downstream/stdio.ts';
import { aFakeGateway, anIdentity, LIMITS, QUIET, SERVER_INFO } from './fake-gateway.ts';

export const CLIENT_INFO = { name: 'test-client', version: '1' };

/** A door on a pair of streams, closed when the test ends. */
export function aStdioDoor(output: Writable = new PassThrough()) {
  const gateway = aFakeGateway();
  const input = new PassThrough();
  const door = serveStdio({
    gateway,
    identity: anIdentity(),
    serverInfo: SERVER_INFO,
    limits: LIMITS,
    logger: QUIET,
    input,
    output,
  });
  onTestFinished(() => door.close());
  return { gateway, input, door };
}

/** A door with a client that speaks lines. */
export function aRawDoor() {
  const output = new PassThrough();
  const opened = aStdioDoor(output);
  let text = '';
  const waiting = new Set<() => void>();
  output.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (const go of waiting) go();
  });
  const lines = (): readonly string[] => text.split('\n').slice(0, -1);
  const nextLines = async (count: number): Promise<readonly JsonObject[]> => {
    while (lines().length < count) await new Promise<void>((resolve) => waiting.add(resolve));
    return lines().map((line) => JSON.parse(line) as JsonObject);
  };
  const write = (message: JsonObject | string): void => {
    opened.input.write(typeof message === 'string' ? message : `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  const open = async (): Promise<void> => {
    write({
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT_INFO },
    });
    await nextLines(1);
    write({ method: 'notifications/initialized' });
  };
  return { ...opened, lines, nextLines, write, open };
}
