import { type BundleLoader, readLibrary, rememberedValidation } from '../app/bundles.ts';
import { SHIPPED_ANSWERS } from '../app/policies.ts';
import type { PolicyPlace } from '../app/policy-list.ts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import { Toolchain } from '../rego/toolchain.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';

/** Gives a command what it needs to look at bundles, and closes it afterwards. */
export async function withPolicies(
  context: CommandContext,
  options: ConfigOption,
  work: (place: PolicyPlace, loader: BundleLoader, secrets: readonly string[]) => Promise<void>,
): Promise<void> {
  const { home, cache } = context.environment;
  const { config, path: configPath, commands, secrets } = readConfig(context, options);
  const place = storePlaceOf(config);
  // Before its first start a gateway has no log, and its bundles can be looked at all the same.
  const reader = (await hasStore(place)) ? new DecisionReader(place) : undefined;
  const toolchain = new Toolchain({ cacheFolder: cache, shippedFolder: SHIPPED_ANSWERS });
  const loader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
  try {
    const now = ((await reader?.clock(clock).catch(() => undefined)) ?? clock).now();
    await work({ config, configPath, commands, reader, home, now }, loader, secrets);
  } finally {
    await reader?.close();
    await toolchain.close();
  }
}
