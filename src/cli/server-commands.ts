import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { AddOptions } from './server-add.ts';
import type { ApproveOptions } from './server-approve.ts';
import type * as Login from './server-login.ts';
import type { LoginOptions } from './server-login.ts';
import type { RemoveOptions } from './server-rm.ts';
import type { UpdateOptions } from './server-update.ts';
import type * as Server from './server.ts';
import type { LogsOptions, ServerOptions } from './server.ts';
import { parseLimit } from './values.ts';

const load = (): Promise<typeof Server> => import('./server.ts');
const loadLogin = (): Promise<typeof Login> => import('./server-login.ts');

export function addServerCommands(program: Command, context: CommandContext): void {
  const server = program
    .command('server')
    .description('add, look at, accept and update the servers behind the gateway, and sign in to them');
  withConfig(server.command('ls').description('list the configured servers; none is started'))
    .addHelpText('after', '\nExample:\n  mcp-gateway server ls')
    .action(async (options: ServerOptions) => (await load()).list(context, options));
  addUnitCommands(server, context);
  withConfig(server.command('login').argument('<id>', ID).description('sign in to a server in the browser'))
    .option('--no-browser', 'only print the address to open')
    .addHelpText(
      'after',
      `\nExample:\n  mcp-gateway server login shop\n\nExit code ${EXIT.signInNeeded} when nobody signed in.`,
    )
    .action(async (id: string, options: LoginOptions) => (await loadLogin()).login(context, id, options));
  withConfig(
    server
      .command('logout')
      .argument('<id>', ID)
      .description('remove the tokens of a server, here and where it keeps them'),
  )
    .addHelpText('after', '\nExample:\n  mcp-gateway server logout shop')
    .action(async (id: string, options: ServerOptions) => (await loadLogin()).logout(context, id, options));
  withConfig(
    server.command('logs').argument('<id>', ID).description('print what a server wrote to its stderr, oldest first'),
  )
    .option('--limit <n>', 'how many lines, or all', parseLimit, 50)
    .addHelpText('after', '\nExample:\n  mcp-gateway server logs files --limit all')
    .action(async (id: string, options: LogsOptions) => (await load()).logs(context, id, options));
}

/** What a server is, and what of it somebody has accepted. */
function addUnitCommands(server: Command, context: CommandContext): void {
  withConfig(
    server
      .command('add')
      .argument('<id>', 'what to call it: small letters, digits and hyphens')
      .argument('[command...]', 'the program and its arguments, behind --')
      .description('add a server: start it once, show what it offers, and accept that'),
  )
    .option('--url <address>', 'where it is reached over HTTP, instead of a command')
    .option('--env <name...>', 'a variable of the program: NAME=value, or NAME for what the gateway has')
    .option('-y, --yes', 'accept what it offers without being asked')
    .addHelpText('after', ADD_HELP)
    .action(async (id: string, command: readonly string[], options: AddOptions) =>
      (await import('./server-add.ts')).add(context, { id, command }, options),
    );
  withConfig(
    server
      .command('inspect')
      .argument('<id>', ID)
      .description(
        'start a server once and show what it is, what it offers, and what has changed since it was accepted',
      ),
  )
    .addHelpText('after', '\nExample:\n  mcp-gateway server inspect files')
    .action(async (id: string, options: ServerOptions) =>
      (await import('./server-inspect.ts')).inspect(context, id, options),
    );
  withConfig(
    server
      .command('approve')
      .argument('<id>', ID)
      .description('show what has changed of a server since it was accepted, and accept it'),
  )
    .option('--tool <name...>', 'accept these tools alone')
    .option('--all', 'accept everything that it is and offers now')
    .option('--reason <text>', 'why, for the record')
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway server approve files\n  mcp-gateway server approve files --tool read_file',
    )
    .action(async (id: string, options: ApproveOptions) =>
      (await import('./server-approve.ts')).approve(context, id, options),
    );
  withConfig(
    server
      .command('test')
      .argument('<id>', ID)
      .description('start a server once, list its tools, and say what policy makes of each; nothing is called'),
  )
    .addHelpText(
      'after',
      `\nExample:\n  mcp-gateway server test files\n\nExit code ${EXIT.findings} when its bundle cannot be used.`,
    )
    .action(async (id: string, options: ServerOptions) =>
      (await import('./server-try.ts')).tryServer(context, id, options),
    );
  addMovingCommands(server, context);
}

const ADD_HELP = `
Examples:
  mcp-gateway server add files -- npx -y @modelcontextprotocol/server-filesystem ~/documents
  mcp-gateway server add shop --url https://shop.example/mcp

Where the server does not start nothing is written; exit code ${EXIT.unreachable}.`;

function addMovingCommands(server: Command, context: CommandContext): void {
  withConfig(
    server
      .command('update')
      .argument('<id>', ID)
      .description('move a server, its bundle and what is accepted of it together, once the difference was shown'),
  )
    .option('--version <version>', 'the version of its package; without, what its command line stands for now')
    .option('--reason <text>', 'why, for the record')
    .option('-y, --yes', 'accept the difference without being asked')
    .addHelpText('after', '\nExample:\n  mcp-gateway server update files --version 2026.9.1')
    .action(async (id: string, options: UpdateOptions) =>
      (await import('./server-update.ts')).update(context, id, options),
    );
  withConfig(
    server
      .command('rollback')
      .argument('<id>', ID)
      .description(
        'take a server, its bundle and what is accepted of it back to what they were before the last update',
      ),
  )
    .option('--reason <text>', 'why, for the record')
    .option('-y, --yes', 'take it back without being asked')
    .addHelpText('after', '\nExample:\n  mcp-gateway server rollback files')
    .action(async (id: string, options: Omit<UpdateOptions, 'version'>) =>
      (await import('./server-rollback.ts')).rollback(context, id, options),
    );
  withConfig(
    server
      .command('rm')
      .argument('<id>', ID)
      .description('take a server out of the configuration, with what was accepted of it'),
  )
    .option('-y, --yes', 'remove it without being asked')
    .addHelpText('after', '\nExample:\n  mcp-gateway server rm files')
    .action(async (id: string, options: RemoveOptions) =>
      (await import('./server-rm.ts')).remove(context, id, options),
    );
}

const ID = 'the server, as the configuration names it';

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
