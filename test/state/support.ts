import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Store } from '../../src/state/store.ts';
import type { StoreOptions } from '../../src/state/store-parts.ts';
import { anOutcome, aRecord, realClock, silent } from './records.ts';

/** Gone when the test has ended. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Place {
  readonly path: string;
  readonly home: string;
}

export function aPlace(): Place {
  const home = aFolder();
  return { path: join(home, 'state', 'decisions.db'), home };
}

export function pathOf({ place }: Store): string {
  if ('path' in place) return place.path;
  throw new Error('the store is no file');
}

/** Closed when the test has ended. */
export async function aStore(options: Place & Partial<StoreOptions>): Promise<Store> {
  const store = await Store.open({ durability: 'normal', clock: realClock, logger: silent, ...options });
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

/** A store with this many calls, each with its outcome, closed again. */
export async function aLogOf(calls: number): Promise<Place & { readonly ids: readonly string[] }> {
  const place = aPlace();
  const store = await Store.open({ ...place, durability: 'normal', clock: realClock, logger: silent });
  const ids: string[] = [];
  for (let call = 0; call < calls; call += 1) {
    const record = aRecord();
    await store.log.append(record);
    store.log.settle(anOutcome(record.id));
    ids.push(record.id);
  }
  await store.close();
  return { ...place, ids };
}
