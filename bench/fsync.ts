import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { WORK } from './place.ts';
import { median } from './statistics.ts';

const PAGE = Buffer.alloc(4096, 'a');

/** Microseconds to write 4 KB to the end of a file and have the disk keep them; the median. */
export function measureFsync(rounds: number): number {
  const file = `${WORK}fsync`;
  const descriptor = openSync(file, 'w');
  try {
    return median(Array.from({ length: rounds }, () => appendUs(descriptor)));
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}

function appendUs(descriptor: number): number {
  const startedAt = performance.now();
  writeSync(descriptor, PAGE);
  fdatasyncSync(descriptor);
  return (performance.now() - startedAt) * 1000;
}
