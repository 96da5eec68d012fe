import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { InitOptions } from './init.ts';

export function addInitCommand(program: Command, context: CommandContext): void {
  program
    .command('init')
    .description('find the clients on this machine, take over their servers, and write a configuration')
    .option('-c, --config <file>', 'the file to write or to add to; without it the one in MCP_GATEWAY_HOME')
    .option('--from <client...>', 'take over the servers of these clients alone')
    .option('--no-start', 'start no server, and accept nothing')
    .option('--connect', 'afterwards connect the clients to the gateway')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--print', 'print the configuration, and do nothing')
    .option('-y, --yes', 'do it without being asked, and accept what the servers offer')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: InitOptions) => (await import('./init.ts')).init(context, options));
}

const HELP = `
Examples:
  mcp-gateway init
  mcp-gateway init --dry-run
  mcp-gateway init --yes --from cursor

No file of a client is changed, unless by --connect. What a project brings with it is not taken over.
Where there is a configuration, what is missing is added to it.
Exit code ${EXIT.failed} when a server could not be started or a client not connected: all else was done, and --json has ok: false and
names each under failed. One that waits for a secret has not failed. Exit code ${EXIT.usage} when nobody is at a terminal to be asked and --yes is not given.`;
