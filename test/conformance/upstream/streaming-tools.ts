import { setTimeout as pause } from 'node:timers/promises';
import type { McpServer, ServerContext } from '@modelcontextprotocol/server';
import { text } from './content.ts';

/** Far enough apart that a client sees each message on its own. */
const PAUSE_MS = 50;

/** Tools that say something before they answer. */
export function registerStreamingTools(server: McpServer): void {
  server.registerTool('test_tool_with_logging', { description: 'Writes three log messages' }, async (ctx) => {
    await logEach(ctx, ['The work has begun', 'The work goes on', 'The work is done']);
    return text('Three messages were logged.');
  });
  server.registerTool('test_logging_tool', { description: 'Logs where the client asked for it' }, async (ctx) => {
    await logEach(ctx, ['Heard only by those who named a log level']);
    return text('Done.');
  });
  server.registerTool('test_tool_with_progress', { description: 'Reports progress three times' }, async (ctx) => {
    for (const progress of [0, 50, 100]) {
      await report(ctx, progress);
      await pause(PAUSE_MS);
    }
    return text('All hundred parts are done.');
  });
  server.registerTool('test_reconnection', { description: 'Closes its stream before it answers' }, async (ctx) => {
    ctx.http?.closeSSE?.();
    await pause(PAUSE_MS);
    return text('Answered on the stream that came back.');
  });
}

async function logEach(ctx: ServerContext, messages: readonly string[]): Promise<void> {
  for (const message of messages) {
    await ctx.mcpReq.log('info', message, 'conformance');
    await pause(PAUSE_MS);
  }
}

async function report(ctx: ServerContext, progress: number): Promise<void> {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
}
