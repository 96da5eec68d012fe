import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type * as Overrides from './overrides.ts';
import type { OverridesOptions } from './overrides.ts';
import { addReplayCommand } from './replay-command.ts';
import { parseSpan } from './values.ts';

const load = (): Promise<typeof Overrides> => import('./overrides.ts');

export function addPolicyCommands(program: Command, context: CommandContext): void {
  const policy = program.command('policy').description('look at the policy in force');
  policy
    .command('overrides')
    .description(
      'list the permits in force: what they lift, who asked and who approved, why, until when, how often used',
    )
    .option('--ending-within <span>', 'only those that end so soon (45m, 72h, 7d)', parseSpan)
    .option('--all', 'also those that have ended, have not begun, or are gone')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', KNOWN)
    .action(async (options: OverridesOptions) => (await load()).overrides(context, options));
  addReplayCommand(policy, context);
}

const KNOWN = `
Known are the permits in the data of the override bundles, and those that recorded decisions have met; a permit that a
rule puts together in Rego is not known before its first call. Which calls a permit is for is its rule's own to say.

Example:
  mcp-gateway policy overrides --ending-within 72h

Exit code ${EXIT.findings} when a permit can never hold as it is written, or a bundle cannot be used.`;
