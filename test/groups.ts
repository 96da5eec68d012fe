/**
 * What compiles bundles by the dozen, and OPA's compiler as a program of its own: minutes of CPU where nothing has been
 * compiled before. `npm run test:toolchain` runs them.
 */
export const COMPILING = [
  'test/rego/**/*.test.ts',
  'test/app/{generations,signed-bundles}.test.ts',
  'test/bundles/{authoring,testing-policies}.test.ts',
  'test/dashboard/changes.test.ts',
  'test/cli/{bundle,generations,policy-diff,policy-sources,policy-test,replay,signing-page}.test.ts',
  'test/e2e/generations.test.ts',
  'test/policy/{delegators,opinion-cache}.test.ts',
  'test/review/{engine-comparison,lint,replay,replay-limits,scaffold}.test.ts',
];

/**
 * Every old and new client before every old and new server, packages that npm installs, and what the README shows: `npm
 * run test:interop` runs them.
 */
export const EVERY_CLIENT = [
  'test/e2e/{pairings,checklist,interoperation,lossless,sign-in,tasks,server-units,readme,walk-*}.test.ts',
];

/**
 * What hostile clients, servers and bundles try, by the thousand, on the program and on its parts, and what becomes of
 * servers and budgets that are used hard: `npm run test:faults` runs it beside the real faults.
 */
export const HOSTILE = [
  'test/e2e/{bad-stores,bad-upstreams,bad-configurations,hostile-*,client-limits,limits,lives}.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/gateway/fail-closed.test.ts',
  'test/policy/hostile-{modules,rego}.test.ts',
  'test/upstream/hostile.test.ts',
];
