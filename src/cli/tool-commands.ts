import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { CallOptions } from './tool-call.ts';
import type * as Tool from './tool.ts';
import type { ToolOptions } from './tool.ts';

const load = (): Promise<typeof Tool> => import('./tool.ts');

export function addToolCommands(program: Command, context: CommandContext): void {
  const tool = program.command('tool').description('look at the tools that agents see, and call one');
  withConfig(
    tool
      .command('ls')
      .argument('[server]', 'only of this server')
      .description('list the tools as an agent would see them; no server is started'),
  )
    .option('--all', 'also what is hidden or out of reach')
    .addHelpText('after', '\nExample:\n  mcp-gateway tool ls files --agent support')
    .action(async (server: string | undefined, options: ToolOptions) => (await load()).list(context, server, options));
  withConfig(
    tool
      .command('show')
      .argument('<name>', 'as clients call it, or <server>/<tool>')
      .description('print what a tool is, how it stands to what was accepted, and which rules speak of it'),
  )
    .addHelpText('after', '\nExample:\n  mcp-gateway tool show files__read_file')
    .action(async (name: string, options: ToolOptions) => (await load()).show(context, name, options));
  withConfig(
    tool
      .command('call')
      .argument('<name>', 'as clients call it, or <server>/<tool>')
      .description('call a tool as an agent would: decided by policy, recorded, and forwarded where it is allowed'),
  )
    .option('--args <json>', 'the arguments, a JSON object; - reads them from stdin', '{}')
    .option('--exit-status', `end with ${EXIT.refused} where the call was refused, with ${EXIT.failed} where it failed`)
    .addHelpText('after', `\nExample:\n  mcp-gateway tool call files__read_file --args '{"path": "notes.md"}'`)
    .action(async (name: string, options: CallOptions) =>
      (await import('./tool-call.ts')).call(context, name, options),
    );
}

function withConfig(command: Command): Command {
  return command
    .option('--agent <id>', 'which agent asks; by default that of the configuration')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object');
}
