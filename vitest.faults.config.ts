import { defineConfig } from 'vitest/config';

/** Real faults against the real program: `npm run test:faults`, which installs what makes them. */
export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
