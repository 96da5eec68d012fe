import { buildSync } from 'esbuild';
import { BUNDLED, THREADS_AND_PROCESSES } from '../build-options.ts';

// The benchmark and its floor run as the program does, built into a few files. Straight from TypeScript they would run
// with what `tsx` adds to every function that is made.
buildSync({
  entryPoints: ['bench/run.ts', 'bench/recording-floor.ts', ...THREADS_AND_PROCESSES],
  // One level below the root, as `dist/` is: what is built finds the package's files from there.
  outdir: 'bench-built',
  ...BUNDLED,
});
