import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import type { PauseOptions } from './pause.ts';
import { parseSpan } from './values.ts';

export function addPauseCommand(program: Command, context: CommandContext): void {
  program
    .command('pause')
    .description('let everything through but integrity and scope, for a time; recorded, and ends by itself')
    .option('--for <span>', 'how long, such as 10m; 24h at most', parseSpan)
    .option('--reason <text>', 'why, for the record')
    .option('--end', 'enforce again at once')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: PauseOptions) => (await import('./pause.ts')).pause(context, options));
}

const HELP = `
Running gateways take it up within two seconds. Without --for and --end it says whether there is a pause.
An organisation forbids it with \`policies.pause: false\`.

Examples:
  mcp-gateway pause --for 10m --reason "looking for what blocks the release"
  mcp-gateway pause --end`;
