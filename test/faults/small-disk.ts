import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Place } from '../e2e/program.ts';

/** A file system of its own, which can be filled up. */
export interface SmallDisk {
  /** Leaves no byte. */
  fill(): void;
  free(): void;
  remount(mode: 'ro' | 'rw'): void;
}

/** Mounts it; that needs the rights to mount, which `root` has in most containers too. By default it is the home. */
export function aSmallDisk({ folder }: Pick<Place, 'folder'>, size: string, name = 'home'): SmallDisk {
  const mounted = join(folder, name);
  mkdirSync(mounted, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', mounted]);
  onTestFinished(() => void execFileSync('umount', ['-l', mounted]));
  const ballast = join(mounted, 'ballast');
  return {
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast),
    remount: (mode) => void execFileSync('mount', ['-o', `remount,${mode}`, mounted]),
  };
}

function fillWith(file: string): void {
  const handle = openSync(file, 'a');
  try {
    for (;;) writeSync(handle, Buffer.alloc(4096));
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC')) throw thrown;
  } finally {
    closeSync(handle);
  }
}
