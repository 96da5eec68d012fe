import { invalidBundle } from '../policy/bundle-problems.ts';
import type { Toolchain } from '../rego/toolchain.ts';

/** The files with their Rego formatted as `opa fmt` does; the others as they are. Throws BUNDLE_INVALID for what is no Rego. */
export async function formatRego(
  files: ReadonlyMap<string, string>,
  toolchain: Pick<Toolchain, 'format'>,
): Promise<ReadonlyMap<string, string>> {
  const rego = [...files].filter(([file]) => file.endsWith('.rego'));
  const { files: formatted, problems } = await toolchain.format(Object.fromEntries(rego));
  const [first] = problems;
  if (first !== undefined) throw invalidBundle(first.bundle, first.file, problems);
  return new Map([...files].map(([file, text]) => [file, formatted[file] ?? text]));
}
