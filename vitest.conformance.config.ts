import { defineConfig } from 'vitest/config';

/** The official suite, which needs a newer Node than the gateway: `npm run test:conformance` installs both. */
export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/conformance/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
