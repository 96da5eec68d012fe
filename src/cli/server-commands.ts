import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type * as Login from './server-login.ts';
import type { LoginOptions } from './server-login.ts';
import type * as Server from './server.ts';
import type { LogsOptions, ServerOptions } from './server.ts';
import { parseLimit } from './values.ts';

const load = (): Promise<typeof Server> => import('./server.ts');
const loadLogin = (): Promise<typeof Login> => import('./server-login.ts');

export function addServerCommands(program: Command, context: CommandContext): void {
  const server = program.command('server').description('look at the servers behind the gateway, and sign in to them');
  withConfig(server.command('ls').description('list the configured servers; none is started')).action(
    async (options: ServerOptions) => (await load()).list(context, options),
  );
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
  ).action(async (id: string, options: ServerOptions) => (await loadLogin()).logout(context, id, options));
  withConfig(
    server.command('logs').argument('<id>', ID).description('print what a server wrote to its stderr, oldest first'),
  )
    .option('--limit <n>', 'how many lines, or all', parseLimit, 50)
    .action(async (id: string, options: LogsOptions) => (await load()).logs(context, id, options));
}

const ID = 'the server, as the configuration names it';

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
