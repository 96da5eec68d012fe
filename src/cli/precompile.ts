import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readLibrary, rememberedValidation } from '../app/bundles.ts';
import { loadPolicies, SHIPPED_ANSWERS, starterBundles } from '../app/policies.ts';
import type { Logger } from '../core/logger.ts';
import { type Layer, LAYERS } from '../core/opinion.ts';
import { Toolchain } from '../rego/toolchain.ts';

// The last step of `npm run build`: compiles the starter bundles as a start would, and keeps the toolchain's answers in
// the package. Their names are digests of all that they depend on, so a changed bundle finds none and is compiled anew.
const startedAt = Date.now();
await compileStarters();
await keepUsed();

async function compileStarters(): Promise<void> {
  const toolchain = new Toolchain({ cacheFolder: SHIPPED_ANSWERS });
  try {
    await loadPolicies(starterBundles(everyLayer()), {
      loader: { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) },
      required: LAYERS,
      evaluationFuel: 2_000_000,
      engine: 'native',
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      logger: strictLogger(),
    });
  } finally {
    await toolchain.close();
  }
}

function everyLayer(): Readonly<Record<Layer, { readonly starter: boolean }>> {
  const on = { starter: true };
  return { identity: on, server: on, resource: on, workflow: on, compliance: on, override: on };
}

/** Whatever a start would only log keeps the package from being built. */
function strictLogger(): Logger {
  const refuse = (message: string, facts?: object): never => {
    throw new Error(`${message} ${JSON.stringify(facts)}`);
  };
  return { debug: () => undefined, info: () => undefined, warn: refuse, error: refuse };
}

/** A read or written entry is young. What is older belongs to an earlier build, and what stays is for everybody. */
async function keepUsed(): Promise<void> {
  await chmod(SHIPPED_ANSWERS, 0o755);
  for (const name of await readdir(SHIPPED_ANSWERS)) {
    const file = join(SHIPPED_ANSWERS, name);
    if ((await stat(file)).mtimeMs < startedAt - 1) await rm(file);
    else await chmod(file, 0o644);
  }
}
