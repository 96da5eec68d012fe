import { type ApprovalBook, createApprovalBook } from './approval-book.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { ReaderOptions } from './decision-reader.ts';
import { chooseDriver } from './drivers.ts';

export interface ApprovalReader {
  readonly book: ApprovalBook;
  readonly close: () => Promise<void>;
}

/** Reads the approvals of any store, while gateways write to it. It never writes. */
export function readApprovals({ path, driver = chooseDriver() }: ReaderOptions): ApprovalReader {
  const connection = new SqliteConnection({ driver, path, access: 'read', durability: 'normal' });
  return { book: createApprovalBook(connection), close: () => connection.close() };
}
