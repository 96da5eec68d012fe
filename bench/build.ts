import { buildSync } from 'esbuild';

// The benchmark and its floor run as the program does, built into a few files; see `build.ts` of the program. Straight
// from TypeScript they would run with what `tsx` adds to every function that is made.
buildSync({
  entryPoints: [
    'bench/run.ts',
    'bench/recording-floor.ts',
    'src/catalog/argument-worker.ts',
    'src/rego/process-worker.ts',
    'src/rego/toolchain-worker.ts',
    'src/state/writer-worker.ts',
  ],
  // One level below the root, as `dist/` is: what is built finds the package's files from there.
  outdir: 'bench-built',
  entryNames: '[name]',
  external: ['better-sqlite3', '@open-policy-agent/opa-wasm', 'tar'],
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
