import { type BundleLoader, INPUT_SCHEMA } from './bundles.ts';
import type { Clock } from '../core/clock.ts';
import type { RegoCoverage, RegoTest } from '../core/rego.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { makeBundle, toSource } from '../policy/bundle.ts';
import { invalidBundle } from '../policy/bundle-problems.ts';
import { compareEngines, type EngineComparison } from '../review/engine-comparison.ts';

export interface TestedBundle {
  readonly tests: readonly RegoTest[];
  readonly coverage: RegoCoverage;
  readonly engines: EngineComparison;
}

export interface TestOptions {
  /** A regular expression over test names. */
  readonly filter?: string | undefined;
  readonly clock: Clock;
}

/** Runs the tests of a bundle in OPA, and every input of theirs in both engines. Throws BUNDLE_INVALID for what does not compile. */
export async function testBundle(
  files: BundleFiles,
  loader: BundleLoader,
  { filter, clock }: TestOptions,
): Promise<TestedBundle> {
  const { toolchain, library } = loader;
  const bundle = makeBundle('tested', files);
  const source = toSource(bundle);
  const inspected = await toolchain.inspect({ bundle: source, library, inputSchema: INPUT_SCHEMA });
  if (inspected.kind === 'refused') throw invalidBundle(bundle.id, bundle.source, inspected.problems);
  const filtered = filter === undefined ? {} : { filter };
  const result = await toolchain.test({ bundle: source, library, ...filtered });
  if (result.kind === 'refused') throw invalidBundle(bundle.id, bundle.source, result.problems);
  const { inspection } = inspected;
  const engines = await compareEngines(
    { source, library, inspection, ...filtered, monotonic: () => clock.monotonic() },
    toolchain,
  );
  return { tests: result.tests, coverage: result.coverage, engines };
}
