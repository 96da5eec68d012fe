import { setTimeout as pause } from 'node:timers/promises';
import {
  acceptedContent,
  type CallToolResult,
  inputRequired,
  type InputRequests,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { text } from './content.ts';
import { confirmation, form, textFields } from './questions.ts';
import { knowsTasks, requireTasks } from './task-methods.ts';
import type { Tasks, Work } from './tasks.ts';

const Name = z.object({ name: z.string() });

/** Tools that answer with a task where the client knows tasks, and `greet`, which never does. */
export function registerTaskTools(server: McpServer, tasks: Tasks): void {
  const begin = (ctx: ServerContext, work: Work): CallToolResult => {
    requireTasks(ctx, server);
    // The SDK has no type for this result, and wants content in every result of a tool.
    return { content: [], ...tasks.begin(work), resultType: 'task' };
  };
  server.registerTool('greet', { description: 'Answers at once', inputSchema: Name }, ({ name }) =>
    text(`Hello, ${name}!`),
  );
  server.registerTool(
    'slow_compute',
    {
      description: 'Takes as long as it is told',
      inputSchema: z.object({ seconds: z.number().max(60), label: z.string().optional() }),
    },
    async ({ seconds, label }, ctx) => {
      const compute = async (): Promise<CallToolResult> => {
        await pause(seconds * 1000, undefined, { ref: false });
        return text(`${label ?? 'It'} is computed.`);
      };
      return knowsTasks(ctx, server) ? begin(ctx, compute) : compute();
    },
  );
  server.registerTool('failing_job', { description: 'Fails as a tool does' }, (ctx) =>
    begin(ctx, () => Promise.resolve({ ...text('The job has failed.'), isError: true })),
  );
  server.registerTool('protocol_error_job', { description: 'Fails as a protocol does' }, (ctx) =>
    begin(ctx, () => Promise.reject(new ProtocolError(ProtocolErrorCode.InternalError, 'The job broke off.'))),
  );
  server.registerTool(
    'confirm_delete',
    { description: 'Asks one thing while its task runs', inputSchema: z.object({ filename: z.string() }) },
    ({ filename }, ctx) => begin(ctx, asking({ confirm: form(`Delete ${filename}?`, confirmation) })),
  );
  server.registerTool('multi_input', { description: 'Asks two things while its task runs' }, (ctx) =>
    begin(ctx, asking({ first: form('The first?', confirmation), second: form('The second?', confirmation) })),
  );
  server.registerTool('test_tool_with_task', { description: 'Asks first, then begins a task' }, (ctx) => {
    const given = acceptedContent(ctx.mcpReq.inputResponses, 'user_name', Name);
    if (!given) return inputRequired({ inputRequests: { user_name: form('Who are you?', textFields('name')) } });
    return begin(ctx, () => Promise.resolve(text(`Done for ${given.name}.`)));
  });
}

/** Work that is done when everything was answered. */
function asking(questions: InputRequests): Work {
  return async (ask) => text(JSON.stringify(await ask(questions)));
}
