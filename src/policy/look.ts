import { stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

export interface LookOptions {
  /** How often is looked; eight times as often while something is being written. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

export interface Looking {
  /** What whoever listens knows already; undefined where nothing. */
  readonly told: () => string | undefined;
  readonly changed: () => Promise<void>;
}

/**
 * Tells of a change once it has stopped: while files are being written they are another at every look. Looks rather than
 * listens, because what listens misses folders that are replaced, and network drives. Resolves when `signal` ends it.
 */
export async function lookAgainAndAgain(
  look: () => Promise<string>,
  looking: Looking,
  options: LookOptions,
): Promise<void> {
  const { everyMs, signal } = options;
  let before = looking.told() ?? (await look());
  let told = before;
  let isAtRest = true;
  while (await waited(isAtRest ? everyMs : everyMs / 8, signal)) {
    const now = await look();
    const isNews = now !== told && now !== looking.told();
    if (isNews && now === before) {
      told = now;
      await looking.changed();
    }
    isAtRest = now === before;
    before = now;
  }
}

/** Waits without keeping the process alive; false where `signal` has ended it. */
export async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(ms, undefined, { ref: false, signal });
    return true;
  } catch {
    return false;
  }
}

/** Changes whenever the file does, even where a copy keeps the time of the original. Empty where there is none. */
export async function stampOf(name: string, path: string): Promise<string> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
    return `${name} ${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch {
    return '';
  }
}
