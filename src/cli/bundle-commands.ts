import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CheckOptions } from './bundle-check.ts';
import type { InitOptions } from './bundle-init.ts';
import type { TestOptions } from './bundle-test.ts';
import type { CommandContext } from './context.ts';

const PATH = 'folder or .tar.gz of the bundle';

export function addBundleCommands(program: Command, context: CommandContext): void {
  const bundle = program.command('bundle').description('write and test policy bundles');
  addInit(bundle, context);
  addCheck(bundle, context);
  addTest(bundle, context);
}

function addInit(bundle: Command, context: CommandContext): void {
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
      '\nExamples:\n  mcp-gateway bundle init mcp-policy -- node server.js\n  mcp-gateway bundle init policies/github --server github',
    )
    .action(async (folder: string, command: readonly string[], options: InitOptions) =>
      (await import('./bundle-init.ts')).init(context, { folder, command }, options),
    );
}

function addCheck(bundle: Command, context: CommandContext): void {
  bundle
    .command('check')
    .argument('<path>', PATH)
    .description('hold a bundle to the contract, with OPA’s compiler, its own tests and the lint')
    .addOption(new Option('--format <format>', 'how to print').choices(['pretty', 'json', 'github', 'sarif']).default('pretty'))
    .option('--json', 'the same as --format json')
    .option('--notes', 'show notes, too')
    .option('--deny-warnings', 'end with exit code 3 for warnings, too')
    .addHelpText('after', '\nExamples:\n  mcp-gateway bundle check mcp-policy\n  mcp-gateway bundle check mcp-policy --format sarif > policy.sarif')
    .action(async (path: string, options: CheckOptions) => (await import('./bundle-check.ts')).check(context, path, options));
}

function addTest(bundle: Command, context: CommandContext): void {
  bundle
    .command('test')
    .argument('<path>', PATH)
    .description('run the tests of a bundle in OPA and in the gateway’s own engine, and say which rules they cover')
    .option('--filter <pattern>', 'only tests whose full name matches this regular expression')
    .option('--min-coverage <percent>', 'end with exit code 3 where fewer rules or lines run', percent, 0)
    .option('--watch', 'run again at each change')
    .addOption(
      new Option('--format <format>', 'how to print').choices(['pretty', 'json', 'junit', 'github', 'sarif']).default('pretty'),
    )
    .option('--json', 'the same as --format json')
    .option('--notes', 'show notes, too')
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway bundle test mcp-policy --watch\n  mcp-gateway bundle test mcp-policy --min-coverage 100 --format junit > tests.xml',
    )
    .action(async (path: string, options: TestOptions) => (await import('./bundle-test.ts')).test(context, path, options));
}

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError('It is a number from 0 to 100.');
}
