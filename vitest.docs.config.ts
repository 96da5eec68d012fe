import { defineConfig } from 'vitest/config';

/** The commands of the pages, as a reader types them: `npm run test:docs`. */
export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/docs/run/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
