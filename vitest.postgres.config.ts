import { defineConfig } from 'vitest/config';

/**
 * Files of test/state that `npm test` runs on SQLite and this on PostgreSQL. The others are about the file itself, or need
 * no store; several chains, retention and copies have tests of their own in test/postgres.
 */
const BOTH_STORES = [
  'acts',
  'any-text',
  'approvals',
  'audit',
  'budget-sums',
  'budgets',
  'catalog-store',
  'checkpoints',
  'conversation-store',
  'decision-log',
  'decision-reader',
  'generation-store',
  'instances',
  'labels',
  'reservations',
  'rotate-key',
  'sealed-decisions',
  'several-processes',
  'tampering',
  'under-lease',
  'verify',
  'verify-export',
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
