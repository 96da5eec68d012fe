import { type McpServer, MissingRequiredClientCapabilityError, type ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { capabilitiesOf } from './client.ts';
import type { Tasks } from './tasks.ts';

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

const OfTask = z.looseObject({ taskId: z.string() });

/** What a client does with a task: ask how it goes, answer its questions, cancel it. */
export function registerTaskMethods(server: McpServer, tasks: Tasks): void {
  server.server.setRequestHandler('tasks/get', { params: OfTask }, ({ taskId }, ctx) => {
    requireTasks(ctx, server);
    return tasks.get(taskId);
  });
  server.server.setRequestHandler('tasks/update', { params: OfTask }, ({ taskId }, ctx) => {
    requireTasks(ctx, server);
    tasks.answer(taskId, ctx.mcpReq.inputResponses ?? {});
    return {};
  });
  server.server.setRequestHandler('tasks/cancel', { params: OfTask }, ({ taskId }, ctx) => {
    requireTasks(ctx, server);
    tasks.cancel(taskId);
    return {};
  });
}

export function knowsTasks(ctx: ServerContext, server: McpServer): boolean {
  return capabilitiesOf(ctx, server).extensions?.[TASKS_EXTENSION] !== undefined;
}

export function requireTasks(ctx: ServerContext, server: McpServer): void {
  if (knowsTasks(ctx, server)) return;
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}
