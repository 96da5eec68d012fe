import { defineConfig } from 'vitest/config';

/** Bundles from a real registry and from git over HTTP: `npm run test:sources`, which installs what it needs. */
export default defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
