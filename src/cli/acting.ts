import { storePlaceOf } from '../app/store-place.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/paths.ts';
import type { Act } from '../core/act.ts';
import { decisionIds } from '../state/decision-id.ts';
import { Store } from '../state/store.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { stderrLogger } from './log.ts';
import { clock } from './server-sign-ins.ts';

/** What a command works with that changes what the gateways of a store remember. */
export interface Acting {
  readonly config: Config;
  readonly loaded: LoadedConfig;
  readonly store: Store;
  /** An act of the person at the terminal, to be recorded with what it changes. */
  readonly actOf: (part: Omit<Act, 'id' | 'time' | 'actor' | 'via'>) => Act;
}

/** Opens the store of the configuration for one command, beside the gateways that use it. */
export async function acting<T>(
  context: CommandContext,
  options: ConfigOption,
  work: (acting: Acting) => Promise<T>,
): Promise<T> {
  const loaded = readConfig(context, options);
  const { config } = loaded;
  const { home, user } = context.environment;
  const place = storePlaceOf(config);
  const logger = stderrLogger('warn', loaded.secrets);
  const store = await Store.open({ ...place, home, durability: 'full', waitsForDisk: true, clock, logger });
  const newId = decisionIds(store.clock);
  const actOf: Acting['actOf'] = (part) => {
    return {
      id: newId(),
      time: new Date(store.clock.now()).toISOString(),
      actor: `user:${user}`,
      via: 'terminal',
      ...part,
    };
  };
  try {
    return await work({ config, loaded, store, actOf });
  } finally {
    await store.close();
  }
}
