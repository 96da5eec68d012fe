import { defineConfig } from 'vitest/config';

/** The store on a real PostgreSQL, which is made and ended by the run: `npm run test:postgres` installs it. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    include: ['test/postgres/**/*.test.ts'],
    globalSetup: ['test/postgres/shared.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
