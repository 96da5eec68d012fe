import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BuildOptions } from './bundle-build.ts';
import type { CheckOptions } from './bundle-check.ts';
import type { DocOptions } from './bundle-doc.ts';
import type { FmtOptions } from './bundle-fmt.ts';
import type { InitOptions } from './bundle-init.ts';
import type { InspectOptions } from './bundle-inspect.ts';
import type { SignOptions } from './bundle-sign.ts';
import type { TestOptions } from './bundle-test.ts';
import type { VendorOptions } from './bundle-vendor.ts';
import type { VerifyOptions } from './bundle-verify.ts';
import type { CommandContext } from './context.ts';
import { parseSpan } from './values.ts';

const PATH = 'folder or .tar.gz of the bundle';

export function addBundleCommands(program: Command, context: CommandContext): void {
  const bundle = program.command('bundle').description('write and test policy bundles');
  addInit(bundle, context);
  addCheck(bundle, context);
  addTest(bundle, context);
  addFmt(bundle, context);
  addInspect(bundle, context);
  addDoc(bundle, context);
  addBuild(bundle, context);
  addVendor(bundle, context);
  addSign(bundle, context);
  addVerify(bundle, context);
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
    .addOption(
      new Option('--format <format>', 'how to print').choices(['pretty', 'json', 'github', 'sarif']).default('pretty'),
    )
    .option('--json', 'the same as --format json')
    .option('--notes', 'show notes, too')
    .option('--deny-warnings', 'end with exit code 3 for warnings, too')
    .option('--deny <code>', 'take what the lint finds under this code for an error; may be repeated', gather)
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway bundle check mcp-policy\n  mcp-gateway bundle check mcp-policy --deny-warnings --deny lint_owner\n  mcp-gateway bundle check mcp-policy --format sarif > policy.sarif',
    )
    .action(async (path: string, options: CheckOptions) =>
      (await import('./bundle-check.ts')).check(context, path, options),
    );
}

function gather(one: string, before: readonly string[] = []): readonly string[] {
  return [...before, one];
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
      new Option('--format <format>', 'how to print')
        .choices(['pretty', 'json', 'junit', 'github', 'sarif'])
        .default('pretty'),
    )
    .option('--json', 'the same as --format json')
    .option('--notes', 'show notes, too')
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway bundle test mcp-policy --watch\n  mcp-gateway bundle test mcp-policy --min-coverage 100 --format junit > tests.xml',
    )
    .action(async (path: string, options: TestOptions) =>
      (await import('./bundle-test.ts')).test(context, path, options),
    );
}

function addFmt(bundle: Command, context: CommandContext): void {
  bundle
    .command('fmt')
    .argument('<path>', PATH)
    .description('format the Rego of a bundle as OPA does')
    .option(
      '--check',
      'name the files that are not formatted and end with exit code 3 (what it does without an option)',
    )
    .option('--diff', 'show what would change')
    .option('--write', 'change the files')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle fmt mcp-policy --write')
    .action(async (path: string, options: FmtOptions) => (await import('./bundle-fmt.ts')).fmt(context, path, options));
}

function addInspect(bundle: Command, context: CommandContext): void {
  bundle
    .command('inspect')
    .argument('<path>', PATH)
    .description('show what is in a bundle: rules and what they read, counters, settings, built-ins')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle inspect policy.tar.gz')
    .action(async (path: string, options: InspectOptions) =>
      (await import('./bundle-inspect.ts')).inspect(context, path, options),
    );
}

function addDoc(bundle: Command, context: CommandContext): void {
  bundle
    .command('doc')
    .argument('<path>', PATH)
    .description('write a page about a bundle in words, from its annotations')
    .addOption(
      new Option(
        '--format <format>',
        'Markdown, or one HTML file (default: as the name of --out ends, else md)',
      ).choices(['md', 'html']),
    )
    .option('--out <file>', 'file to write; without it the page is printed')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle doc mcp-policy --out policy.html')
    .action(async (path: string, options: DocOptions) => (await import('./bundle-doc.ts')).doc(context, path, options));
}

function addBuild(bundle: Command, context: CommandContext): void {
  bundle
    .command('build')
    .argument('<dir>', 'folder of the bundle')
    .description('pack a bundle that passes bundle check; the same files give the same bytes')
    .requiredOption('--out <file>', 'the .tar.gz to write')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle build mcp-policy --out policy.tar.gz')
    .action(async (path: string, options: BuildOptions) =>
      (await import('./bundle-build.ts')).build(context, path, options),
    );
}

function addVendor(bundle: Command, context: CommandContext): void {
  bundle
    .command('vendor')
    .argument('<dir>', 'folder of the bundle')
    .description('write the library and the schema of the input into <dir>/vendor, for opa, Regal and editors')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle vendor mcp-policy')
    .action(async (path: string, options: VendorOptions) =>
      (await import('./bundle-vendor.ts')).vendor(context, path, options),
    );
}

function addSign(bundle: Command, context: CommandContext): void {
  bundle
    .command('sign')
    .argument('<path>', PATH)
    .description('sign all files of a bundle, as OPA does, with a private key in a file that only you can read')
    .requiredOption('--key <file>', 'private key in PEM; only its owner may read the file')
    .option('--kid <name>', 'what the signature calls the key')
    .option('--alg <name>', 'EdDSA, ES256, ES384, RS256 or PS256 (default: as the key does)')
    .option('--scope <name>', 'scope that the signature names')
    .option('--starts-in <time>', 'from when on the signature counts, such as 2d (default: at once)', parseSpan)
    .option('--ends-in <time>', 'when the signature ends, such as 30d (default: never)', parseSpan)
    .option('--add', 'keep the signatures of other keys')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  openssl genpkey -algorithm ed25519 -out signing.pem && chmod 600 signing.pem\n  openssl pkey -in signing.pem -pubout -out signing.pub\n  mcp-gateway bundle sign policy.tar.gz --key signing.pem\n  mcp-gateway bundle sign policy.tar.gz --key other.pem --add',
    )
    .action(async (path: string, options: SignOptions) =>
      (await import('./bundle-sign.ts')).sign(context, path, options),
    );
}

function addVerify(bundle: Command, context: CommandContext): void {
  bundle
    .command('verify')
    .argument('<path>', PATH)
    .description('say whether a bundle is signed by a key, exactly as it is; ends with exit code 3 where it is not')
    .option('--key <file>', 'public key in PEM; may be repeated, then each must have signed it', gather)
    .option('--kid <name>', 'what the signature must call the key')
    .option('--alg <name>', 'how it must be signed (default: as the key does, RSA with RS256)')
    .option('--scope <name>', 'scope that the signature must name')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle verify policy.tar.gz --key signing.pub')
    .action(async (path: string, options: VerifyOptions) =>
      (await import('./bundle-verify.ts')).verify(context, path, options),
    );
}

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError('It is a number from 0 to 100.');
}
