import { parsePostgresAddress } from '../core/postgres-address.ts';
import type { Complaint } from './problems.ts';
import type { ConfigFile } from './schema.ts';

const STORE = ['decisions', 'store'];

/** A file or an address, as the kind of database demands; nothing is accepted and then ignored. */
export function storeComplaints({ decisions: { store } }: ConfigFile): readonly Complaint[] {
  if (store.driver === 'sqlite') {
    return [...strange(store, 'url', 'postgres'), ...strange(store, 'poolSize', 'postgres')];
  }
  return [...strange(store, 'path', 'sqlite'), ...urlComplaints(store.url)];
}

type Store = ConfigFile['decisions']['store'];

function strange(store: Store, key: 'path' | 'url' | 'poolSize', driver: Store['driver']): readonly Complaint[] {
  if (store[key] === undefined) return [];
  const message = `belongs to \`driver: ${driver}\``;
  const help = `add driver: ${driver}, or leave ${key} out`;
  return [{ code: 'E_CONFLICT', path: [...STORE, key], message, help, isAboutKey: true }];
}

function urlComplaints(url: string | undefined): readonly Complaint[] {
  const example = 'url: postgres://gateway:${secret:store-password}@db.example.com/decisions';
  if (url === undefined) {
    return [
      { code: 'E_VALUE', path: [...STORE, 'driver'], message: 'needs the address of the database', help: example },
    ];
  }
  const address = parsePostgresAddress(url);
  if (!('problem' in address)) return [];
  return [{ code: 'E_VALUE', path: [...STORE, 'url'], message: address.problem, help: example }];
}
