import type { Command } from 'commander';
import type * as Bundle from './bundle.ts';
import type { BundleOptions } from './bundle.ts';
import type { CommandContext } from './context.ts';

const load = (): Promise<typeof Bundle> => import('./bundle.ts');

export function addBundleCommands(program: Command, context: CommandContext): void {
  const bundle = program.command('bundle').description('write and test policy bundles');
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
