import { defineConfig } from 'vitest/config';

/** What needs Go: `npm run test:toolchain`. */
export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/toolchain/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
