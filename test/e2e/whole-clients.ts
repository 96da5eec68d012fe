import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import type { CallOptions, Result } from './clients.ts';
import { type AtEnd, PROGRAM, type Place } from './program.ts';

/** An official client with everything that MCP lets a client do, whichever line and era it is of. */
export interface WholeClient {
  readonly listTools: () => Promise<readonly string[]>;
  readonly call: (name: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions) => Promise<Result>;
  readonly listPrompts: () => Promise<readonly string[]>;
  readonly getPrompt: (name: string, args?: Record<string, string>) => Promise<string>;
  readonly listResources: () => Promise<readonly string[]>;
  readonly listTemplates: () => Promise<readonly string[]>;
  readonly read: (uri: string) => Promise<string>;
  readonly complete: (
    prompt: string,
    argument: { readonly name: string; readonly value: string },
  ) => Promise<readonly string[]>;
  /** What servers asked so far, oldest first. */
  readonly asked: readonly string[];
}

/** How the user, the model and the editor behind every client answer. */
export const FORM_ANSWER = {
  username: 'ada',
  email: 'ada@example.com',
  name: 'ada',
  colour: 'blue',
  check: true,
  answer: 'approve',
};
export const MODEL_ANSWER = 'Paris';
export const ROOT = 'file:///srv/project';

const WHO = { name: 'whole-client', version: '1.0.0' };
const CAPABILITIES = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };

type Era = 'session' | 'stateless';

export interface Whereto {
  readonly place: Place;
  /** Of the gateway that serves over HTTP. */
  readonly url: string;
  /** Closes the client. */
  readonly atEnd?: AtEnd;
}

export type Road = (whereto: Whereto) => Promise<WholeClient>;

export const ROADS: readonly { readonly name: string; readonly era: Era; readonly connect: Road }[] = [
  {
    name: 'SDK 1.x over stdio',
    era: 'session',
    connect: ({ place, atEnd }) => wholeV1(new StdioV1(programFor(place)), atEnd),
  },
  {
    name: 'SDK 1.x over Streamable HTTP',
    era: 'session',
    connect: ({ url, atEnd }) => wholeV1(new HttpV1(new URL(url)), atEnd),
  },
  {
    name: 'SDK 1.x over HTTP+SSE',
    era: 'session',
    connect: ({ url, atEnd }) => wholeV1(new SSEClientTransport(new URL('/sse', url)), atEnd),
  },
  {
    name: 'SDK 2.x in a session over stdio',
    era: 'session',
    connect: ({ place, atEnd }) => wholeV2(new StdioV2(programFor(place)), 'legacy', atEnd),
  },
  {
    name: 'SDK 2.x in a session over Streamable HTTP',
    era: 'session',
    connect: ({ url, atEnd }) => wholeV2(new HttpV2(new URL(url)), 'legacy', atEnd),
  },
  {
    name: 'SDK 2.x of 2026-07-28 over stdio',
    era: 'stateless',
    connect: ({ place, atEnd }) => wholeV2(new StdioV2(programFor(place)), { pin: '2026-07-28' }, atEnd),
  },
  {
    name: 'SDK 2.x that finds the era out over stdio',
    era: 'stateless',
    connect: ({ place, atEnd }) => wholeV2(new StdioV2(programFor(place)), 'auto', atEnd),
  },
  {
    name: 'SDK 2.x of 2026-07-28 over Streamable HTTP',
    era: 'stateless',
    connect: ({ url, atEnd }) => wholeV2(new HttpV2(new URL(url)), { pin: '2026-07-28' }, atEnd),
  },
];

function programFor(place: Place): { command: string; args: string[]; env: Record<string, string>; stderr: 'ignore' } {
  const args = [PROGRAM, 'serve', '--stdio', '--config', place.config];
  return { command: process.execPath, args, env: { ...place.env }, stderr: 'ignore' };
}

async function wholeV1(
  transport: Parameters<ClientV1['connect']>[0],
  atEnd: AtEnd = onTestFinished,
): Promise<WholeClient> {
  const client = new ClientV1(WHO, { capabilities: CAPABILITIES });
  const asked: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ method, params }) => {
    asked.push(method);
    return { action: 'accept', content: wantedOf(params) };
  });
  client.setRequestHandler(CreateMessageRequestSchema, ({ method }) => {
    asked.push(method);
    return { role: 'assistant', model: 'test', content: { type: 'text', text: MODEL_ANSWER } };
  });
  client.setRequestHandler(ListRootsRequestSchema, ({ method }) => {
    asked.push(method);
    return { roots: [{ uri: ROOT, name: 'project' }] };
  });
  await client.connect(transport);
  atEnd(() => client.close());
  return {
    ...commonOf(client, asked),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, undefined, options)) as unknown as Result,
  };
}

type Negotiation = 'legacy' | 'auto' | { readonly pin: string };

async function wholeV2(
  transport: Parameters<ClientV2['connect']>[0],
  mode: Negotiation,
  atEnd: AtEnd = onTestFinished,
): Promise<WholeClient> {
  const client = new ClientV2(WHO, { capabilities: CAPABILITIES, versionNegotiation: { mode } });
  const asked: string[] = [];
  client.setRequestHandler('elicitation/create', ({ method, params }) => {
    asked.push(method);
    return { action: 'accept', content: wantedOf(params) };
  });
  client.setRequestHandler('sampling/createMessage', ({ method }) => {
    asked.push(method);
    return { role: 'assistant', model: 'test', content: { type: 'text', text: MODEL_ANSWER } };
  });
  client.setRequestHandler('roots/list', ({ method }) => {
    asked.push(method);
    return { roots: [{ uri: ROOT, name: 'project' }] };
  });
  await client.connect(transport);
  atEnd(() => client.close());
  return {
    ...commonOf(client, asked),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args }, options)) as unknown as Result,
  };
}

/** What both lines of the SDK call the same. */
interface AnyLine {
  listTools(): Promise<{ tools: readonly { name: string }[] }>;
  listPrompts(): Promise<{ prompts: readonly { name: string }[] }>;
  getPrompt(params: { name: string; arguments?: Record<string, string> }): Promise<{ messages: readonly unknown[] }>;
  listResources(): Promise<{ resources: readonly { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: readonly { uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: readonly unknown[] }>;
  complete(params: {
    ref: { type: 'ref/prompt'; name: string };
    argument: { name: string; value: string };
  }): Promise<{ completion: { values: readonly string[] } }>;
}

function commonOf(client: AnyLine, asked: readonly string[]): Omit<WholeClient, 'call'> {
  return {
    asked,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    listPrompts: async () => (await client.listPrompts()).prompts.map(({ name }) => name),
    getPrompt: async (name, args = {}) => JSON.stringify(await client.getPrompt({ name, arguments: args })),
    listResources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    listTemplates: async () => (await client.listResourceTemplates()).resourceTemplates.map((one) => one.uriTemplate),
    read: async (uri) => JSON.stringify(await client.readResource({ uri })),
    complete: async (prompt, argument) =>
      (await client.complete({ ref: { type: 'ref/prompt', name: prompt }, argument: { ...argument } })).completion
        .values,
  };
}

/** Of the answers those that the form has fields for. */
function wantedOf(params: object): Record<string, string | boolean> {
  const { requestedSchema } = params as { readonly requestedSchema?: { readonly properties?: object } };
  const fields = Object.keys(requestedSchema?.properties ?? {});
  return Object.fromEntries(Object.entries(FORM_ANSWER).filter(([field]) => fields.includes(field)));
}
