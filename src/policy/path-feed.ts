import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../core/canonical-json.ts';
import type { BundleFeed } from '../core/bundle-feed.ts';
import { messageOf } from '../core/errors.ts';
import { bundlePaths, readBundle } from './bundle-files.ts';
import { lookAgainAndAgain, stampOf } from './look.ts';

export interface PathFeedOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How often is looked. */
  readonly everyMs: number;
}

/** A bundle in a folder or a `.tar.gz` on this machine, which its author or an admin edits. */
export function pathFeed(path: string, { now, everyMs }: PathFeedOptions): BundleFeed {
  let fetched: string | undefined;
  return {
    fetch: async () => {
      // Before it is read: what is written meanwhile is then seen as something newer.
      fetched = await fingerprintOf(path);
      const bundle = await readBundle(path);
      return { bundle, revision: sha256Hex(fetched), confirmedMs: now() };
    },
    watch: (changed, signal) => {
      const look = (): Promise<string> => fingerprintOf(path);
      void lookAgainAndAgain(look, { told: () => fetched, changed }, { everyMs, signal });
    },
  };
}

/** Changes whenever a file of the bundle does: the times, sizes and numbers of all its files. Never rejects. */
async function fingerprintOf(path: string): Promise<string> {
  try {
    const found = await stat(path);
    const files = found.isDirectory() ? await bundlePaths(path) : [''];
    return (await Promise.all(files.map((file) => stampOf(file, join(path, file))))).join('\n');
  } catch (thrown) {
    return messageOf(thrown);
  }
}
