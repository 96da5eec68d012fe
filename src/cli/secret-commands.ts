import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { CheckOptions } from './secret-check.ts';
import type * as Secret from './secret.ts';
import type { SecretOptions } from './secret.ts';

const load = (): Promise<typeof Secret> => import('./secret.ts');
const NAME = 'small letters, digits, dots, underscores and hyphens';

export function addSecretCommands(program: Command, context: CommandContext): void {
  const secret = program
    .command('secret')
    .description('keep tokens and passwords out of the configuration: it says ${secret:NAME} instead');
  withConfig(
    secret
      .command('set')
      .argument('<name>', NAME)
      .description('keep a secret; its value is piped in, or asked for and not shown'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway secret set github.token\n  pass show github | mcp-gateway secret set github.token',
    )
    .action(async (name: string, options: SecretOptions) => (await load()).set(context, name, options));
  withConfig(secret.command('ls').description('list secrets, where they are kept and what uses them; never a value'))
    .addHelpText('after', '\nExample:\n  mcp-gateway secret ls')
    .action(async (options: SecretOptions) => (await load()).list(context, options));
  withConfig(secret.command('rm').argument('<name>', NAME).description('remove a secret'))
    .addHelpText('after', '\nExample:\n  mcp-gateway secret rm github.token')
    .action(async (name: string, options: SecretOptions) => (await load()).remove(context, name, options));
  withConfig(
    secret
      .command('check')
      .description('say which secrets of the configuration are not set, and which stand in it in the open'),
  )
    .option('--fix', 'keep those that stand in the open, and write references in their place')
    .addHelpText(
      'after',
      `\nExamples:\n  mcp-gateway secret check\n  mcp-gateway secret check --fix\n\nExit code ${EXIT.findings} when one is not set or stands in the open.`,
    )
    .action(async (options: CheckOptions) => (await import('./secret-check.ts')).check(context, options));
}

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
