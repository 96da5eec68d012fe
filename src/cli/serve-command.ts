import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { LOG_FORMATS, LOG_LEVELS } from './log-options.ts';
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
    .addOption(new Option('--log-level <level>', 'what is told on stderr').choices(LOG_LEVELS).default('info'))
    .addOption(new Option('--log-format <format>', 'how it is written').choices(LOG_FORMATS).default('json'))
    .addHelpText('after', '\nExample:\n  mcp-gateway serve --http 3700 --config mcp-gateway.yaml')
    .action(async (options: ServeOptions) => (await import('./serve.ts')).serve(context, options));
}
