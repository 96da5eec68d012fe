import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import type * as Key from './key.ts';
import type { CreateOptions, KeyOptions } from './key.ts';

const load = (): Promise<typeof Key> => import('./key.ts');

export function addKeyCommands(program: Command, context: CommandContext): void {
  const key = program.command('key').description('make and revoke keys that stand for people and agents');
  withConfig(key.command('create').description('make a key and print it, once'))
    .addOption(new Option('--role <role>', 'what it is for').choices(['approver', 'agent']).makeOptionMandatory())
    .option('--agent <id>', 'which agent shows it; for the role agent')
    .option('--groups <names>', 'groups that it approves for, or that the agent’s user is in, parted by commas')
    .option('--data-classes <names>', 'data classes that the agent’s user may see, parted by commas')
    .option('--user <name>', 'whom it stands for; without it who makes it')
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway key create --role approver --groups repo-owners --user dana\n  mcp-gateway key create --role agent --agent support --user dana',
    )
    .action(async (options: CreateOptions) => (await load()).create(context, options));
  withConfig(key.command('ls').description('list keys; the keys themselves are not kept'))
    .addHelpText('after', '\nExample:\n  mcp-gateway key ls')
    .action(async (options: KeyOptions) => (await load()).list(context, options));
  withConfig(key.command('revoke').argument('<id>', 'as key ls says').description('make a key worthless'))
    .addHelpText('after', '\nExample:\n  mcp-gateway key revoke 0199a3f1-7c2e-7000-8a3d-2f4b5c6d7e8f')
    .action(async (id: string, options: KeyOptions) => (await load()).revoke(context, id, options));
}

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
