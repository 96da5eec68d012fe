import type { Terminal } from './terminal.ts';

/** What takes less is not worth a line. */
const QUIET_MS = 2_000;
const STEP_MS = 200;

/** Says on stderr how far something has come, where it takes longer than two seconds and a person looks on. */
export interface ProgressLine {
  readonly show: (done: number, total: number) => void;
  readonly clear: () => void;
}

export function progressLine({ err, isQuiet }: Terminal, what: string): ProgressLine {
  const startedMs = performance.now();
  let shownMs = 0;
  const isWatched = err.isTTY && isQuiet !== true;
  return {
    show: (done, total) => {
      const nowMs = performance.now();
      if (!isWatched || nowMs - startedMs < QUIET_MS || nowMs - shownMs < STEP_MS) return;
      shownMs = nowMs;
      err.write(`\r\u{1b}[2K${what} ${done} of ${total}`);
    },
    clear: () => {
      if (shownMs > 0) err.write('\r\u{1b}[2K');
    },
  };
}

/** What most commands about bundles wait for. */
export const COMPILING = 'bundles are being compiled …';

/** Says on stderr what is waited for, once it takes longer than two seconds and a person looks on. */
export async function announced<T>({ err, isQuiet }: Terminal, what: string, work: Promise<T>): Promise<T> {
  let isShown = false;
  const timer = setTimeout(() => {
    isShown = err.isTTY && isQuiet !== true;
    if (isShown) err.write(`\r\u{1b}[2K${what}`);
  }, QUIET_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (isShown) err.write('\r\u{1b}[2K');
  }
}
