import type { Clock } from '../core/clock.ts';
import { type ApprovalBook, createApprovalBook } from './approval-book.ts';
import { openConnection } from './open-connection.ts';
import type { ReaderOptions } from './decision-reader.ts';
import { storeClockOf } from './postgres-clock.ts';

export interface ApprovalReader {
  readonly book: ApprovalBook;
  /** The time by which they expire. */
  readonly clock: (own: Clock) => Promise<Clock>;
  readonly close: () => Promise<void>;
}

/** Reads the approvals of any store, while gateways write to it. It never writes. */
export function readApprovals(options: ReaderOptions): ApprovalReader {
  const connection = openConnection(options, { access: 'read', driver: options.driver });
  return {
    book: createApprovalBook(connection),
    clock: (own) => storeClockOf(connection, own),
    close: () => connection.close(),
  };
}
