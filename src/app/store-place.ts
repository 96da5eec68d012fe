import { existsSync } from 'node:fs';
import type { Config } from '../config/paths.ts';
import { hasBegun, type StorePlace } from '../state/open-connection.ts';

/** Where the store of a configuration is, for whatever opens it. */
export function storePlaceOf({ decisions: { store } }: Pick<Config, 'decisions'>): StorePlace {
  return store.driver === 'sqlite' ? { path: store.path } : { url: store.url, poolSize: store.poolSize };
}

/** Before its first start a gateway has no store. One that cannot be reached is there: whoever reads it says what is wrong. */
export async function hasStore(place: StorePlace): Promise<boolean> {
  return 'path' in place ? existsSync(place.path) : hasBegun(place);
}
