import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type BundleLoader, loadBundle, readLibrary } from '../app-bundles.ts';
import { validateAgainst } from '../catalog/validate-against.ts';
import { toSource } from '../policy/bundle.ts';
import { Toolchain } from '../rego/toolchain.ts';
import { EXIT } from './exit.ts';
import type { CommandContext } from './program.ts';
import { printJson, printLine } from './terminal.ts';

interface BundleOptions {
  readonly json?: boolean;
}

export function addBundleCommands(program: Command, context: CommandContext): void {
  const bundle = program.command('bundle').description('write and test policy bundles');
  bundle
    .command('check')
    .argument('<path>', 'folder or .tar.gz of the bundle')
    .description('hold a bundle to the contract, with OPA’s compiler and the bundle’s own tests')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway bundle check ./mcp-policy')
    .action((path: string, options: BundleOptions) =>
      withLoader(context, (loader) => check(context, loader, { path, ...options })),
    );
  bundle
    .command('test')
    .argument('<path>', 'folder or .tar.gz of the bundle')
    .description('run the tests of a bundle and say which rules they cover')
    .option('--json', 'print one JSON object')
    .action((path: string, options: BundleOptions) =>
      withLoader(context, (loader) => test(context, loader, { path, ...options })),
    );
}

interface Named extends BundleOptions {
  readonly path: string;
}

async function withLoader(context: CommandContext, work: (loader: BundleLoader) => Promise<void>): Promise<void> {
  const toolchain = new Toolchain({ cacheFolder: context.environment.cache });
  try {
    await work({ toolchain, library: readLibrary(), validate: validateAgainst });
  } finally {
    await toolchain.close();
  }
}

async function check({ terminal }: CommandContext, loader: BundleLoader, { path, json }: Named): Promise<void> {
  const { bundle, rules, warnings } = await loadBundle({ id: 'checked', path: resolve(path), data: {} }, loader);
  const facts = { layer: bundle.layer, root: bundle.root, digest: bundle.digest, rules: rules.size };
  if (json === true) return printJson(terminal, 'bundle-check', { path, ...facts, warnings });
  for (const { file, row, message } of warnings) printLine(terminal, `warning ${file}:${row} ${message}`);
  return printLine(
    terminal,
    `${path} is good: layer ${facts.layer}, ${facts.rules} rules, ${facts.digest.slice(0, 12)}`,
  );
}

async function test(context: CommandContext, loader: BundleLoader, { path, json }: Named): Promise<void> {
  const { terminal } = context;
  const { bundle } = await loadBundle({ id: 'tested', path: resolve(path), data: {} }, loader);
  const result = await loader.toolchain.test({ bundle: toSource(bundle), library: loader.library });
  if (result.kind === 'refused') throw new Error(result.problems.map(({ message }) => message).join('\n'));
  const failed = result.tests.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  const silent = result.coverage.rules.filter(({ fired }) => !fired);
  if (failed.length > 0) context.setExit(EXIT.findings);
  if (json === true) return printJson(terminal, 'bundle-test', { tests: result.tests, coverage: result.coverage });
  for (const { file, row, name, error } of failed)
    printLine(terminal, `FAIL ${file}:${row} ${name} ${error?.message ?? ''}`);
  for (const { file, row, path: rule } of silent) printLine(terminal, `never true ${file}:${row} ${rule}`);
  const passed = result.tests.length - failed.length;
  return printLine(
    terminal,
    `${passed} of ${result.tests.length} tests pass; ${result.coverage.percent.toFixed(1)} % of lines run`,
  );
}
