import type { Command } from 'commander';
import type * as Bundle from './bundle.ts';
import type { BundleOptions } from './bundle.ts';
import type { InitOptions } from './bundle-init.ts';
import type { CommandContext } from './context.ts';

const load = (): Promise<typeof Bundle> => import('./bundle.ts');

export function addBundleCommands(program: Command, context: CommandContext): void {
  const bundle = program.command('bundle').description('write and test policy bundles');
  bundle
    .command('init')
    .argument('<dir>', 'folder to write the bundle into')
    .argument('[command...]', 'after --: the command that starts the server')
    .description('write a first bundle from the tools that a server lists')
    .option('--server <id>', 'which server of the configuration; with a command, what it shall be called')
    .option('--owner <text>', 'who answers for the rules')
    .option('--config <file>', 'configuration file')
    .option('--force', 'write into a folder that is not empty')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway bundle init ./mcp-policy -- node server.js\n  mcp-gateway bundle init ./policies/github --server github',
    )
    .action(async (folder: string, command: readonly string[], options: InitOptions) =>
      (await import('./bundle-init.ts')).init(context, { folder, command }, options),
    );
  bundle
    .command('check')
    .argument('<path>', 'folder or .tar.gz of the bundle')
    .description('hold a bundle to the contract, with OPA’s compiler and the bundle’s own tests')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle check ./mcp-policy')
    .action(async (path: string, options: BundleOptions) => (await load()).check(context, path, options));
  bundle
    .command('test')
    .argument('<path>', 'folder or .tar.gz of the bundle')
    .description('run the tests of a bundle and say which rules they cover')
    .option('--json', 'print one JSON object')
    .action(async (path: string, options: BundleOptions) => (await load()).test(context, path, options));
}
