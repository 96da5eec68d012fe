import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parseCheckpoint } from '../../src/state/checkpoint.ts';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { Store } from '../../src/state/store.ts';
import { verifyLog, type WholeLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord, realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';

export interface Host {
  readonly url: string;
  readonly home: string;
}

export function openStore(host: Host): Promise<Store> {
  return Store.open({ ...host, durability: 'full', clock: realClock, logger: silent });
}

export async function aStore(host: Host): Promise<Store> {
  const store = await openStore(host);
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

/** One more host, to which the key of the chains was copied. */
export function besides({ url, home }: Host, folder = aFolder()): Host {
  copyFileSync(join(home, 'chain.key'), join(folder, 'chain.key'));
  return { url, home: folder };
}

export async function call(store: Store): Promise<void> {
  const record = aRecord();
  await store.log.append(record);
  store.log.settle(anOutcome(record.id));
  await store.log.flush();
}

export async function whole(host: Host): Promise<WholeLog> {
  const verdict = await verifyLog(host);
  if (verdict.kind !== 'ok') throw new Error(`${verdict.kind}: ${verdict.why}`);
  return verdict;
}

export function chainsIn({ home }: Host): ReadonlySet<string | undefined> {
  const lines = readFileSync(checkpointPath(home), 'utf8').trimEnd().split('\n');
  return new Set(lines.map((line) => parseCheckpoint(line)?.checkpoint.chain));
}
