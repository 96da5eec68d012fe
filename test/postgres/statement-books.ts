import { createApprovalBook } from '../../src/state/approval-book.ts';
import { createCatalogStore } from '../../src/state/catalog-store.ts';
import type { StoreConnection } from '../../src/state/connection.ts';
import { createExportCursors } from '../../src/state/export-cursors.ts';
import { createGenerationStore } from '../../src/state/generation-store.ts';
import { cameTo } from '../../src/state/index-state.ts';
import { listInParts, partBefore, rowsBehind } from '../../src/state/log-parts.ts';
import { ACTIVATION, APPROVAL, EVERYTHING, NOW, REF } from './statement-material.ts';

export async function askBook(connection: StoreConnection): Promise<unknown> {
  const book = createApprovalBook(connection);
  const { call, tool, conversation } = APPROVAL.binding;
  return [
    await book.find({ call, tool, conversation, by: 'user', nowMs: NOW }),
    await book.read(REF, NOW),
    await book.list({ limit: 3, nowMs: NOW }),
    await book.list({ limit: 3, status: 'used', nowMs: NOW }),
    await book.byId('D-', NOW),
    await book.answering(NOW),
  ];
}

export async function generations(connection: StoreConnection): Promise<unknown> {
  const store = createGenerationStore(connection);
  await store.keep('a', 'text');
  await store.keep('a', 'text');
  for (const generation of ['g1', 'g1', 'g2']) await store.activate({ ...ACTIVATION, generation });
  await store.seeRevision('b', '3');
  return [
    await store.readKept('a'),
    await store.activations(9),
    await store.activationOf('g1'),
    await store.activationsOf('g2'),
    await store.seenRevisions(),
    await store.pins(),
  ];
}

export async function facts(connection: StoreConnection): Promise<unknown> {
  const catalog = createCatalogStore(connection);
  for (const value of [1, 1, 2]) await catalog.writeFact('s', 'n', value);
  await catalog.writeCatalog('s', { tools: [] });
  return [await catalog.readFact('s', 'n'), await catalog.readCatalog('s')];
}

export async function exports(connection: StoreConnection): Promise<unknown> {
  const cursors = createExportCursors(connection, 'me');
  for (const seq of [3, 2]) await cursors.write('e', seq);
  return [await cursors.read('e'), await cursors.read('none'), await cursors.hold('e', NOW, 10)];
}

export async function parts(connection: StoreConnection): Promise<unknown> {
  return [
    await listInParts(connection, { limit: 10 }),
    await listInParts(connection, EVERYTHING),
    await connection.ask(() => partBefore(connection, undefined, 2)),
    await connection.ask(() => partBefore(connection, 2, 1_000)),
    await connection.ask(() => rowsBehind(connection, 1, 3)),
    await connection.ask(() => cameTo(2)),
  ];
}
