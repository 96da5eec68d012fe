import { defineConfig } from 'vitest/config';

/** Long fault runs: `npm run test:long`. Their figures stand in docs/. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
  },
});
