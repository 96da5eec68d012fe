import { type Command, Option } from 'commander';
import type * as Budget from './budget.ts';
import type { AdjustOptions, BudgetOptions } from './budget.ts';
import type { CommandContext } from './context.ts';
import { collectKey, parseChange, parseTotal } from './budget-values.ts';

const load = (): Promise<typeof Budget> => import('./budget.ts');

export function addBudgetCommands(program: Command, context: CommandContext): void {
  const budget = program.command('budget').description('look at what counters and limits have counted, and correct it');
  withConfig(budget.command('ls').description('list all counts whose time is not over'))
    .addHelpText('after', '\nExample:\n  mcp-gateway budget ls')
    .action(async (options: BudgetOptions) => (await load()).list(context, options));
  withKey(withConfig(budget.command('show').argument('<name>', NAME).description('print the counts of one counter')))
    .addHelpText('after', '\nExample:\n  mcp-gateway budget show workflow/weekly_work --key agent.id=claude')
    .action(async (name: string, options: BudgetOptions) => (await load()).show(context, name, options));
  withKey(withConfig(budget.command('adjust').argument('<name>', NAME).description('correct what one count has used')))
    .addOption(new Option('--by <number>', 'so much more, or less with a minus').argParser(parseChange).conflicts('to'))
    .addOption(new Option('--to <number>', 'this much').argParser(parseTotal))
    .requiredOption('--reason <text>', 'why; it is recorded')
    .addHelpText(
      'after',
      '\nExample:\n  mcp-gateway budget adjust workflow/weekly_work --key agent.id=claude --by -50 --reason "the import ran twice"',
    )
    .action(async (name: string, options: AdjustOptions) => (await load()).adjust(context, name, options));
}

const NAME = 'the counter, such as workflow/weekly_work';

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}

function withKey(command: Command): Command {
  return command.option('--key <fact=value>', 'only the count with this in its key; may be repeated', collectKey, {});
}
