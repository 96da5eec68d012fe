import { type BundleLoader, readLibrary } from '../app-bundles.ts';
import { validateAgainst } from '../catalog/validate-against.ts';
import { Toolchain } from '../rego/toolchain.ts';
import type { CommandContext } from './context.ts';

/** Hands the work what bundles are loaded with, and ends the toolchain after it. */
export async function withLoader<Result>(
  { environment }: CommandContext,
  work: (loader: BundleLoader) => Promise<Result>,
): Promise<Result> {
  const toolchain = new Toolchain({ cacheFolder: environment.cache });
  try {
    return await work({ toolchain, library: readLibrary(), validate: validateAgainst });
  } finally {
    await toolchain.close();
  }
}
