import { McpServer, type McpServerOptions } from '@modelcontextprotocol/server';
import { registerAskingTools } from './asking-tools.ts';
import { registerContentTools } from './content-tools.ts';
import { registerPrompts } from './prompts.ts';
import { registerResources } from './resources.ts';
import { registerSchemaTools } from './schema-tools.ts';
import { registerStatefulTools, stateCodec } from './stateful-tools.ts';
import { registerStreamingTools } from './streaming-tools.ts';
import { Surface } from './surface.ts';
import { registerTaskMethods, TASKS_EXTENSION } from './task-methods.ts';
import { registerTaskTools } from './task-tools.ts';
import { Tasks } from './tasks.ts';

const HINT = { ttlMs: 60_000, cacheScope: 'public' } as const;

const OPTIONS: McpServerOptions = {
  capabilities: {
    logging: {},
    completions: {},
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    extensions: { [TASKS_EXTENSION]: {} },
  },
  instructions: 'Offers what the conformance suite asks for.',
  cacheHints: {
    'tools/list': HINT,
    'prompts/list': HINT,
    'resources/list': HINT,
    'resources/templates/list': HINT,
    'resources/read': HINT,
  },
  requestState: { verify: (state, ctx) => stateCodec.verify(state, ctx) },
};

/** What all connections see. */
export class Shared {
  readonly surface = new Surface();
  readonly tasks = new Tasks();
}

/** A server for one request of 2026-07-28: what the scenarios of the suite call, by the names that the suite fixes. */
export function createUpstream(shared: Shared): McpServer {
  return build(shared).server;
}

/** A server for a connection, which hears of what comes and goes. */
export function createLastingUpstream(shared: Shared): McpServer {
  const { server, update } = build(shared);
  shared.surface.bus.subscribe(update);
  return server;
}

function build(shared: Shared): { readonly server: McpServer; readonly update: () => void } {
  const server = new McpServer({ name: 'conformance-upstream', version: '1.0.0' }, OPTIONS);
  registerContentTools(server);
  registerStreamingTools(server);
  registerSchemaTools(server);
  registerAskingTools(server);
  registerStatefulTools(server);
  registerTaskTools(server, shared.tasks);
  registerTaskMethods(server, shared.tasks);
  registerResources(server);
  registerPrompts(server);
  return { server, update: shared.surface.register(server) };
}
