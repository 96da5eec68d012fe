import type { BuildOptions } from 'esbuild';

/** What the program starts by its file name. */
export const THREADS_AND_PROCESSES: readonly string[] = [
  'src/app/workbench-worker.ts',
  'src/catalog/argument-worker.ts',
  'src/rego/process-worker.ts',
  'src/rego/toolchain-worker.ts',
  'src/state/reads-worker.ts',
  'src/state/writer-worker.ts',
];

/**
 * What stays where npm put it: a native part has to, the reference engine shall be OPA's own files, and tar's parts are
 * already one file that does not name them.
 */
const LEFT_OUT = ['better-sqlite3', '@open-policy-agent/opa-wasm', 'tar'];

/** Sources and libraries as a few files, for the program and for what measures it. */
export const BUNDLED = {
  entryNames: '[name]',
  external: LEFT_OUT,
  // Its other form loads its parts by names that no bundler can follow.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Libraries in CommonJS ask for Node's own modules with `require`, which a module of ours does not have.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
} as const satisfies BuildOptions;
