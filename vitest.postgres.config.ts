import { defineConfig } from 'vitest/config';

/**
 * Files of test/state that `npm test` runs on SQLite and this on PostgreSQL. Of the others some are about the file itself,
 * some count on numbers without gaps, and some start programs that take a path; chains and copies have tests of their own in
 * test/postgres.
 */
const BOTH_STORES = [
  'approvals',
  'budgets',
  'catalog-store',
  'conversation-store',
  'generation-store',
  'labels',
  'under-lease',
];

/** The store on a real PostgreSQL, which is made and ended by the run: `npm run test:postgres` installs it. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    include: ['test/postgres/**/*.test.ts', ...BOTH_STORES.map((name) => `test/state/${name}.test.ts`)],
    globalSetup: ['test/build-once.ts', 'test/postgres/shared.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
