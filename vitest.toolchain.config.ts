import { defineConfig } from 'vitest/config';

/** What needs Go, and all else about OPA's compiler: `npm run test:toolchain`. */
export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/{toolchain,rego}/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
