import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import type { ServeOptions } from './serve.ts';

export function addServeCommand(program: Command, context: CommandContext): void {
  program
    .command('serve')
    .description('run the gateway')
    .option('--stdio', 'serve the client that started it, over standard input and output')
    .option('--http [address]', 'serve over HTTP; [HOST:]PORT, by default 127.0.0.1:3700')
    .option('--sse', 'also serve the older HTTP+SSE transport, on the same listener')
    .option('--agent <id>', 'which agent asks, whatever the client calls itself')
    .option('--shadow', 'ask policies and record what they say, and let through what they deny; loud and on record')
    .option('-c, --config <file>', 'the configuration file')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText('after', '\nExample:\n  mcp-gateway serve --http 3700 --config mcp-gateway.yaml')
    .action(async (options: ServeOptions) => (await import('./serve.ts')).serve(context, options));
}
