import type { Command } from 'commander';
import type * as Client from './client.ts';
import type { ListOptions, RestoreOptions } from './client.ts';
import type { ConnectOptions } from './connect.ts';
import type { CommandContext } from './context.ts';
import type { DisconnectOptions } from './disconnect.ts';
import { EXIT } from './exit.ts';
import type { InitOptions } from './init.ts';

const load = (): Promise<typeof Client> => import('./client.ts');

export function addClientCommands(program: Command, context: CommandContext): void {
  addConnect(program, context);
  program
    .command('disconnect')
    .argument('[client...]', CLIENT)
    .description('take the gateway out of clients; a file that nobody changed since becomes what it was, byte by byte')
    .option('--all', 'every client on this machine')
    .option('--project', 'the file of the project in the working folder, instead of that of the user')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--force', 'also while a client runs that would write over it')
    .option('-y, --yes', 'change it without being asked')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway disconnect cursor')
    .action(async (ids: readonly string[], options: DisconnectOptions) =>
      (await import('./disconnect.ts')).disconnect(context, ids, options),
    );
  const client = program
    .command('client')
    .description('look at the clients on this machine, and at what was changed of them');
  client
    .command('ls')
    .description('list the clients on this machine, whether they are connected, and what bypasses the gateway')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway client ls')
    .action(async (options: ListOptions) => (await load()).list(context, options));
  addImport(client, context);
  client
    .command('backups')
    .argument('[client]', CLIENT)
    .description('list what is kept of files of clients before they were changed, the newest first')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway client backups cursor')
    .action(async (id: string | undefined, options: ListOptions) => (await load()).backups(context, id, options));
  client
    .command('restore')
    .argument('<backup>', 'one of `client backups`, or a client, for its last one')
    .description('make a file of a client what a backup has; what is there now is kept, too')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--force', 'also while a client runs that would write over it')
    .option('-y, --yes', 'change it without being asked')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway client restore cursor')
    .action(async (id: string, options: RestoreOptions) => (await load()).restore(context, id, options));
}

const CLIENT = 'such as claude-desktop, cursor or vscode; `client ls` lists them';

function addConnect(program: Command, context: CommandContext): void {
  program
    .command('connect')
    .argument('[client...]', CLIENT)
    .description('register the gateway with clients; shows first what changes in their files')
    .option('--all', 'every client on this machine')
    .option('--project', 'the file of the project in the working folder, instead of that of the user')
    .option('-c, --config <file>', 'the configuration that the clients shall use')
    .option('--replace', 'take out the servers that the configuration has, so that nothing bypasses the gateway')
    .option('--npx', 'start it with npx, instead of the Node and the program that run now')
    .option('--no-native', 'edit the file where the client has a command of its own, too')
    .option('--managed [folder]', 'write files for an administrator to deploy, and change nothing here')
    .option('--print', 'print what to paste, and change nothing')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--force', 'also while a client runs that would write over it')
    .option('-y, --yes', 'change it without being asked')
    .option('--json', 'print one JSON object')
    .addHelpText('after', CONNECT_HELP)
    .action(async (ids: readonly string[], options: ConnectOptions) => {
      await (await import('./connect.ts')).connect(context, ids, options);
    });
}

const CONNECT_HELP = `
Examples:
  mcp-gateway connect cursor
  mcp-gateway connect --all --dry-run
  mcp-gateway connect claude-desktop --print
  mcp-gateway connect --managed

Only our entry is written, called gw; every other byte of the file stays, and a backup is kept.
Exit code ${EXIT.failed} when a client could not be connected; the others were.`;

function addImport(client: Command, context: CommandContext): void {
  client
    .command('import')
    .argument('<client...>', CLIENT)
    .description('take over the servers of clients into the configuration; their files stay as they are')
    .option('-c, --config <file>', 'the file to write or to add to; without it the one in MCP_GATEWAY_HOME')
    .option('--no-start', 'start no server, and accept nothing')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('-y, --yes', 'do it without being asked, and accept what the servers offer')
    .option('--json', 'print one JSON object')
    .addHelpText('after', IMPORT_HELP)
    .action(async (from: readonly string[], options: Omit<InitOptions, 'from'>) =>
      (await import('./init.ts')).init(context, { ...options, from }),
    );
}

const IMPORT_HELP = `
Example:
  mcp-gateway client import cursor

Exit code ${EXIT.failed} when a server could not be started; all else was done, and --json names each under failed.`;
