import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type * as PolicyLs from './policy-ls.ts';
import type { PolicyOptions } from './policy-ls.ts';
import type * as PolicyPull from './policy-pull.ts';
import type * as PolicyVerify from './policy-verify.ts';

const loadLs = (): Promise<typeof PolicyLs> => import('./policy-ls.ts');
const loadPull = (): Promise<typeof PolicyPull> => import('./policy-pull.ts');
const loadVerify = (): Promise<typeof PolicyVerify> => import('./policy-verify.ts');

/** The commands about which bundles there are and where they come from. */
export function addSourceCommands(policy: Command, context: CommandContext): void {
  withOptions(policy.command('ls').description('list the bundles: where each is from, how old, and whether it decides'))
    .addHelpText('after', `\nExample:\n  mcp-gateway policy ls\n\nExit code ${EXIT.findings} when one is not good.`)
    .action(async (options: PolicyOptions) => (await loadLs()).list(context, options));
  withOptions(policy.command('show').argument('<id>', 'id of the bundle'))
    .description('show one bundle: its rules, the values they read, its counters')
    .addHelpText('after', '\nExample:\n  mcp-gateway policy show eu-data')
    .action(async (id: string, options: PolicyOptions) => (await loadLs()).show(context, id, options));
  withOptions(policy.command('pull').argument('[id]', 'id of the bundle; all that have an address by default'))
    .description('fetch bundles from their addresses now, check them, keep those that are good')
    .addHelpText(
      'after',
      `\nExample:\n  mcp-gateway policy pull eu-data\n\nExit code ${EXIT.unreachable} when one stays as it was.`,
    )
    .action(async (id: string | undefined, options: PolicyOptions) => (await loadPull()).pull(context, id, options));
  withOptions(policy.command('outdated'))
    .description('say which addresses have something newer than what is kept; nothing is kept')
    .addHelpText('after', `\nExample:\n  mcp-gateway policy outdated\n\nExit code ${EXIT.findings} when one has.`)
    .action(async (options: PolicyOptions) => (await loadPull()).outdated(context, options));
  withOptions(policy.command('verify'))
    .description(
      'hold every bundle that is kept, on disk and in the store, against its digest, and servers against mcp-gateway.lock',
    )
    .addHelpText('after', `\nExample:\n  mcp-gateway policy verify\n\nExit code ${EXIT.findings} when one has changed.`)
    .action(async (options: PolicyOptions) => (await loadVerify()).verify(context, options));
}

function withOptions(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
