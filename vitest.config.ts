import { defineConfig } from 'vitest/config';

export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    exclude: ['test/toolchain/**', 'test/long/**', 'test/interop/**', 'test/conformance/**', '**/node_modules/**'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
