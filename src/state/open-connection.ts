import type { Durability, StoreConnection } from './connection.ts';
import type { Access, Driver } from './driver.ts';
import { chooseDriver } from './drivers.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { NoStoreYet } from './postgres-welcome.ts';
import { SqliteConnection } from './sqlite-connection.ts';

/** Where a store is: in a file, or in a database that several hosts reach. */
export type StorePlace =
  | { readonly path: string }
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; the password is secret. */
  | { readonly url: string; readonly poolSize?: number | undefined };

export interface ConnectionWishes {
  readonly access: Access;
  /** Default: `normal`. */
  readonly durability?: Durability;
  /** Chosen by what is installed where nothing is said. */
  readonly driver?: Driver | undefined;
}

/** Nothing is opened before the first use, so that what is wrong is said there. */
export function openConnection(place: StorePlace, wishes: ConnectionWishes): StoreConnection {
  const { access, durability = 'normal', driver } = wishes;
  if ('url' in place) return new PostgresConnection({ ...place, access });
  return new SqliteConnection({ driver: driver ?? chooseDriver(), path: place.path, access, durability });
}

/** False where a database can be reached and nobody has begun a store in it. */
export async function hasBegun(place: Extract<StorePlace, { readonly url: string }>): Promise<boolean> {
  let connection: StoreConnection | undefined;
  try {
    connection = openConnection(place, { access: 'read' });
    await connection.identity();
    return true;
  } catch (thrown) {
    return !(thrown instanceof NoStoreYet);
  } finally {
    await connection?.close();
  }
}
