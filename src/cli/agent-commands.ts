import type { Command } from 'commander';
import type * as Agent from './agent.ts';
import type { AgentOptions } from './agent.ts';
import type { CommandContext } from './context.ts';

const load = (): Promise<typeof Agent> => import('./agent.ts');

export function addAgentCommands(program: Command, context: CommandContext): void {
  const agent = program.command('agent').description('look at the agents and at what each may reach');
  withConfig(
    agent.command('ls').description('list the configured agents, and how many servers and tools each may reach'),
  )
    .addHelpText('after', '\nExample:\n  mcp-gateway agent ls')
    .action(async (options: AgentOptions) => (await load()).list(context, options));
  withConfig(
    agent
      .command('show')
      .argument('<id>', 'the agent, as the configuration names it')
      .description('print on whose behalf an agent asks and what it may reach; policies may deny more'),
  )
    .addHelpText('after', '\nExample:\n  mcp-gateway agent show support-assistant')
    .action(async (id: string, options: AgentOptions) => (await load()).show(context, id, options));
}

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
