import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { onTestFinished } from 'vitest';
import { type AtEnd, PROGRAM, type Place } from './program.ts';

/** A tool result as any client gives it. */
export interface Result {
  readonly content: readonly { readonly type: string; readonly text?: string; readonly data?: string }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { readonly progress: number }) => void;
}

/** An official client, whichever line it is of. */
export interface AnyClient {
  listTools(): Promise<readonly string[]>;
  call(name: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Result>;
}

const WHO = { name: 'test-client', version: '1.0.0' };

export async function stdioV1(place: Place): Promise<AnyClient> {
  return connectV1(new StdioV1({ ...serveStdio(place), stderr: 'ignore' }));
}

export async function stdioV2(place: Place): Promise<AnyClient> {
  return connectV2(new StdioV2({ ...serveStdio(place), stderr: 'ignore' }));
}

export async function httpV1(url: string): Promise<AnyClient> {
  return connectV1(new HttpV1(new URL(url)));
}

export async function httpV2(url: string, atEnd: AtEnd = onTestFinished): Promise<AnyClient> {
  return connectV2(new HttpV2(new URL(url)), atEnd);
}

export async function sseV1(url: string): Promise<AnyClient> {
  return connectV1(new SSEClientTransport(new URL('/sse', url)));
}

function serveStdio(place: Place): { command: string; args: string[]; env: Record<string, string> } {
  return {
    command: process.execPath,
    args: [PROGRAM, 'serve', '--stdio', '--config', place.config],
    env: { ...place.env },
  };
}

async function connectV1(transport: Parameters<ClientV1['connect']>[0]): Promise<AnyClient> {
  const client = new ClientV1(WHO);
  await client.connect(transport);
  onTestFinished(() => client.close());
  return {
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, undefined, options)) as unknown as Result,
  };
}

async function connectV2(
  transport: Parameters<ClientV2['connect']>[0],
  atEnd: AtEnd = onTestFinished,
): Promise<AnyClient> {
  const client = new ClientV2(WHO);
  await client.connect(transport);
  atEnd(() => client.close());
  return {
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, options)) as unknown as Result,
  };
}
