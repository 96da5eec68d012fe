import { resolve } from 'node:path';
import { type BundleLoader, readLibrary } from '../app/bundles.ts';
import { validateAgainst } from '../catalog/validate-against.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { readBundle } from '../policy/bundle-files.ts';
import { Toolchain } from '../rego/toolchain.ts';
import type { CommandContext } from './context.ts';

/** A bundle that was named on the command line, under the name that it was given there. Throws BUNDLE_UNREADABLE. */
export async function readNamed({ environment }: CommandContext, path: string): Promise<BundleFiles> {
  return { ...(await readBundle(resolve(environment.workingFolder, path))), source: path };
}

/** Hands the work what bundles are loaded with, and ends the toolchain after it. */
export async function withLoader<Result>(
  { environment, toolchain: shared }: CommandContext,
  work: (loader: BundleLoader) => Promise<Result>,
): Promise<Result> {
  const toolchain = shared ?? new Toolchain({ cacheFolder: environment.cache });
  try {
    return await work({ toolchain, library: readLibrary(), validate: validateAgainst });
  } finally {
    if (toolchain !== shared) await toolchain.close();
  }
}
