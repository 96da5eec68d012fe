import { resolve } from 'node:path';
import { loadBundle } from '../app-bundles.ts';
import { toSource } from '../policy/bundle.ts';
import { invalidBundle } from '../policy/bundle-problems.ts';
import { withLoader } from './bundle-loader.ts';
import { EXIT } from './exit.ts';
import type { CommandContext } from './context.ts';
import { printJson, printLine } from './terminal.ts';

export interface BundleOptions {
  readonly json?: boolean;
}

export function check(context: CommandContext, path: string, { json }: BundleOptions): Promise<void> {
  const { terminal } = context;
  return withLoader(context, async (loader) => {
    const { bundle, rules, warnings } = await loadBundle({ id: 'checked', path: resolve(path), data: {} }, loader);
    const { layer, root, digest } = bundle;
    if (json === true)
      return printJson(terminal, 'bundle-check', { path, layer, root, digest, rules: rules.size, warnings });
    for (const { file, row, message } of warnings) printLine(terminal, `warning ${file}:${row} ${message}`);
    return printLine(terminal, `${path} is good: layer ${layer}, ${rules.size} rules, ${digest.slice(0, 12)}`);
  });
}

export function test(context: CommandContext, path: string, { json }: BundleOptions): Promise<void> {
  const { terminal } = context;
  return withLoader(context, async (loader) => {
    const { bundle } = await loadBundle({ id: 'tested', path: resolve(path), data: {} }, loader);
    const result = await loader.toolchain.test({ bundle: toSource(bundle), library: loader.library });
    if (result.kind === 'refused') throw invalidBundle(bundle.id, bundle.source, result.problems);
    const { tests, coverage } = result;
    const failed = tests.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
    if (failed.length > 0) context.setExit(EXIT.findings);
    if (json === true) return printJson(terminal, 'bundle-test', { tests, coverage });
    for (const { file, row, name, error } of failed)
      printLine(terminal, `FAIL ${file}:${row} ${name} ${error?.message ?? ''}`);
    for (const rule of coverage.rules.filter(({ fired }) => !fired)) {
      printLine(terminal, `never true in a test: ${rule.file}:${rule.row} ${rule.path}`);
    }
    const passed = tests.length - failed.length;
    return printLine(
      terminal,
      `${passed} of ${tests.length} tests pass; ${coverage.percent.toFixed(1)} % of lines run`,
    );
  });
}
