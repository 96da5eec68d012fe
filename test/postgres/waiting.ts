import { one, type Work } from '../../src/state/work.ts';

/** Keeps a transaction open until something has happened here. */
export function* until(isSo: () => boolean): Work<void> {
  while (!isSo()) yield* one('select pg_sleep(0.01)');
}
