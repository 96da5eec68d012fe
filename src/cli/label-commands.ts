import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import type * as Label from './label.ts';
import type { ClearOptions, LabelOptions } from './label.ts';

const load = (): Promise<typeof Label> => import('./label.ts');

export function addLabelCommands(program: Command, context: CommandContext): void {
  const label = program.command('label').description('look at the labels that conversations carry, and clear them');
  withConfig(label.command('ls').description('list the labels that hold now'))
    .option('--conversation <id>', CONVERSATION)
    .addHelpText('after', '\nExample:\n  mcp-gateway label ls --conversation client-5f0c')
    .action(async (options: LabelOptions) => (await load()).list(context, options));
  withConfig(
    label
      .command('clear')
      .argument('<label>', 'such as customer_data')
      .description('take a label from a conversation; recorded with who did it and why'),
  )
    .requiredOption('--conversation <id>', CONVERSATION)
    .requiredOption('--reason <text>', 'why, for the record')
    .addHelpText(
      'after',
      '\nExample:\n  mcp-gateway label clear customer_data --conversation client-5f0c --reason "only test data"',
    )
    .action(async (name: string, options: ClearOptions) => (await load()).clear(context, name, options));
}

const CONVERSATION = 'the conversation, or the agent with all of its conversations, by its id or the beginning of it';

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
