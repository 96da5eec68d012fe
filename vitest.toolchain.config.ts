import { defineConfig } from 'vitest/config';
import { COMPILING } from './test/groups.ts';

/** What needs Go, and what compiles by the dozen: `npm run test:toolchain`. */
export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/toolchain/**/*.test.ts', ...COMPILING],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
