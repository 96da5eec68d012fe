import { defineConfig } from 'vitest/config';

/** What people install, on every Node they may have: `npm run test:install` fetches those. */
export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/install/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
