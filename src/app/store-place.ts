import { existsSync } from 'node:fs';
import type { Config } from '../config/paths.ts';
import type { StorePlace } from '../state/open-connection.ts';

/** Where the store of a configuration is, for whatever opens it. */
export function storePlaceOf({ decisions: { store } }: Pick<Config, 'decisions'>): StorePlace {
  return store.driver === 'sqlite' ? { path: store.path } : { url: store.url, poolSize: store.poolSize };
}

/** Before its first start a gateway has no file; what lies behind an address is known to whoever asks there only. */
export function hasStore(place: StorePlace): boolean {
  return 'url' in place || existsSync(place.path);
}
