// Read into a gateway before its program, with `--expose-gc`: at SIGUSR2 it collects all garbage and writes down what is
// held then. What is resident swings by half a young generation, 8 MB, from one collection to the next.

import { renameSync, writeFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync('held-bytes.part', String(heapUsed + external));
  renameSync('held-bytes.part', 'held-bytes');
});
